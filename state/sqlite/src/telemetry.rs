//! Counts and durations, and the process's one sink that receives them.
//!
//! | name | kind | tags |
//! |---|---|---|
//! | [`names::OPEN`] | counter and duration | `db`, `status`, `phase`, `error` |
//! | [`names::MIGRATE`] | counter and duration | `db`, `status`, `phase`, `error` |
//! | [`names::WRITE_WAIT`] | counter and duration | `db`, `status` |
//! | [`names::BACKFILL_GATE`] | counter and duration | `db`, `status`, `phase`, `error`: reported by stores |
//! | [`names::CLEANUP`] | counter | `db`, `status`, `phase`: a step of deleting a thread, reported by stores |
//! | [`names::FALLBACK`] | counter | `db`, `error`: reported by programs that fall back to files |
//! | [`names::PROCESS_START`] | counter | `status`: reported by programs |
//!
//! | tag | values |
//! |---|---|
//! | `db` | a [`DbSpec::label`](crate::DbSpec::label) |
//! | `status` | `ok`, `error` |
//! | `phase` | of open: `look`, `connect`, `lock`, `create`, `snapshot`, `migrate`, `done`; of migrate: `fresh`, `upgrade`; of a gate: `pending`, `running`, `complete`; of cleanup: `recorded`, `cleaned`, `done`, each the end of a step, or with `error` what could not be done |
//! | `error` | an [`ErrorClass`](crate::ErrorClass), or `none` |
//!
//! Queries are not measured. Each measured event happens a few times in a process's life, or is trouble.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::error::OpenError;

/// Names of all reports.
pub mod names {
    /// An attempt to open a database.
    pub const OPEN: &str = "threadkeep.db.open";
    /// A run of pending migrations.
    pub const MIGRATE: &str = "threadkeep.db.migrate";
    /// A write that had to wait above SQLite's own busy timeout.
    pub const WRITE_WAIT: &str = "threadkeep.db.write_wait";
    /// A decision if an index is complete enough to serve from.
    pub const BACKFILL_GATE: &str = "threadkeep.db.backfill_gate";
    /// A step of deleting a thread from several databases.
    pub const CLEANUP: &str = "threadkeep.db.cleanup";
    /// A request that was served from files because a database could not be used.
    pub const FALLBACK: &str = "threadkeep.db.fallback";
    /// A start of a program.
    pub const PROCESS_START: &str = "threadkeep.process.start";
}

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

/// Installs the sink of this process, before anything is opened. Without a sink, a report costs a load and a branch.
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

/// Records a duration with the installed sink. For stores and programs that report under these names.
pub fn time(name: &'static str, duration: Duration, tags: Tags<'_>) {
    if let Some(sink) = SINK.get() {
        sink.duration(name, duration, tags);
    }
}

/// Reports one occurrence and its duration.
pub fn report(name: &'static str, duration: Duration, tags: Tags<'_>) {
    count(name, 1, tags);
    time(name, duration, tags);
}

/// Reports one occurrence of a step on a database: its duration, its phase, and the class of its error.
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

/// Sink that keeps all reports in memory. For tests.
#[derive(Debug, Default)]
pub struct MemoryTelemetry {
    reports: Mutex<Vec<Report>>,
}

/// A call that a [`MemoryTelemetry`] received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The name of the counter or duration.
    pub name: &'static str,
    /// The tags, as given.
    pub tags: Vec<(&'static str, &'static str)>,
    /// Value that was added or recorded.
    pub value: ReportValue,
}

/// Value of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportValue {
    /// An addition to a counter.
    Count(u64),
    /// A duration.
    Time(Duration),
}

impl Report {
    /// Returns the value of a tag.
    #[must_use]
    pub fn tag(&self, name: &str) -> Option<&'static str> {
        self.tags.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
    }
}

impl MemoryTelemetry {
    /// Returns all reports so far, in order.
    #[must_use]
    pub fn reports(&self) -> Vec<Report> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds up a counter over all reports that have all of these tags.
    #[must_use]
    pub fn total(&self, name: &str, tags: Tags<'_>) -> u64 {
        let matches = |report: &Report| tags.iter().all(|(key, value)| report.tag(key) == Some(value));
        let value = |report: &Report| match report.value {
            ReportValue::Count(value) => value,
            ReportValue::Time(_) => 0,
        };
        self.reports().iter().filter(|report| report.name == name && matches(report)).map(value).sum()
    }

    fn keep(&self, name: &'static str, tags: Tags<'_>, value: ReportValue) {
        let report = Report { name, tags: tags.to_vec(), value };
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).push(report);
    }
}

impl DbTelemetry for MemoryTelemetry {
    fn counter(&self, name: &'static str, value: u64, tags: Tags<'_>) {
        self.keep(name, tags, ReportValue::Count(value));
    }

    fn duration(&self, name: &'static str, duration: Duration, tags: Tags<'_>) {
        self.keep(name, tags, ReportValue::Time(duration));
    }
}
