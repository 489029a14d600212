//! Whole copies of a database, made while other programs use it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;

use crate::error::{DbError, ErrorClass, OpenError, message};
use crate::paths::{DbPaths, beside};
use crate::system::regular_file::create_private;

/// Number of snapshots from before upgrades that are kept.
const KEPT: usize = 2;

/// Reason why a snapshot was not made.
#[derive(Debug)]
pub(crate) enum SnapshotError {
    /// The system refused; with the action, as a verb.
    Io(&'static str, io::Error),
    /// SQLite refused.
    Sqlite(sqlx::Error),
}

/// Copies the database to `to`. The file appears there when it is whole and on the disk, or not at all.
///
/// `VACUUM INTO` copies committed data, also from the log, with the application id and the compatibility floor.
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
    // SQLite fills an existing empty file. Ours is readable for this user alone from its first byte.
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

/// Syncs a file's folder, so that a rename survives a power cut. Windows cannot, and need not.
fn sync_folder(of: &Path) -> io::Result<()> {
    #[cfg(unix)]
    if let Some(folder) = of.parent() {
        File::open(folder)?.sync_all()?;
    }
    let _ = of;
    Ok(())
}

/// Copies the database before it is upgraded to `version`, and deletes all but the newest copies.
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
    // Files that cannot be listed or removed now are removed after the next upgrade.
    for (_, old) in paths.snapshots().unwrap_or_default().into_iter().skip(KEPT) {
        let _ = std::fs::remove_file(old);
    }
    Ok(())
}

/// Sorts the error of a snapshot that the caller requested. A full disk is the target's, not the database's.
pub(crate) fn asked_for(paths: &DbPaths, to: &Path, error: SnapshotError) -> DbError {
    match error {
        SnapshotError::Io(doing, error) => DbError::io(doing, to, error),
        SnapshotError::Sqlite(error) => match ErrorClass::of(&error) {
            ErrorClass::Full => DbError::Full(to.to_path_buf(), message(error)),
            _ => DbError::sqlx(paths, Duration::ZERO, error),
        },
    }
}
