//! Description of a check, for the table of all checks.

use std::time::Duration;

use crate::check::Finding;
use crate::context::Context;
use crate::section::Section;

/// A check: its names, its time limit and its code.
#[derive(Clone, Copy, Debug)]
pub struct Spec {
    /// Stable id, such as `state.databases`.
    pub id: &'static str,
    /// Part of the report.
    pub section: Section,
    /// Short name for people.
    pub label: &'static str,
    /// Time limit.
    pub limit: Duration,
    /// Runs it on a thread that may block.
    pub(crate) run: fn(&Context) -> Finding,
}

impl Spec {
    /// Describes a check that stays on this machine.
    pub(crate) const fn new(
        section: Section,
        id: &'static str,
        label: &'static str,
        run: fn(&Context) -> Finding,
    ) -> Spec {
        Spec { id, section, label, limit: LOCAL, run }
    }

    /// Sets the time limit.
    pub(crate) const fn within(self, limit: Duration) -> Spec {
        Spec { limit, ..self }
    }
}

/// Time limit of a check that stays on this machine.
pub(crate) const LOCAL: Duration = Duration::from_secs(2);

/// Time limit of a check that asks servers. They end by themselves before that, at
/// [`Limits::total`](crate::Limits::total).
pub(crate) const NETWORK: Duration = Duration::from_millis(15_500);
