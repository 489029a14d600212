//! The steps of opening: the look, connecting, and under our lock creating and upgrading.

use std::path::Path;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::connect::{Access, closed_on_error, connect};
use super::migrate;
use super::preflight::{Preflight, preflight};
use super::schema::Schema;
use super::snapshot;
use crate::database::retry::Retry;
use crate::error::{ErrorClass, OpenError};
use crate::options::{JournalMode, OpenOptions};
use crate::paths::DbPaths;
use crate::spec::DbSpec;
use crate::system::regular_file::create_private;

/// Wait for other programs before an optional change of journal mode.
const SWITCH_PATIENCE: Duration = Duration::from_millis(100);

/// Looks at the database's place on a thread that may block.
pub(crate) async fn look(
    spec: &'static DbSpec,
    folder: &Path,
    read_only: bool,
) -> Result<(DbPaths, Preflight), OpenError> {
    let folder = folder.to_path_buf();
    let failed_at = folder.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let paths = DbPaths::new(spec, &folder);
        preflight(spec, &paths, read_only).map(|found| (paths, found))
    });
    looked
        .await
        .unwrap_or_else(|error| Err(OpenError::Io { doing: "read", path: failed_at, source: error.into() }))
}

/// Creates, switches the journal mode and migrates, as far as each is needed. Called under our lock.
pub(crate) async fn prepare(
    spec: &'static DbSpec,
    paths: &DbPaths,
    options: &OpenOptions,
    wanted: JournalMode,
    phase: &mut &'static str,
) -> Result<(SqliteConnection, JournalMode), OpenError> {
    // While we waited, another process may have done it all.
    let (_, found) = look(spec, &paths.folder, false).await?;
    *phase = "create";
    let mut journal = found.header.map_or(JournalMode::Delete, |header| header.journal);
    if journal == JournalMode::Wal && wanted == JournalMode::Delete {
        journal = leave_wal(spec, paths, options).await?;
    }
    if found.header.is_none() {
        create_private(&paths.database).map_err(|error| OpenError::io("create", &paths.database, error))?;
    }
    let (mut connection, schema) = connect_and_read(spec, paths, options).await?;
    let state = Prepared { schema, journal, wanted };
    let brought = bring_up_to_date(spec, paths, options, &mut connection, state, phase).await;
    closed_on_error(connection, brought).await
}

/// State of a database before it is brought up to date.
struct Prepared {
    schema: Schema,
    journal: JournalMode,
    wanted: JournalMode,
}

async fn bring_up_to_date(
    spec: &'static DbSpec,
    paths: &DbPaths,
    options: &OpenOptions,
    connection: &mut SqliteConnection,
    state: Prepared,
    phase: &mut &'static str,
) -> Result<JournalMode, OpenError> {
    let Prepared { mut schema, mut journal, wanted } = state;
    // The look has refused every blank database of another program.
    if schema.is_blank() {
        migrate::create(spec, paths, connection, options.lock_timeout).await?;
        let read = Schema::read(connection).await;
        schema = read.map_err(|error| OpenError::sqlx(paths, options.busy_timeout, error))?;
    }
    schema.check(spec, paths)?;
    if journal == JournalMode::Delete && wanted == JournalMode::Wal {
        // On a new file, wait for programs that only look. An old file that others are using keeps its mode, which is safe.
        let limit = if schema.applied.is_empty() { options.lock_timeout } else { SWITCH_PATIENCE };
        journal = match migrate::switch_journal(paths, connection, wanted, limit).await {
            Err(error) if error.class() == ErrorClass::Busy && !schema.applied.is_empty() => journal,
            switched => switched?,
        };
    }
    if !schema.pending(spec).is_empty() {
        if !schema.applied.is_empty() {
            *phase = "snapshot";
            snapshot::before_upgrade(paths, connection, spec.newest_version()).await?;
        }
        *phase = "migrate";
        migrate::migrate(spec, paths, connection, options.lock_timeout).await?;
    }
    Ok(journal)
}

/// Switches a database from WAL to a rollback journal where shared memory is unsafe. Needs to be alone on the file, and keeps
/// the log's index in memory.
async fn leave_wal(
    spec: &'static DbSpec,
    paths: &DbPaths,
    options: &OpenOptions,
) -> Result<JournalMode, OpenError> {
    let timeout = options.busy_timeout.min(SWITCH_PATIENCE);
    let failed = |error| OpenError::sqlx(paths, timeout, error);
    let mut alone = connect(spec, &paths.database, timeout, Access::Exclusive).await.map_err(failed)?;
    let read = Schema::read(&mut alone).await.map_err(failed);
    let usable = read.and_then(|schema| schema.check(spec, paths));
    let (mut alone, ()) = closed_on_error(alone, usable).await?;
    let switched =
        migrate::switch_journal(paths, &mut alone, JournalMode::Delete, options.write_timeout).await;
    let (alone, journal) = closed_on_error(alone, switched).await?;
    alone.close().await.map_err(failed)?;
    Ok(journal)
}

/// Connects to a database that is ours. Retries while another process recovers it or switches its journal mode.
pub(crate) async fn connect_and_read(
    spec: &'static DbSpec,
    paths: &DbPaths,
    options: &OpenOptions,
) -> Result<(SqliteConnection, Schema), OpenError> {
    let mut retry = Retry::new(options.write_timeout);
    loop {
        match connect_once(spec, paths, options, Access::Write).await {
            Ok(read) => return Ok(read),
            Err(error) if ErrorClass::of(&error) == ErrorClass::Busy && retry.again().await => {}
            Err(error) => return Err(OpenError::sqlx(paths, retry.waited(), error)),
        }
    }
}

/// Connects and reads the schema.
pub(crate) async fn connect_once(
    spec: &'static DbSpec,
    paths: &DbPaths,
    options: &OpenOptions,
    access: Access,
) -> Result<(SqliteConnection, Schema), sqlx::Error> {
    let mut connection = connect(spec, &paths.database, options.busy_timeout, access).await?;
    let schema = Schema::read(&mut connection).await;
    closed_on_error(connection, schema).await
}
