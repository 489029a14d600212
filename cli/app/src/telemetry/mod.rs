//! Telemetry: receives what the databases and stores report about themselves, once a process.
//!
//! Every report becomes an event ([`TARGET`]). With the feature `otel` and a configured endpoint,
//! it also becomes an OpenTelemetry metric. `docs/metrics.md` lists all of them.

mod events;
#[cfg(feature = "otel")]
mod export;

use std::sync::Arc;

use threadkeep_sqlite::ErrorClass;
use threadkeep_sqlite::telemetry::{DbTelemetry, Tags, count, install_telemetry, names};

pub use events::TARGET;
#[cfg(feature = "otel")]
pub use export::{Export, Wanted};

/// Kind of program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The command-line tool.
    Cli,
    /// The server for other programs.
    AppServer,
}

/// Telemetry of this process. End it before the process ends.
#[derive(Debug, Default)]
#[must_use]
pub struct Telemetry {
    #[cfg(feature = "otel")]
    export: Option<Export>,
}

/// Receives reports from now on, and reports that the process has started.
///
/// Only the first call of a process installs anything.
pub fn start(owner: Owner) -> Telemetry {
    let mut sinks: Vec<Arc<dyn DbTelemetry>> = vec![Arc::new(events::Events)];
    #[cfg(feature = "otel")]
    let export = export::start(|name| std::env::var(name).ok());
    #[cfg(feature = "otel")]
    sinks.extend(export.iter().map(Export::sink));
    let is_first = match sinks.pop() {
        Some(only) if sinks.is_empty() => install_telemetry(only).is_ok(),
        Some(last) => {
            sinks.push(last);
            install_telemetry(Arc::new(All(sinks))).is_ok()
        }
        None => false,
    };
    if is_first {
        count(names::PROCESS_START, 1, &[("status", "ok"), ("owner", owner.as_str())]);
    }
    Telemetry {
        #[cfg(feature = "otel")]
        export,
    }
}

/// Reports that the index is not used as it should be, because of an error of this class.
pub fn fell_back(class: ErrorClass) {
    count(names::FALLBACK, 1, &[("db", "state"), ("error", class.as_str())]);
}

impl Telemetry {
    /// Sends what has not been sent yet. Takes no longer than half a second, whatever the receiver
    /// does.
    pub fn end(self) {
        #[cfg(feature = "otel")]
        if let Some(export) = self.export {
            export.end();
        }
    }
}

impl Owner {
    fn as_str(self) -> &'static str {
        match self {
            Owner::Cli => "cli",
            Owner::AppServer => "app-server",
        }
    }
}

/// Several sinks as one.
struct All(Vec<Arc<dyn DbTelemetry>>);

impl DbTelemetry for All {
    fn counter(&self, name: &'static str, value: u64, tags: Tags<'_>) {
        self.0.iter().for_each(|sink| sink.counter(name, value, tags));
    }

    fn duration(&self, name: &'static str, duration: std::time::Duration, tags: Tags<'_>) {
        self.0.iter().for_each(|sink| sink.duration(name, duration, tags));
    }
}
