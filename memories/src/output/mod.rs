//! The output of phase 1, which phase 2 works with.

pub(crate) mod answer;
pub(crate) mod memory;
