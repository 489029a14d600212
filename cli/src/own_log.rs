//! What this tool logs of itself: one row at the end of a command that changes something, and rows for what went wrong on
//! the way.
//!
//! It is never in the way: what cannot be logged is lost, and `threadkeep status` tells what is the matter with the logs.
//! Nothing is logged that would outlive a thread that is deleted: what belongs to a thread has its id as its thread, so
//! that it goes with it, and elsewhere ids are left out.

use std::time::Duration;

use threadkeep_rollout::RolloutName;
use threadkeep_sqlite::OpenOptions;
use threadkeep_state_logs::{LogFilter, LogOptions, LogStore, LogWriter};
use tracing_subscriber::layer::SubscriberExt as _;
use uuid::Uuid;

use crate::config::{Logs, Settings};
use crate::exit::{Code, Fault};
use crate::homes::Homes;
use crate::output::Answer;
use crate::telemetry;

/// The target of every row.
const TARGET: &str = "threadkeep";
/// How long a command waits at its end until its rows are on their way to the disk.
const PATIENCE: Duration = Duration::from_secs(1);
/// The fewest hexadecimal digits that are taken for the beginning of an id.
const LEAST_DIGITS: usize = 6;

/// This run's log.
pub(crate) struct OwnLog {
    /// The command that leaves a row at its end; none for one that only reads.
    command: Option<&'static str>,
    store: LogStore,
    writer: LogWriter,
}

impl OwnLog {
    /// Begins to log for a command; nothing where that is switched off, or where nothing can be written. For a command that only
    /// reads there is something to log only if what the databases report is asked for.
    pub(crate) fn start(homes: &Homes, settings: &Settings, command: Option<&'static str>) -> Option<OwnLog> {
        let is_wanted = settings.features.logs && settings.logs.enabled;
        let options = options(&settings.logs).filter(|options| is_wanted && !options.filter.is_off())?;
        if command.is_none() && !options.filter.keeps_target(telemetry::TARGET, tracing::Level::DEBUG) {
            return None;
        }
        if homes.obstacle().is_some() {
            return None;
        }
        let store = LogStore::new(&homes.sqlite_home, &OpenOptions::new());
        let (layer, writer) = LogWriter::start(&store, options).ok()?;
        let subscriber = tracing_subscriber::registry().with(layer.filtered());
        tracing::subscriber::set_global_default(subscriber).ok()?;
        Some(OwnLog { command, store, writer })
    }

    /// Logs how the command went.
    pub(crate) fn went(&self, code: Code, answer: &dyn Answer) {
        let Some(command) = self.command else { return };
        let (exit_code, done) = (code as u8, answer.done());
        // A field without a value is left out.
        let thread_id = answer.thread().map(tracing::field::display);
        tracing::info!(target: TARGET, thread_id, command, exit_code, "{command}: {done}");
    }

    /// Logs why the command could not do what it was asked, and of which thread.
    pub(crate) fn failed(&self, fault: &Fault, thread: Option<Uuid>) {
        let Some(command) = self.command else { return };
        let exit_code = Code::CouldNotRun as u8;
        let (thread_id, message) = (thread.map(tracing::field::display), without_ids(&fault.message));
        tracing::error!(target: TARGET, thread_id, command, exit_code, "{command}: {message}");
    }

    /// Waits until everything is written, within bounds.
    pub(crate) async fn end(self) {
        let written = async {
            // Whatever keeps the logs from being written is for `status` to tell.
            let _ = self.writer.close().await;
            let _ = self.store.close().await;
        };
        let _ = tokio::time::timeout(PATIENCE, written).await;
    }
}

/// Logs that a file could not be read. The path is that from the home; the row goes with the file's thread.
pub(crate) fn unreadable(path: &str, reason: &str) {
    let name = path.rsplit('/').next().unwrap_or(path);
    let reason = without_ids(reason);
    let thread_id = RolloutName::parse(name).ok().map(|name| tracing::field::display(name.thread_id));
    let path = if thread_id.is_some() { path.to_owned() } else { without_ids(path) };
    tracing::warn!(target: TARGET, thread_id, path, "cannot be read: {reason}");
}

/// The settings as the logs take them; nothing when the filter is none, which would have been told before.
fn options(logs: &Logs) -> Option<LogOptions> {
    let filter: LogFilter = logs.filter.parse().ok()?;
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Some(LogOptions {
        filter,
        // A row that alone is more than what is kept would never be kept.
        row_bytes: size(logs.row_bytes.min(logs.keep_bytes)),
        keep_rows: logs.keep_rows,
        keep_bytes: logs.keep_bytes,
        keep_age: Duration::from_secs(logs.keep_days.saturating_mul(24 * 60 * 60)),
        ..LogOptions::default()
    })
}

/// A text without what may be a thread's id, or the beginning of one, and without what was typed, which stands in backticks: it
/// may be words of a thread.
fn without_ids(text: &str) -> String {
    let parts = text.split('`').enumerate();
    let untyped: Vec<&str> = parts.map(|(at, part)| if at % 2 == 1 { "…" } else { part }).collect();
    let untyped = untyped.join("`");
    let mut rest = untyped.as_str();
    let mut cleaned = String::new();
    while !rest.is_empty() {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let word = &rest[..rest.find(|c| !is_part(c)).unwrap_or(rest.len())];
        cleaned.push_str(if is_id(word) { "[id]" } else { word });
        rest = &rest[word.len()..];
        let between = &rest[..rest.find(is_part).unwrap_or(rest.len())];
        cleaned.push_str(between);
        rest = &rest[between.len()..];
    }
    cleaned
}

/// Whether a word has an id in it, or is the beginning of one.
fn is_id(word: &str) -> bool {
    const WHOLE: usize = 36;
    let has_one =
        (0..word.len()).filter_map(|at| word.get(at..at + WHOLE)).any(|part| Uuid::try_parse(part).is_ok());
    let digits = word.chars().filter(|c| *c != '-').count();
    // Words such as `facade` are none: a beginning that long without a figure in it is rare.
    let begins_one = digits >= LEAST_DIGITS
        && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
        && word.chars().any(|c| c.is_ascii_digit());
    has_one || begins_one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_id_is_left_in_a_text() {
        let id = "01a2036c-de71-77f1-a9e3-3c28701bba61";
        for (text, cleaned) in [
            (format!("no thread {id} in the index"), "no thread [id] in the index"),
            ("no thread's id begins with `01a2036C-d`".to_owned(), "no thread's id begins with `…`"),
            ("`Review of the parser` is not a thread id".to_owned(), "`…` is not a thread id"),
            (format!("{id}x is none, 01a2036c is one"), "[id] is none, [id] is one"),
            (format!("sessions/rollout-2026-11-22T13-23-16-{id}.jsonl: gone"), "sessions/[id].jsonl: gone"),
            ("the facade of a decade, defaced 12345".to_owned(), "the facade of a decade, defaced 12345"),
            (
                "/srv/é/threadkeep/state_5.sqlite is damaged".to_owned(),
                "/srv/é/threadkeep/state_5.sqlite is damaged",
            ),
        ] {
            assert_eq!(without_ids(&text), cleaned);
        }
    }

    #[test]
    fn a_row_is_never_longer_than_what_is_kept() {
        let logs = Logs { keep_bytes: 4_096, ..Logs::default() };
        assert_eq!(options(&logs).map(|options| options.row_bytes), Some(4_096));
    }
}
