//! Events made of reports: `THREADKEEP_LOG=info,threadkeep::telemetry=debug` logs them.

use std::time::Duration;

use threadkeep_sqlite::telemetry::{DbTelemetry, Tags};

/// Target of every report.
pub const TARGET: &str = "threadkeep::telemetry";

/// Sink that makes an event of each report.
pub(super) struct Events;

impl DbTelemetry for Events {
    fn counter(&self, name: &'static str, value: u64, tags: Tags<'_>) {
        event(name, Some(value), None, tags);
    }

    fn duration(&self, name: &'static str, duration: Duration, tags: Tags<'_>) {
        event(name, None, Some(duration.as_secs_f64() * 1_000.0), tags);
    }
}

/// Makes an event. Its fields are known at compile time; a field without a value is left out.
fn event(name: &str, value: Option<u64>, ms: Option<f64>, tags: Tags<'_>) {
    let [db, status, phase, error, owner] =
        ["db", "status", "phase", "error", "owner"].map(|tag| value_of(tags, tag));
    tracing::debug!(target: TARGET, value, ms, db, status, phase, error, owner, "{name}");
}

fn value_of(tags: Tags<'_>, wanted: &str) -> Option<&'static str> {
    tags.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value)
}

#[cfg(test)]
#[path = "../../tests/unit/telemetry.rs"]
mod tests;
