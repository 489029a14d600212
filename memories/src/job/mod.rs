//! The jobs of phase 1: one extraction a thread.

pub(crate) mod claim;
pub(crate) mod lease;
pub(crate) mod skip;
pub(crate) mod status;
