//! Bytes to lines: opening a file, splitting it, and counting the lines that cannot be read.

pub(crate) mod block;
mod document;
pub(crate) mod error;
pub(crate) mod guard;
pub(crate) mod raw_line;
pub(crate) mod reader;
pub(crate) mod skipped;
pub(crate) mod source;
