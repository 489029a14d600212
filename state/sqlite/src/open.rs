//! Opening a database: look, and only then connect, lock, create, snapshot, migrate.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use crate::connect::{Access, closed_on_error, connect};
use crate::database::Database;
use crate::error::{ErrorClass, is_hot_journal};
use crate::lock::{FileLock, create_private};
use crate::look::{self, Look};
use crate::migrate;
use crate::open_error::OpenError;
use crate::options::{JournalMode, OpenOptions};
use crate::paths::DbPaths;
use crate::retry::Retry;
use crate::schema::Schema;
use crate::snapshot;
use crate::spec::DbSpec;
use crate::stamp::Stamp;
use crate::telemetry::{self, names};

/// How long to wait for others before a change of journal mode that would be nice, but is not needed.
const SWITCH_PATIENCE: Duration = Duration::from_millis(100);

impl Database {
    /// Opens a database, creating or upgrading it when needed.
    ///
    /// A file that is not ours, is newer or is damaged is refused before anything is written. Opening a database that is
    /// up to date takes no lock and writes nothing.
    ///
    /// # Errors
    ///
    /// * [`OpenError::Foreign`], [`OpenError::ForeignLog`], [`OpenError::NotAFile`]: something else is in the database's
    ///   place, or beside it.
    /// * [`OpenError::Newer`], [`OpenError::Checksum`]: this program is too old, or of another line.
    /// * [`OpenError::Corrupt`]: the file is damaged.
    /// * [`OpenError::Busy`]: another process is migrating, or writing, for too long.
    /// * [`OpenError::NotUtf8`], [`OpenError::NoFolder`], [`OpenError::NotWritable`], [`OpenError::Full`], [`OpenError::Io`]: the file system.
    /// * [`OpenError::Missing`], [`OpenError::Outdated`], [`OpenError::NeedsRecovery`]: read-only, and there is nothing to
    ///   read without writing first.
    /// * [`OpenError::Changed`]: read-only, and another program wrote each time we read.
    /// * [`OpenError::Migration`], [`OpenError::Unexpected`]: a bug.
    pub async fn open(
        spec: &'static DbSpec,
        folder: &Path,
        options: &OpenOptions,
    ) -> Result<Self, OpenError> {
        let started = Instant::now();
        let mut phase = "look";
        let result = open(spec, folder, options, &mut phase).await;
        let (status, error) = match &result {
            Ok(_) => ("ok", "none"),
            Err(error) => ("error", error.class().as_str()),
        };
        let tags = [("db", spec.label), ("status", status), ("phase", phase), ("error", error)];
        telemetry::report(names::OPEN, started.elapsed(), &tags);
        result
    }
}

async fn open(
    spec: &'static DbSpec,
    folder: &Path,
    options: &OpenOptions,
    phase: &mut &'static str,
) -> Result<Database, OpenError> {
    let (paths, look) = first_look(spec, folder, options.read_only).await?;
    *phase = "connect";
    let opened = if options.read_only {
        match open_read_only(spec, &paths, look, options).await {
            // Once more: a program that was just closing the database is the usual reason.
            Err(OpenError::Changed { .. }) => {
                let (paths, look) = first_look(spec, folder, true).await?;
                open_read_only(spec, &paths, look, options).await
            }
            opened => opened,
        }
    } else {
        open_writable(spec, &paths, look, options, phase).await
    };
    let database = opened?;
    *phase = "done";
    Ok(database)
}

async fn first_look(
    spec: &'static DbSpec,
    folder: &Path,
    read_only: bool,
) -> Result<(DbPaths, Look), OpenError> {
    let folder = folder.to_path_buf();
    let failed_at = folder.clone();
    let looked = tokio::task::spawn_blocking(move || {
        let paths = DbPaths::new(spec, &folder);
        look::look(spec, &paths, read_only).map(|look| (paths, look))
    });
    looked
        .await
        .unwrap_or_else(|error| Err(OpenError::Io { doing: "read", path: failed_at, source: error.into() }))
}

