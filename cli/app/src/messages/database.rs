//! Errors of the database layer in words.

use std::path::Path;
use std::time::Duration;

use threadkeep_sqlite::{DbError, DbSpec, OpenError, StoreError};
use threadkeep_state::STATE_DB;
use threadkeep_state_goals::GOALS_DB;
use threadkeep_state_logs::LOGS_DB;

use super::OTHER_SQLITE_HOME;
use crate::fault::{Fault, FaultKind};
use crate::message::{Command, command};
use crate::time::elapsed;

/// Returns why a database cannot be written, for a user who only wants to read it.
pub fn of_refusal(refusal: &OpenError) -> String {
    match refusal {
        OpenError::NotWritable(path) => format!("{} is not writable", path.display()),
        OpenError::Database(DbError::Full(path, _)) => format!("no space is left for {}", path.display()),
        other => other.to_string(),
    }
}

/// Finds words for a database that was not opened.
pub(super) fn of_open(error: &OpenError) -> Fault {
    let hinted = |hint: &str| Fault::new(error.to_string(), hint.to_owned());
    match error {
        OpenError::Database(DbError::Full { .. }) => {
            hinted("make room and try again; the database is unchanged")
        }
        OpenError::Migration { .. } | OpenError::Database(DbError::Statement { .. }) => {
            hinted("report this as a bug")
        }
        OpenError::Database(error) => of_database(error),
        OpenError::Foreign { path, label, found } => Fault::new(
            format!(
                "{} is not Threadkeep's {label} database: {found}; nothing in it was changed",
                path.display()
            ),
            format!("move it away, or {OTHER_SQLITE_HOME}"),
        )
        .of_kind(FaultKind::Foreign),
        OpenError::ForeignLog { .. } => {
            hinted("move the log away, but keep it: it may hold what is missing elsewhere")
        }
        OpenError::Development(path) if is_index(path) => {
            let end = "; names and marks given here stay in the moved file alone";
            Fault::new(error.to_string(), ("move the database away, then run ", command("backfill"), end))
        }
        OpenError::Development { .. } => hinted(
            "move the database away; a new one is created when it is needed. Its contents stay in the moved file alone",
        ),
        OpenError::Checksum { .. } => hinted("use the build that made it, or a released one"),
        OpenError::NotWritable(path) => Fault::new(
            format!("{} is not writable", path.display()),
            format!("give this user permission, or {OTHER_SQLITE_HOME}"),
        ),
        OpenError::Missing(path) | OpenError::Outdated { path, .. } => {
            Fault::new(error.to_string(), (recovery(path), " opens it for writing"))
        }
        OpenError::NeedsRecovery { path, .. } => {
            Fault::new(format!("{} was not closed cleanly", path.display()), (recovery(path), " repairs it"))
        }
        OpenError::NotAFile { .. } => hinted(&format!("move it away, or {OTHER_SQLITE_HOME}")),
        OpenError::NotUtf8 { .. } | OpenError::NoFolder { .. } => hinted(OTHER_SQLITE_HOME),
        other => Fault::plain(other),
    }
}

/// Finds words for a database that failed while it was open.
pub(super) fn of_database(error: &DbError) -> Fault {
    match error {
        DbError::Corrupt(path, source) => of_corrupt(path, &source.to_string()),
        DbError::Changed(path) => changing(path),
        DbError::Busy { path, holder, waited } => locked(path, holder, *waited),
        DbError::Newer { path, needs, knows } => newer(path, *needs, *knows),
        DbError::Full { .. } => Fault::new(error.to_string(), "make room and try again"),
        // As of a log that was removed while a command used it.
        DbError::Io { doing: "use", .. } => Fault::new(
            error.to_string(),
            ("run it again; ", command("status"), " shows the state of each database"),
        ),
        other => Fault::plain(other),
    }
}

/// Finds words for the database layer's error, if it is the cause.
pub(super) fn of_store(error: &dyn StoreError) -> Option<Fault> {
    error.open_error().map(of_open).or_else(|| error.db_error().map(of_database))
}

fn newer(path: &Path, needs: i64, knows: i64) -> Fault {
    Fault::new(
        format!(
            "{} needs a threadkeep that knows schema version {needs}; this one knows {knows}",
            path.display()
        ),
        "update threadkeep; the database was not changed",
    )
}

/// Returns the command that opens a database for writing, and so repairs what an interrupted
/// program left.
pub fn recovery(path: &Path) -> Command {
    let is = |spec: &DbSpec| path.file_name().is_some_and(|name| name == spec.file_name);
    match path {
        _ if is(&GOALS_DB) => command("goals list"),
        _ if is(&LOGS_DB) => command("logs"),
        _ => command("backfill"),
    }
}

fn is_index(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == STATE_DB.file_name)
}

fn changing(path: &Path) -> Fault {
    Fault::new(format!("{} is being written to just now", path.display()), "run it again")
        .of_kind(FaultKind::Locked)
}

fn locked(path: &Path, holder: &str, waited: Duration) -> Fault {
    let waited = elapsed(waited);
    Fault::new(
        format!("{holder} has locked {} for {waited}", path.display()),
        "end that process, or try again once it is done",
    )
    .of_kind(FaultKind::Locked)
}

fn of_corrupt(path: &Path, why: &str) -> Fault {
    let hint = (command("repair"), " makes it again, with your names and marks; nothing is deleted");
    Fault::new(format!("{} is damaged: {why}", path.display()), hint).of_kind(FaultKind::Damaged)
}
