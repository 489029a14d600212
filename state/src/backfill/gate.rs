//! Whether the index is complete enough to serve from.

use threadkeep_backfill::{BoxError, Progress as _, Status};
use threadkeep_sqlite::telemetry::{self, names};

use crate::runtime::StateRuntime;

/// Whether a pass over the home has gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gate {
    /// The last pass went through: what is not in the index was not in the home then.
    Complete,
    /// No pass has gone through yet, or the last one did not: there may be threads that are not in the index.
    Incomplete,
}

impl StateRuntime {
    /// Says whether what the index answers is all there is. It never waits and never refuses: partial answers are served, and
    /// said to be partial. Each decision is counted ([`names::BACKFILL_GATE`]).
    ///
    /// # Errors
    ///
    /// Whatever the database says, boxed as the port has it.
    pub async fn backfill_gate(&self) -> Result<Gate, BoxError> {
        let state = self.backfill_progress().state().await;
        let (phase, status) = match state.as_ref().map(|state| state.status) {
            Ok(Status::Complete) => ("complete", "ok"),
            Ok(Status::Running) => ("running", "ok"),
            Ok(_) => ("pending", "ok"),
            Err(_) => ("pending", "error"),
        };
        telemetry::count(names::BACKFILL_GATE, 1, &[("db", "state"), ("status", status), ("phase", phase)]);
        Ok(if state?.status == Status::Complete { Gate::Complete } else { Gate::Incomplete })
    }
}