async fn open_read_only(
    spec: &'static DbSpec,
    paths: &DbPaths,
    look: Look,
    options: &OpenOptions,
) -> Result<Database, OpenError> {
    let journal = look.header.map_or(JournalMode::Delete, |header| header.journal);
    let recovery =
        |left: &Path| OpenError::NeedsRecovery { path: paths.database.clone(), left: left.to_path_buf() };
    let stamp = Stamp::of(paths);
    let access = Access::without_trace(paths, journal).ok_or_else(|| recovery(&paths.wal))?;
    let database = Database::new(spec, paths.clone(), options.clone(), journal, access, stamp);
    let read = connect_once(spec, paths, options, access).await;
    if stamp.is_stale(access, paths) {
        return Err(OpenError::Changed { path: paths.database.clone() });
    }
    let (connection, schema) = read.map_err(|error: sqlx::Error| match error {
        error if is_hot_journal(&error) => recovery(&paths.journal),
        error => OpenError::sqlx(paths, options.busy_timeout, error),
    })?;
    let usable = schema.check(spec, paths).and_then(|()| match schema.pending(spec).is_empty() {
        true => Ok(()),
        false => Err(OpenError::Outdated {
            path: paths.database.clone(),
            applied: schema.version(),
            needed: spec.newest_version(),
        }),
    });
    let (connection, ()) = closed_on_error(connection, usable).await?;
    database.keep_reader(connection);
    Ok(database)
}

async fn open_writable(
    spec: &'static DbSpec,
    paths: &DbPaths,
    look: Look,
    options: &OpenOptions,
    phase: &mut &'static str,
) -> Result<Database, OpenError> {
    let wanted = options.journal.resolve(look.file_system);
    // The common case first: a database that is up to date needs one handle, two statements and no lock. One in WAL where WAL
    // is unsafe is opened by who is alone on it.
    if let Some(header) = look.header
        && (header.journal, wanted) != (JournalMode::Wal, JournalMode::Delete)
    {
        let (connection, schema) = connect_and_read(spec, paths, options).await?;
        // The header was ours and the database is blank: its creation was killed in its commit, and SQLite has just rolled
        // that back. It is created again below.
        let usable = if schema.is_blank() { Ok(()) } else { schema.check(spec, paths) };
        let (connection, ()) = closed_on_error(connection, usable).await?;
        if header.journal == wanted && !schema.is_blank() && schema.pending(spec).is_empty() {
            return Ok(Database::with_writer(spec, paths.clone(), options.clone(), wanted, connection));
        }
        // Closed here and now, or it would be in the way of what is done under the lock.
        let _ = connection.close().await;
    }
    *phase = "lock";
    let lock = FileLock::acquire(&paths.lock, options.lock_timeout).await?;
    let opened = prepare(spec, paths, options, wanted, phase).await;
    drop(lock);
    let (connection, journal) = opened?;
    Ok(Database::with_writer(spec, paths.clone(), options.clone(), journal, connection))
}

/// Creates, switches the journal mode and migrates, as far as each is needed. Called under our lock.
async fn prepare(
    spec: &'static DbSpec,
    paths: &DbPaths,
    options: &OpenOptions,
    wanted: JournalMode,
    phase: &mut &'static str,
) -> Result<(SqliteConnection, JournalMode), OpenError> {
    // While we waited, another process may have done it all.
    let (_, look) = first_look(spec, &paths.folder, false).await?;
    *phase = "create";
    let mut journal = look.header.map_or(JournalMode::Delete, |header| header.journal);
    if journal == JournalMode::Wal && wanted == JournalMode::Delete {
        journal = leave_wal(spec, paths, options).await?;
    }
    if look.header.is_none() {
        create_private(&paths.database).map_err(|error| OpenError::io("create", &paths.database, error))?;
    }
    let (mut connection, schema) = connect_and_read(spec, paths, options).await?;
    let state = Prepared { schema, journal, wanted };
    let brought = bring_up_to_date(spec, paths, options, &mut connection, state, phase).await;
    closed_on_error(connection, brought).await
}

/// What is known of a database before it is brought up to date.
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
    // The first look has refused every blank database that somebody else made.
    if schema.is_blank() {
        migrate::create(spec, paths, connection, options.lock_timeout).await?;
        let read = Schema::read(connection).await;
        schema = read.map_err(|error| OpenError::sqlx(paths, options.busy_timeout, error))?;
    }
    schema.check(spec, paths)?;
    if journal == JournalMode::Delete && wanted == JournalMode::Wal {
        // A new file waits for those who only looked; an old one that others are using stays as it is, which is safe.
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

/// Takes a database out of WAL where its shared memory cannot be trusted: alone on the file, with the index in our memory.
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

/// Connects to a database that is ours, trying again while another process recovers or switches it.
async fn connect_and_read(
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

async fn connect_once(
    spec: &'static DbSpec,
    paths: &DbPaths,
    options: &OpenOptions,
    access: Access,
) -> Result<(SqliteConnection, Schema), sqlx::Error> {
    let mut connection = connect(spec, &paths.database, options.busy_timeout, access).await?;
    let schema = Schema::read(&mut connection).await;
    closed_on_error(connection, schema).await
}
