//! Log of the tool itself: one row at the end of a command that changes something, and rows for
//! trouble on the way.
//!
//! Logging never stops a command: a row that cannot be written is lost, and `status` reports the
//! trouble with the logs. No row outlives a deleted thread: a row about a thread has its id as its
//! thread, so that it is deleted with it, and messages are logged without ids and typed words
//! ([`Message::logged`](crate::Message::logged)).

use std::time::Duration;

use threadkeep_rollout::RolloutName;
use threadkeep_state_logs::{LogFilter, LogOptions, LogStore, LogWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use uuid::Uuid;

use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::settings::{Logs, Settings};
use crate::{opening, telemetry};

/// Target of every row.
const TARGET: &str = "threadkeep";
/// Time that a command waits at its end for its rows to be written.
const PATIENCE: Duration = Duration::from_secs(1);

/// Log of this run.
#[derive(Debug)]
pub struct OwnLog {
    /// Command that leaves a row at its end; none if it only reads.
    command: Option<&'static str>,
    store: LogStore,
    writer: LogWriter,
}

impl OwnLog {
    /// Begins to log for a command. Returns nothing if logging is switched off or nothing can be
    /// written. For a command that only reads, it logs if the filter asks for what the databases
    /// report.
    pub fn start(dirs: &Dirs, settings: &Settings, command: Option<&'static str>) -> Option<OwnLog> {
        let is_wanted = settings.features.logs && settings.logs.enabled;
        let options = options(&settings.logs).filter(|options| is_wanted && !options.filter.is_off())?;
        if command.is_none() && !options.filter.keeps_target(telemetry::TARGET, tracing::Level::DEBUG) {
            return None;
        }
        if dirs.obstacle().is_some() {
            return None;
        }
        let store = opening::stores(dirs).logs().clone();
        let (layer, writer) = LogWriter::start(&store, options).ok()?;
        let subscriber = tracing_subscriber::registry().with(layer.filtered());
        tracing::subscriber::set_global_default(subscriber).ok()?;
        Some(OwnLog { command, store, writer })
    }

    /// Logs how the command ended: what it did, in figures, and the thread that it did it to.
    pub fn done(&self, exit_code: u8, done: &str, thread: Option<Uuid>) {
        let Some(command) = self.command else { return };
        // A field without a value is left out.
        let thread_id = thread.map(tracing::field::display);
        tracing::info!(target: TARGET, thread_id, command, exit_code, "{command}: {done}");
    }

    /// Logs why the command could not run.
    pub fn failed(&self, exit_code: u8, fault: &Fault) {
        let Some(command) = self.command else { return };
        let (thread_id, message) = (fault.thread.map(tracing::field::display), fault.message.logged());
        tracing::error!(target: TARGET, thread_id, command, exit_code, "{command}: {message}");
    }

    /// Waits until everything is written, for a second at most.
    pub async fn end(self) {
        let written = async {
            // `status` reports what keeps the logs from being written.
            let _ = self.writer.close().await;
            let _ = self.store.close().await;
        };
        let _ = tokio::time::timeout(PATIENCE, written).await;
    }
}

/// Logs that a file could not be read. The path begins in the home; the row is deleted with the
/// file's thread.
///
/// A file whose name contains no thread id is logged without its name and reason, which may hold
/// the id of a deleted thread.
pub fn unreadable(path: &str, reason: &str) {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    match RolloutName::parse(name) {
        Ok(name) => {
            let thread_id = tracing::field::display(name.thread_id);
            tracing::warn!(target: TARGET, thread_id, path, "cannot be read: {reason}");
        }
        Err(_) => tracing::warn!(target: TARGET, path = folder, "a file in this folder cannot be read"),
    }
}

/// Converts the settings for the logs; nothing if the filter is not one, which was reported before.
fn options(logs: &Logs) -> Option<LogOptions> {
    let filter: LogFilter = logs.filter.parse().ok()?;
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Some(LogOptions {
        filter,
        // A row that alone is larger than the limit would never be kept.
        row_bytes: size(logs.row_bytes.min(logs.keep_bytes)),
        keep_rows: logs.keep_rows,
        keep_bytes: logs.keep_bytes,
        keep_age: Duration::from_secs(logs.keep_days.saturating_mul(24 * 60 * 60)),
        ..LogOptions::default()
    })
}

#[cfg(test)]
#[path = "../tests/unit/own_log.rs"]
mod tests;
