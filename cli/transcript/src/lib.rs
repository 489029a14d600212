//! Conversations of coding agents as people read them: for a terminal, as Markdown, as JSON and as
//! one HTML page.
//!
//! Data flows one way: [`turns`] reads the turns of a rollout's chain, [`Builder`] makes a
//! [`Turn`](model::Turn) of each, and a [`Render`] makes text of it. Nothing is printed here.
//!
//! # Locking
//!
//! None: a rollout may be appended to meanwhile.
//!
//! # Compatibility
//!
//! Every version of the agent gives the same kinds of entries. An item of an unknown type is named,
//! and not shown.
//!
//! # Performance
//!
//! Turns are read one after the other; memory is bounded by the longest turn. Of turns that the
//! history knows, only their bytes are read. Otherwise the last turns are found by reading twice.
//!
//! # File systems
//!
//! Rollouts are read as `threadkeep-rollout` does; nothing is written.

mod build;
mod fold;
mod head;
pub mod model;
pub mod render;
mod text;
pub mod turns;

pub use build::Builder;
pub use head::Head;
pub use render::Render;
pub use text::{Secrets, visible};
