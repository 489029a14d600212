//! Chains: the files that a rollout builds on, and the part of each that still counts.

pub(crate) mod bases;
pub(crate) mod copied;
pub(crate) mod cut;
pub(crate) mod header;
pub(crate) mod link;
mod marks;
mod whole;
