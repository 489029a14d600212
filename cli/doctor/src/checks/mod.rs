//! The table of checks. A section is a folder, a check is a file in it.

mod background;
mod configuration;
mod connectivity;
mod environment;
mod state;
mod updates;

use crate::spec::Spec;

/// Every check, in the order of the report.
static CHECKS: &[&[Spec]] = &[
    environment::CHECKS,
    state::CHECKS,
    configuration::CHECKS,
    updates::CHECKS,
    connectivity::CHECKS,
    background::CHECKS,
];

/// Returns every check, in the order of the report.
pub fn all() -> impl Iterator<Item = &'static Spec> {
    CHECKS.iter().copied().flatten()
}
