//! Memories: their folder, and the parts that the settings choose.

mod clear;
mod parts;
mod root;
mod words;

pub use clear::clear_files;
pub use parts::{Redact, agent, eligibility, extraction, model};
pub use root::{Root, root};
pub use words::{skip_reason, step};
