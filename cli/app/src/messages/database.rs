//! Errors of the database layer in words, and the way back from a damaged database.

use std::path::{Path, PathBuf};
use std::time::Duration;

use threadkeep_sqlite::{DbError, DbSpec, OpenError, StoreError};
use threadkeep_state::STATE_DB;
use threadkeep_state_goals::GOALS_DB;
use threadkeep_state_logs::LOGS_DB;

use super::OTHER_SQLITE_HOME;
use crate::fault::{Fault, FaultKind};
use crate::given::path_word;
use crate::message::{Command, Message, Part, command};
use crate::time::{Clock, elapsed};

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
    Fault::new(format!("{} is damaged: {why}", path.display()), rebuild(path)).of_kind(FaultKind::Damaged)
}

/// Returns the commands that move a damaged database aside. Its log belongs to the file: left
/// behind, it would be damage of its own.
pub fn rebuild(path: &Path) -> Message {
    let beside = |end: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(end);
        path_word(Path::new(&name))
    };
    let (file, log, log_index, journal) =
        (path_word(path), beside("-wal"), beside("-shm"), beside("-journal"));
    let aside = path_word(&aside(path.parent().unwrap_or(Path::new("."))));
    // The log, its index and the journal may be missing: the last program that closes the database
    // removes them.
    let rest = format!("mv {log} {log_index} {journal} {aside} 2>/dev/null");
    let script = format!("mkdir {aside} && mv {file} {aside} && {{ {rest};");
    if is_index(path) {
        let what = "move it aside with its -wal and -shm, then index the rollouts again";
        let end = "; } (names you gave and marks you set are in the damaged file alone)";
        (format!("{what}: {script} "), Part::Script(command("backfill")), end).into()
    } else {
        let what = "move it aside with its -wal and -shm, and a new one is created when it is needed";
        format!("{what}: {script} true; }} (its contents are in the damaged file alone)").into()
    }
}

/// Returns the name of a folder that does not exist yet.
fn aside(folder: &Path) -> PathBuf {
    let date = Clock::system().today();
    let names = (1_u32..).map(|n| folder.join(format!("damaged-{date}-{n}")));
    let mut free = names.filter(|name| std::fs::symlink_metadata(name).is_err());
    free.next().unwrap_or_else(|| folder.join("damaged"))
}
