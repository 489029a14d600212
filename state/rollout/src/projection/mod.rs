//! The history of one rollout file: its turns, the text that is searched, and the tokens it used.
//!
//! The metadata of a thread needs all files of its chain; a projection needs one file, so that an
//! index of the history stores each file once, and puts chains together when it reads.

pub(crate) mod checkpoint;
mod origin;
mod pass;
pub(crate) mod passage;
pub(crate) mod project;
pub(crate) mod said;
pub(crate) mod span;
pub(crate) mod text;
pub(crate) mod usage;
