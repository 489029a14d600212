//! Metadata of threads, from rollouts.

pub(crate) mod amount;
mod base;
pub(crate) mod checkpoint;
pub(crate) mod extract;
pub(crate) mod kept;
pub(crate) mod kind;
pub(crate) mod pass;
pub(crate) mod repeated;
pub(crate) mod state;
#[cfg(test)]
mod tests;
pub(crate) mod thread;
pub(crate) mod tokens;
mod words;
