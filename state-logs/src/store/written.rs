//! Counts the bytes that the writer connection writes to the database and its log, checkpoints included.
//!
//! SQLite works on a thread of its own for each connection. The hook that it calls before a commit runs on that thread, and
//! asks the system how much the thread has written in all (Linux: `/proc/thread-self/io`). Elsewhere nothing is known.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use sqlx::sqlite::SqliteConnection;

use crate::quiet;

/// What was written and is not in the database yet.
#[derive(Debug, Default)]
pub(crate) struct Written {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The thread of the connection, and what it had written when it was last asked.
    thread: Option<(PathBuf, u64)>,
    /// `None` as long as no system has told.
    pending: Option<Measured>,
    /// What was logged by commits that the system has not been asked about yet.
    unasked: i64,
}

/// What commits have written, and what they logged by that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Measured {
    pub(crate) written: i64,
    pub(crate) logged: i64,
}

impl Written {
    /// Has the thread of a connection asked before each of its commits. It no longer logs, either: what it does, it does for
    /// the logs.
    pub(crate) async fn watch(self: &Arc<Written>, conn: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let written = Arc::clone(self);
        // A transaction cannot tell whether its connection is a new one, so each sets the hook.
        conn.lock_handle().await?.set_commit_hook(move || {
            quiet::this_thread();
            written.note();
            true
        });
        Ok(())
    }

    /// Returns what is known to be written and not yet stored.
    pub(crate) fn known(&self) -> Option<Measured> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).pending
    }

    /// Notes a commit: what it has stored of what was known, and what it has logged.
    pub(crate) fn committed(&self, stored: Option<Measured>, logged: i64) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(pending), Some(stored)) = (&mut seen.pending, stored) {
            pending.written -= stored.written;
            pending.logged -= stored.logged;
        }
        seen.unasked = seen.unasked.saturating_add(logged);
    }

    fn note(&self) {
        let Some((thread, total)) = written_by_this_thread() else { return };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match &seen.thread {
            Some((known, before)) if *known == thread && *before <= total => *before,
            // Another connection: all that its thread has written, it has written for it.
            _ => 0,
        };
        let more = i64::try_from(total - before).unwrap_or(i64::MAX);
        let pending = seen.pending.unwrap_or_default();
        seen.pending = Some(Measured {
            written: pending.written.saturating_add(more),
            logged: pending.logged.saturating_add(std::mem::take(&mut seen.unasked)),
        });
        seen.thread = Some((thread, total));
    }
}

/// Asks the system what this thread has written, and which one it is.
fn written_by_this_thread() -> Option<(PathBuf, u64)> {
    let thread = std::fs::read_link("/proc/thread-self").ok()?;
    let counters = std::fs::read_to_string("/proc/thread-self/io").ok()?;
    let written = counters.lines().find_map(|line| line.strip_prefix("wchar: "))?;
    Some((thread, written.trim().parse().ok()?))
}
