//! Whole copies of a database, made while other programs use it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;

use crate::error::DbError;
use crate::paths::{DbPaths, PARTIAL, beside};
use crate::snapshots::Taken;
use crate::system::regular_file::{create_private, sync_folder};

/// Number of snapshots from before upgrades that are kept.
const KEPT: usize = 2;

/// Bytes of a copy that SQLite writes before the disk must have them. A sync of more would keep the
/// commits of other processes waiting for it.
const SYNC_EVERY: u64 = 1 << 20;

/// Steps of SQLite between two looks at the length of a copy: those of a few dozen rows.
const STEPS: i32 = 100;

/// Copies the database to `to`. The file appears there when it is whole and on the disk, or not at
/// all.
///
/// `VACUUM INTO` copies committed data, also from the log, with the application id and the
/// compatibility floor. The connection must not be in a transaction.
pub(crate) async fn copy(
    paths: &DbPaths,
    connection: &mut SqliteConnection,
    to: &Path,
) -> Result<(), DbError> {
    let partial = beside(to, PARTIAL);
    let failed = |doing| move |error: io::Error| DbError::io(doing, to, error);
    let copied = async {
        match std::fs::remove_file(&partial) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed("replace")(error)),
            _ => {}
        }
        // SQLite fills an existing empty file. Ours is readable for this user alone from its first
        // byte.
        let file = create_private(&partial).map_err(failed("create"))?;
        let text = partial.to_str().ok_or_else(|| failed("name")(io::ErrorKind::InvalidFilename.into()))?;
        let of_copy = |error| match DbError::sqlx(paths, Duration::ZERO, error) {
            // A full disk is the target's, not the database's.
            DbError::Full(_, source) => DbError::Full(to.to_path_buf(), source),
            error => error,
        };
        let mut synced = 0;
        // Runs on SQLite's thread, so that the copy itself waits for the disk.
        let sync = move || {
            let length = file.metadata().map_or(0, |file| file.len());
            if length >= synced + SYNC_EVERY {
                // If this fails, the last sync fails too.
                let _ = file.sync_data();
                synced = length;
            }
            true
        };
        connection.lock_handle().await.map_err(of_copy)?.set_progress_handler(STEPS, sync);
        let vacuum = sqlx::query("VACUUM INTO ?1").bind(text.to_owned()).persistent(false);
        let vacuumed = vacuum.execute(&mut *connection).await;
        connection.lock_handle().await.map_err(of_copy)?.remove_progress_handler();
        vacuumed.map_err(of_copy)?;
        let (from, target) = (partial.clone(), to.to_path_buf());
        let finish = tokio::task::spawn_blocking(move || {
            File::open(&from)?.sync_all()?;
            std::fs::rename(&from, &target)?;
            sync_folder(&target)
        });
        finish.await.unwrap_or_else(|error| Err(error.into())).map_err(failed("write"))
    };
    let copied = copied.await;
    if copied.is_err() {
        let _ = std::fs::remove_file(&partial);
    }
    copied
}

/// Copies the database before it is upgraded to `version`, and deletes all but the newest copies.
pub(crate) async fn before_upgrade(
    paths: &DbPaths,
    connection: &mut SqliteConnection,
    version: i64,
) -> Result<(), DbError> {
    let to = beside(&paths.database, &format!(".before-v{version}"));
    copy(paths, connection, &to).await?;
    // Files that cannot be listed or removed now are removed after the next upgrade.
    let all = paths.snapshots().unwrap_or_default().into_iter();
    for old in all.filter(|snapshot| matches!(snapshot.taken, Taken::BeforeUpgrade(_))).skip(KEPT) {
        let _ = std::fs::remove_file(old.path);
    }
    Ok(())
}
