//! A damaged database: which one it is, whoever met it, and how to go on without it.

use std::error::Error;
use std::path::{Path, PathBuf};

use threadkeep_sqlite::{DbError, OpenError};
use threadkeep_state::audit::AuditError;
use threadkeep_state::{GraphError, STATE_DB, StateError};
use threadkeep_state_goals::GoalError;
use threadkeep_state_logs::LogError;

use super::place_word;
use crate::output::time::Clock;

/// The error of a database, whichever store speaks for it.
pub(super) fn parts<'a>(cause: &'a (dyn Error + 'static)) -> (Option<&'a OpenError>, Option<&'a DbError>) {
    let state = match cause.downcast_ref() {
        Some(AuditError::State(error)) => Some(error),
        _ => cause.downcast_ref(),
    };
    match (state, cause.downcast_ref(), cause.downcast_ref(), cause.downcast_ref()) {
        (Some(StateError::Open(error)), ..)
        | (_, Some(GoalError::Open(error)), ..)
        | (_, _, Some(LogError::Open(error)), _) => (Some(error), None),
        (Some(StateError::Database(error)), ..)
        | (_, Some(GoalError::Database(error)), ..)
        | (_, _, Some(LogError::Database(error)), _)
        | (.., Some(GraphError::Database(error))) => (None, Some(error)),
        _ => (cause.downcast_ref(), cause.downcast_ref()),
    }
}

/// Which database is damaged, and what was said of it: whoever met it, and wherever it stands in the chain.
pub(super) fn damage_in(error: &anyhow::Error) -> Option<(&Path, String)> {
    error.chain().find_map(|cause| {
        let (open, database) = parts(cause);
        match (open, database) {
            (Some(OpenError::Corrupt { path, source, .. }), _)
            | (_, Some(DbError::Corrupt { path, source, .. })) => Some((path.as_path(), source.to_string())),
            _ => None,
        }
    })
}

/// Whether a database is damaged.
pub(crate) fn is_damage(error: &anyhow::Error) -> bool {
    damage_in(error).is_some()
}

/// Whether a database belongs to another program, so that its folder may not be ours either.
pub(crate) fn is_foreign(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| matches!(parts(cause), (Some(OpenError::Foreign { .. }), _)))
}

/// What to do about a damaged database. Its log belongs to the file: left behind, it would be damage of its own.
pub(crate) fn rebuild(path: &Path, homes: &str) -> String {
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        place_word(Path::new(&name))
    };
    let (file, log, log_index) = (place_word(path), beside("-wal"), beside("-shm"));
    let aside = place_word(&aside(path.parent().unwrap_or(Path::new("."))));
    // Log and index of the log are there or not: whoever closes the database last removes them.
    let rest = format!("mv {log} {log_index} {aside} 2>/dev/null");
    let moved = format!("mkdir {aside} && mv {file} {aside} && {{ {rest};");
    if path.file_name().is_some_and(|name| name == STATE_DB.file_name) {
        format!(
            "move it aside with its -wal and -shm, then index the rollouts again: \
             {moved} threadkeep{homes} backfill; }} \
             (names you gave and marks you set are in the damaged file alone)"
        )
    } else {
        format!(
            "move it aside with its -wal and -shm, and a new one is made when it is needed: {moved} true; }} \
             (what it holds is in the damaged file alone)"
        )
    }
}

/// A folder that is not there yet.
fn aside(folder: &Path) -> PathBuf {
    let date = Clock::system().today();
    let names = (1_u32..).map(|n| folder.join(format!("damaged-{date}-{n}")));
    let mut free = names.filter(|name| std::fs::symlink_metadata(name).is_err());
    free.next().unwrap_or_else(|| folder.join("damaged"))
}
