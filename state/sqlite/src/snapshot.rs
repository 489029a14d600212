//! Whole copies of a database, made while others use it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;

use crate::connect::Access;
use crate::database::Database;
use crate::db_error::DbError;
use crate::error::{ErrorClass, said};
use crate::lock::create_private;
use crate::look;
use crate::open_error::OpenError;
use crate::options::OpenOptions;
use crate::paths::{DbPaths, beside};
use crate::spec::DbSpec;
use crate::stamp::Stamp;

/// How many snapshots from before upgrades are kept.
const KEPT: usize = 2;

/// Why a snapshot was not made.
#[derive(Debug)]
pub(crate) enum SnapshotError {
    /// The system refused to do something to a file.
    Io(&'static str, io::Error),
    /// SQLite refused.
    Sqlite(sqlx::Error),
}

/// Copies what the connection sees to `to`: the file appears there when it is whole and on the disk, or not at all.
///
/// `VACUUM INTO` copies committed data only, from the log too, with the application id and the compatibility floor.
/// The connection must not be in a transaction.
pub(crate) async fn copy(connection: &mut SqliteConnection, to: &Path) -> Result<(), SnapshotError> {
    let partial = beside(to, ".partial");
    let result = copy_by(connection, &partial, to).await;
    if result.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    result
}

async fn copy_by(connection: &mut SqliteConnection, partial: &Path, to: &Path) -> Result<(), SnapshotError> {
    match std::fs::remove_file(partial) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(SnapshotError::Io("replace", error));
        }
        _ => {}
    }
    // SQLite fills an empty file; made by us, it is for this user alone from its first byte on.
    create_private(partial).map_err(|error| SnapshotError::Io("create", error))?;
    let text =
        partial.to_str().ok_or_else(|| SnapshotError::Io("name", io::ErrorKind::InvalidFilename.into()))?;
    let vacuum = sqlx::query("VACUUM INTO ?1").bind(text.to_owned());
    vacuum.persistent(false).execute(connection).await.map_err(SnapshotError::Sqlite)?;
    let (partial, to) = (partial.to_path_buf(), to.to_path_buf());
    let finish = tokio::task::spawn_blocking(move || {
        File::open(&partial)
            .and_then(|file| file.sync_all())
            .map_err(|error| SnapshotError::Io("write", error))?;
        std::fs::rename(&partial, &to).map_err(|error| SnapshotError::Io("rename", error))?;
        sync_folder(&to).map_err(|error| SnapshotError::Io("write", error))
    });
    finish.await.map_err(|error| SnapshotError::Io("write", io::Error::other(error)))?
}

/// Makes a rename last. Windows cannot sync a folder, and needs not.
fn sync_folder(of: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = of.parent() {
        File::open(folder)?.sync_all()?;
    }
    let _ = of;
    Ok(())
}

/// Keeps a copy of what is there before it is upgraded to `version`, and forgets all but the newest copies.
pub(crate) async fn before_upgrade(
    paths: &DbPaths,
    connection: &mut SqliteConnection,
    version: i64,
) -> Result<(), OpenError> {
    let to = paths.snapshot_before(version);
    copy(connection, &to).await.map_err(|error| match error {
        SnapshotError::Io(doing, error) => OpenError::io(doing, &to, error),
        SnapshotError::Sqlite(error) => OpenError::sqlx(paths, Duration::ZERO, error),
    })?;
    // What cannot be listed or removed now is removed after the next upgrade.
    for (_, old) in paths.snapshots().unwrap_or_default().into_iter().skip(KEPT) {
        let _ = std::fs::remove_file(old);
    }
    Ok(())
}

/// Opens a snapshot from before an upgrade as it is: with the schema of its version. `None` when it is not ours, or empty.
pub(crate) fn open(
    spec: &'static DbSpec,
    path: &Path,
    options: &OpenOptions,
) -> Result<Option<Database>, OpenError> {
    let paths = DbPaths::at(path);
    let header = match look::look(spec, &paths, options.read_only) {
        Ok(look) => look.header,
        Err(OpenError::Foreign { .. } | OpenError::NotAFile { .. }) => None,
        Err(error) => return Err(error),
    };
    let Some(header) = header else { return Ok(None) };
    let stamp = Stamp::of(&paths);
    Ok(Some(Database::new(spec, paths, options.clone(), header.journal, Access::Read, stamp)))
}

/// Sorts the failure of a snapshot that was asked for. A full disk is the target's, not the database's.
pub(crate) fn asked_for(paths: &DbPaths, to: &Path, error: SnapshotError) -> DbError {
    match error {
        SnapshotError::Io(doing, error) => DbError::io(doing, to, error),
        SnapshotError::Sqlite(error) => match ErrorClass::of(&error) {
            ErrorClass::Full => DbError::Full { path: to.to_path_buf(), source: said(error) },
            _ => DbError::sqlx(paths, Duration::ZERO, error),
        },
    }
}
