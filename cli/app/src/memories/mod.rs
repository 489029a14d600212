//! Memories: their folder, and the parts that the settings choose.

mod clear;
mod parts;
mod phase_two;
mod root;
mod words;

pub use clear::clear_files;
pub use parts::{Redact, agent, current_thread, extraction, model};
pub use phase_two::{changes, consolidation, open_root};
pub use root::{Root, root};
pub use words::{skip_reason, step};
