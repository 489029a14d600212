//! Counts and durations, and the process's one sink that receives them.
//!
//! | tag | values |
//! |---|---|
//! | `db` | a [`DbSpec::label`](crate::DbSpec::label) |
//! | `status` | `ok`, `error`; of a memory job also `empty` (nothing to remember), `released`, `lost` (its lease) |
//! | `phase` | of open: `look`, `connect`, `lock`, `create`, `snapshot`, `migrate`, `done`; of migrate: `fresh`, `upgrade`; of a gate: `pending`, `running`, `complete`; of cleanup: `recorded`, `cleaned`, `done`, each the end of a step, or with `error` the step that failed; of a memory job: `extract`, `consolidate` |
//! | `error` | an [`ErrorClass`](crate::ErrorClass), or `none` |
//! | `owner` | kind of program: `cli`, `app-server` |
//!
//! Queries are not measured. Each measured event happens a few times in a process's life, or is
//! trouble.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use crate::error::OpenError;

pub mod names;

/// The tags of one report: names and values from closed sets.
pub type Tags<'a> = &'a [(&'static str, &'static str)];

/// Receives counts and durations. Called from async code: it must not block.
pub trait DbTelemetry: Send + Sync {
    /// Adds to a counter.
    fn counter(&self, name: &'static str, value: u64, tags: Tags<'_>);
    /// Records a duration.
    fn duration(&self, name: &'static str, duration: Duration, tags: Tags<'_>);
}

static SINK: OnceLock<Arc<dyn DbTelemetry>> = OnceLock::new();

/// Error of a second installation; the first sink stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a telemetry sink is already installed")]
pub struct AlreadyInstalled;

/// Installs the sink of this process, before anything is opened. Without a sink, a report costs a
/// load and a branch.
///
/// # Errors
///
/// [`AlreadyInstalled`] from the second call on.
pub fn install_telemetry(sink: Arc<dyn DbTelemetry>) -> Result<(), AlreadyInstalled> {
    SINK.set(sink).map_err(|_| AlreadyInstalled)
}

/// Adds to a counter of the installed sink. For stores and programs that report under these names.
pub fn count(name: &'static str, value: u64, tags: Tags<'_>) {
    if let Some(sink) = SINK.get() {
        sink.counter(name, value, tags);
    }
}

/// Reports one occurrence and its duration.
pub fn report(name: &'static str, duration: Duration, tags: Tags<'_>) {
    if let Some(sink) = SINK.get() {
        sink.counter(name, 1, tags);
        sink.duration(name, duration, tags);
    }
}

/// Reports one occurrence of a step on a database: its duration, phase and error class.
pub(crate) fn report_step<T>(
    name: &'static str,
    db: &'static str,
    phase: &'static str,
    started: Instant,
    result: &Result<T, OpenError>,
) {
    let (status, error) = match result {
        Ok(_) => ("ok", "none"),
        Err(error) => ("error", error.class().as_str()),
    };
    let tags = [("db", db), ("status", status), ("phase", phase), ("error", error)];
    report(name, started.elapsed(), &tags);
}
