//! Turns of a thread, and the outcome of its last one.

mod builder;
pub(crate) mod page;
pub(crate) mod run;
pub(crate) mod run_outcome;
pub(crate) mod turn;
