//! Whether the index is complete enough to serve from.

use std::time::Instant;

use threadkeep_backfill::BackfillStatus;
use threadkeep_sqlite::telemetry::{self, names};

use crate::error::StateError;
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
    /// said to be partial. Each decision is reported ([`names::BACKFILL_GATE`]).
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn backfill_gate(&self) -> Result<Gate, StateError> {
        let started = Instant::now();
        let state = self.backfill_progress().read().await;
        let (phase, status, error) = match &state {
            Ok(state) if state.status == BackfillStatus::Complete => ("complete", "ok", "none"),
            Ok(state) if state.status == BackfillStatus::Running => ("running", "ok", "none"),
            Ok(_) => ("pending", "ok", "none"),
            Err(error) => ("pending", "error", error.class().as_str()),
        };
        let tags = [("db", "state"), ("status", status), ("phase", phase), ("error", error)];
        telemetry::report(names::BACKFILL_GATE, started.elapsed(), &tags);
        Ok(if state?.status == BackfillStatus::Complete { Gate::Complete } else { Gate::Incomplete })
    }
}
