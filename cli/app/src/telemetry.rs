//! Events made of what the databases report: `THREADKEEP_LOG=info,threadkeep::telemetry=debug` logs
//! them.

use std::sync::Arc;
use std::time::Duration;

use threadkeep_sqlite::ErrorClass;
use threadkeep_sqlite::telemetry::{DbTelemetry, Tags, count, install_telemetry, names};

/// Target of every report.
pub const TARGET: &str = "threadkeep::telemetry";

struct Events;

/// Turns reports into events from now on, and reports that the process has started.
pub fn start() {
    // Only the first one of a process is installed, and this is it.
    let _ = install_telemetry(Arc::new(Events));
    count(names::PROCESS_START, 1, &[("status", "ok")]);
}

/// Reports that the index is not used as it should be, because of an error of this class.
pub fn fell_back(class: ErrorClass) {
    count(names::FALLBACK, 1, &[("db", "state"), ("error", class.as_str())]);
}

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
    let [db, status, phase, error] = ["db", "status", "phase", "error"].map(|tag| value_of(tags, tag));
    tracing::debug!(target: TARGET, value, ms, db, status, phase, error, "{name}");
}

fn value_of(tags: Tags<'_>, wanted: &str) -> Option<&'static str> {
    tags.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value)
}

#[cfg(test)]
#[path = "../tests/unit/telemetry.rs"]
mod tests;
