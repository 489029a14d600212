//! The look at a database before SQLite may open it: with plain reads, so that it can change or
//! create nothing.
//!
//! A SQLite handle has effects: on a WAL database it creates `-shm` and `-wal`, and it rolls a hot
//! journal back. So the 100-byte [header](super::header) decides whether a file is ours. The header
//! of a WAL database may be older than its log, and a log or a journal may be another database's,
//! so those are [checked](super::leftover) too.

use std::io::{self, ErrorKind};
use std::path::Path;

use super::change_guard::ChangeGuard;
use super::header::{Content, Header, content, describe_foreign};
use super::journal::Journal;
use super::leftover::{Leftover as _, apply, mismatched, read};
use super::table;
use super::wal::Wal;
use crate::error::{DbError, OpenError};
use crate::options::JournalMode;
use crate::paths::DbPaths;
use crate::spec::DbSpec;
use crate::system::file_system::{self, FileSystem};
use crate::system::holders::has_locks;
use crate::system::regular_file::{has_content, is_writable};

/// Result of the look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Preflight {
    /// Header of our database; `None` when it has to be created.
    pub(crate) header: Option<Header>,
    pub(crate) file_system: FileSystem,
}

/// Looks at a database's place. Refuses a file that is not ours, that needs a newer program, or
/// that cannot be opened as asked.
pub(crate) fn preflight(spec: &DbSpec, paths: &DbPaths, read_only: bool) -> Result<Preflight, OpenError> {
    let path = &paths.database;
    let header = identify(spec, paths)?;
    let needs = header.map_or(0, |header| i64::from(header.user_version));
    if needs > spec.newest_version() {
        return Err(DbError::Newer { path: path.clone(), needs, knows: spec.newest_version() }.into());
    }
    if let Some(header) = &header {
        check_leftover(spec, paths, header)?;
    }
    if read_only {
        if header.is_none() {
            return Err(OpenError::Missing(path.clone()));
        }
    } else {
        let places = [header.map(|_| path.as_path()), path.parent()];
        if let Some(place) = places.into_iter().flatten().find(|place| !is_writable(place)) {
            return Err(OpenError::NotWritable(place.to_path_buf()));
        }
    }
    Ok(Preflight { header, file_system: file_system::of(path.parent().unwrap_or(&paths.folder)) })
}

/// Checks the schema of a database that an interrupted program left with a log. SQLite writes the
/// log back when it closes the file, and a database that is refused must stay as it is.
///
/// Leaves a schema that cannot be read this way, or that changes meanwhile, to SQLite.
fn check_leftover(spec: &DbSpec, paths: &DbPaths, header: &Header) -> Result<(), OpenError> {
    let exists = paths.wal.exists() || paths.shm.exists();
    let is_left = header.journal == JournalMode::Wal && exists && !has_locks(&paths.shm);
    if !is_left || has_content(&paths.journal) {
        return Ok(());
    }
    let guard = ChangeGuard::of(paths);
    match table::schema(paths, header) {
        Some(schema) if guard == ChangeGuard::of(paths) => schema.check(spec, paths),
        _ => Ok(()),
    }
}

/// Returns the header of our database as it will be once SQLite has opened it; `None` when there is
/// no database yet. Refuses every other file, and a log or a journal of another database.
pub(crate) fn identify(spec: &DbSpec, paths: &DbPaths) -> Result<Option<Header>, OpenError> {
    let path = || paths.database.clone();
    if paths.database.to_str().is_none() {
        return Err(OpenError::NotUtf8(path()));
    }
    if let Some(path) = irregular(paths) {
        return Err(OpenError::NotAFile(path.to_path_buf()));
    }
    let foreign = |found| OpenError::Foreign { path: path(), label: spec.label, found };
    match content(&paths.database).map_err(|error| unreadable(paths, error))? {
        Content::Fresh if has_content(&paths.wal) => {
            // SQLite would delete this log at the first write, and it may be the last copy of the
            // user's data.
            let lost =
                format!("it is empty or missing, but its write-ahead log {} is not", paths.wal.display());
            Err(DbError::Corrupt(path(), lost.into()).into())
        }
        Content::Fresh => refuse_orphan(paths).map(|()| None),
        Content::Torn(length) => {
            let torn = format!("it ends after {length} bytes, within its header");
            Err(DbError::Corrupt(path(), torn.into()).into())
        }
        Content::Other => Err(foreign("the file is not a SQLite database".to_owned())),
        Content::Sqlite(header) if header.application_id != spec.application_id => {
            Err(foreign(describe_foreign(header.application_id)))
        }
        Content::Sqlite(header) => {
            // Playback of a journal comes first, as in SQLite. It can only restore an older state
            // of the same file.
            let header = apply::<Journal>(paths, header)?;
            apply::<Wal>(paths, header).map(Some)
        }
    }
}

/// Refuses the journal of a database that had pages, where ours is missing or empty: SQLite would
/// delete the journal.
fn refuse_orphan(paths: &DbPaths) -> Result<(), OpenError> {
    if !has_content(Journal::path(paths)) {
        return Ok(());
    }
    // A page size is in the journal, if anything is.
    match read::<Journal>(paths, 0)?.map(|journal| journal.pages()) {
        None | Some(0) => Ok(()),
        Some(pages) => {
            let found = format!("it is of a database of {pages} pages, and this one is empty or missing");
            Err(mismatched::<Journal>(paths, found))
        }
    }
}

/// Finds an irregular file among the files that SQLite opens: on a pipe it would wait for ever.
fn irregular(paths: &DbPaths) -> Option<&Path> {
    let files = [&paths.database, &paths.wal, &paths.shm, &paths.journal];
    let irregular = |path: &Path| std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
    files.into_iter().map(std::path::PathBuf::as_path).find(|path| irregular(path))
}

fn unreadable(paths: &DbPaths, error: io::Error) -> OpenError {
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => OpenError::NoFolder(paths.folder.clone()),
        ErrorKind::IsADirectory => OpenError::NotAFile(paths.database.clone()),
        _ => DbError::io("read", &paths.database, error).into(),
    }
}
