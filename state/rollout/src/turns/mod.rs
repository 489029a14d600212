//! Turns of a thread, and the outcome of its last one.

pub(crate) mod builder;
mod left_out;
pub(crate) mod page;
pub(crate) mod run;
pub(crate) mod run_outcome;
pub(crate) mod shown;
#[cfg(test)]
mod tests;
pub(crate) mod turn;
mod walk;
mod written;
