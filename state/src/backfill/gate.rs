//! Completeness of the index.

use std::time::Instant;

use threadkeep_backfill::BackfillStatus;
use threadkeep_sqlite::telemetry::{self, names};

use crate::error::StateError;
use crate::runtime::StateRuntime;

/// Completeness of the index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gate {
    /// The last pass completed: every thread of the home then is in the index.
    Complete,
    /// No pass has completed yet, or the last one did not: threads may be missing in the index.
    Incomplete,
}

impl StateRuntime {
    /// Returns the completeness of the index. Never waits. Each decision is reported
    /// ([`names::BACKFILL_GATE`]).
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
