//! Opening a database: first a look without SQLite, then connecting, and only where needed locking, creating, a snapshot
//! and migrations.

pub(crate) mod change_guard;
pub(crate) mod connect;
pub(crate) mod header;
mod journal;
mod leftover;
pub(crate) mod lock;
mod migrate;
pub(crate) mod preflight;
mod prepare;
pub(crate) mod schema;
pub(crate) mod snapshot;
mod wal;

use std::path::Path;
use std::time::Instant;

use sqlx::Connection as _;

use self::change_guard::ChangeGuard;
use self::connect::{Access, closed_on_error};
use self::lock::FileLock;
use self::preflight::Preflight;
use self::prepare::{connect_and_read, connect_once, look, prepare};
use crate::boxed::Boxed;
use crate::database::Database;
use crate::error::{OpenError, is_hot_journal};
use crate::options::{JournalMode, OpenOptions};
use crate::paths::DbPaths;
use crate::spec::DbSpec;
use crate::telemetry::{self, names};

impl Database {
    /// Opens a database, creating or upgrading it when needed.
    ///
    /// Refuses a file that is not ours, is newer or is damaged before it writes anything. Takes no lock and writes nothing if
    /// the database is up to date.
    ///
    /// # Errors
    ///
    /// * [`OpenError::Foreign`], [`OpenError::ForeignLog`], [`OpenError::NotAFile`]: something else is in the database's
    ///   place, or beside it.
    /// * [`OpenError::Newer`]: this program is too old.
    /// * [`OpenError::Development`], [`OpenError::Checksum`]: a development version, or a build with edited migrations, made
    ///   the database.
    /// * [`OpenError::Corrupt`]: the file is damaged.
    /// * [`OpenError::Busy`]: another process is migrating, or writing, for too long.
    /// * [`OpenError::NotUtf8`], [`OpenError::NoFolder`], [`OpenError::NotWritable`], [`OpenError::Full`], [`OpenError::Io`]: the file system.
    /// * [`OpenError::Missing`], [`OpenError::Outdated`], [`OpenError::NeedsRecovery`]: read-only, and there is nothing to
    ///   read without writing first.
    /// * [`OpenError::Changed`]: read-only, and another program wrote each time we read.
    /// * [`OpenError::Migration`], [`OpenError::Unexpected`]: a bug.
    pub fn open<'a>(
        spec: &'static DbSpec,
        folder: &'a Path,
        options: &'a OpenOptions,
    ) -> Boxed<'a, Result<Self, OpenError>> {
        Box::pin(async move {
            let started = Instant::now();
            let mut phase = "look";
            let result = open(spec, folder, options, &mut phase).await;
            telemetry::report_step(names::OPEN, spec.label, phase, started, &result);
            result
        })
    }
}

async fn open(
    spec: &'static DbSpec,
    folder: &Path,
    options: &OpenOptions,
    phase: &mut &'static str,
) -> Result<Database, OpenError> {
    let (paths, found) = look(spec, folder, options.read_only).await?;
    *phase = "connect";
    let opened = if options.read_only {
        match open_read_only(spec, &paths, found, options).await {
            // Try once more: most often a program was just closing the database.
            Err(OpenError::Changed { .. }) => {
                let (paths, found) = look(spec, folder, true).await?;
                open_read_only(spec, &paths, found, options).await
            }
            opened => opened,
        }
    } else {
        open_writable(spec, &paths, found, options, phase).await
    };
    let database = opened?;
    *phase = "done";
    Ok(database)
}

async fn open_read_only(
    spec: &'static DbSpec,
    paths: &DbPaths,
    found: Preflight,
    options: &OpenOptions,
) -> Result<Database, OpenError> {
    let journal = found.header.map_or(JournalMode::Delete, |header| header.journal);
    let recovery =
        |left: &Path| OpenError::NeedsRecovery { path: paths.database.clone(), left: left.to_path_buf() };
    let guard = ChangeGuard::of(paths);
    let access = Access::without_trace(paths, journal).ok_or_else(|| recovery(&paths.wal))?;
    let database = Database::new(spec, paths.clone(), options.clone(), journal, access, guard);
    let read = connect_once(spec, paths, options, access).await;
    if guard.is_stale(access, paths) {
        return Err(OpenError::Changed(paths.database.clone()));
    }
    let (connection, schema) = read.map_err(|error: sqlx::Error| match error {
        error if is_hot_journal(&error) => recovery(&paths.journal),
        error => OpenError::sqlx(paths, options.busy_timeout, error),
    })?;
    let usable = schema.check(spec, paths).and_then(|()| {
        if schema.pending(spec).is_empty() {
            return Ok(());
        }
        let (applied, needed) = (schema.version(), spec.newest_version());
        Err(OpenError::Outdated { path: paths.database.clone(), applied, needed })
    });
    let (connection, ()) = closed_on_error(connection, usable).await?;
    database.keep_reader(connection);
    Ok(database)
}

async fn open_writable(
    spec: &'static DbSpec,
    paths: &DbPaths,
    found: Preflight,
    options: &OpenOptions,
    phase: &mut &'static str,
) -> Result<Database, OpenError> {
    let wanted = options.journal.resolve(found.file_system);
    // The common case first: a database that is up to date needs one handle, two statements and no lock. A WAL database where
    // WAL is unsafe can only be opened alone, under the lock.
    if let Some(header) = found.header
        && (header.journal, wanted) != (JournalMode::Wal, JournalMode::Delete)
    {
        let (connection, schema) = connect_and_read(spec, paths, options).await?;
        // A blank database with our header was killed in the commit that created it, which SQLite has just rolled back.
        let usable = if schema.is_blank() { Ok(()) } else { schema.check(spec, paths) };
        let (connection, ()) = closed_on_error(connection, usable).await?;
        if header.journal == wanted && !schema.is_blank() && schema.pending(spec).is_empty() {
            return Ok(Database::with_writer(spec, paths.clone(), options.clone(), wanted, connection));
        }
        // Closed at once, or it would be in the way under the lock.
        let _ = connection.close().await;
    }
    *phase = "lock";
    let lock = FileLock::acquire(&paths.lock, options.lock_timeout).await?;
    let opened = prepare(spec, paths, options, wanted, phase).await;
    drop(lock);
    let (connection, journal) = opened?;
    Ok(Database::with_writer(spec, paths.clone(), options.clone(), journal, connection))
}
