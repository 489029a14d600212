//! Creating a database and running its pending migrations: all of them in one IMMEDIATE transaction, or none.

use std::time::{Duration, Instant};

use sqlx::migrate::{Migrate as _, MigrateError};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Executor as _};
use sqlx_core::transaction::TransactionManager as _;

use super::schema::{Schema, TABLE};
use crate::database::retry::Retry;
use crate::database::transaction::{Manager, begin_immediate, commit};
use crate::error::{ErrorClass, OpenError, message};
use crate::options::JournalMode;
use crate::paths::DbPaths;
use crate::spec::{DbSpec, MigrationFile};
use crate::telemetry::{self, names};

/// Marks an empty file as ours. Called under our lock, in rollback-journal mode, as the first write to the file.
pub(crate) async fn create(
    spec: &DbSpec,
    paths: &DbPaths,
    connection: &mut SqliteConnection,
    limit: Duration,
) -> Result<(), OpenError> {
    let mut retry = Retry::new(limit);
    loop {
        match mark(spec, connection).await {
            Err(error) if ErrorClass::of(&error) == ErrorClass::Busy && retry.again().await => {}
            done => return done.map_err(|error| OpenError::sqlx(paths, retry.waited(), error)),
        }
    }
}

/// Writes the file's first page, with our mark on it from the first moment.
///
/// This is the one transaction that is not IMMEDIATE: an immediate one makes the first page before `auto_vacuum` can be
/// set, and `auto_vacuum` on its own commits a page without our application id, which every program would then refuse.
async fn mark(spec: &DbSpec, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    Manager::begin(connection, None).await?;
    let marked = async {
        let schema = Schema::read(connection).await?;
        if schema.is_blank() {
            let id = spec.application_id;
            let mark = format!("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = {id}");
            connection.execute(AssertSqlSafe(mark)).await?;
        }
        Manager::commit(connection).await
    };
    let result = marked.await;
    if result.is_err() {
        // After some errors, as that of a full disk, SQLite has rolled back by itself, and says that there is nothing to
        // roll back. What it message first is the answer.
        let _ = Manager::rollback(connection).await;
    }
    result
}

/// Switches the journal mode, and returns the mode that the database has afterwards. Retries until it is alone on the file.
pub(crate) async fn switch_journal(
    paths: &DbPaths,
    connection: &mut SqliteConnection,
    mode: JournalMode,
    limit: Duration,
) -> Result<JournalMode, OpenError> {
    let mut retry = Retry::new(limit);
    let statement = match mode {
        JournalMode::Wal => "PRAGMA journal_mode = WAL",
        JournalMode::Delete => "PRAGMA journal_mode = DELETE",
    };
    loop {
        match sqlx::query_scalar::<_, String>(statement).fetch_one(&mut *connection).await {
            Ok(now) if now == "wal" => return Ok(JournalMode::Wal),
            Ok(_) => return Ok(JournalMode::Delete),
            Err(error) if ErrorClass::of(&error) == ErrorClass::Busy && retry.again().await => {}
            Err(error) => return Err(OpenError::sqlx(paths, retry.waited(), error)),
        }
    }
}

/// Runs the pending migrations in one transaction. After an error the connection must be closed.
pub(crate) async fn migrate(
    spec: &DbSpec,
    paths: &DbPaths,
    connection: &mut SqliteConnection,
    limit: Duration,
) -> Result<(), OpenError> {
    let started = Instant::now();
    let mut phase = "fresh";
    let result = run(spec, paths, connection, limit, &mut phase).await;
    telemetry::report_step(names::MIGRATE, spec.label, phase, started, &result);
    result
}

async fn run(
    spec: &DbSpec,
    paths: &DbPaths,
    connection: &mut SqliteConnection,
    limit: Duration,
    phase: &mut &'static str,
) -> Result<(), OpenError> {
    let mut retry = Retry::new(limit);
    macro_rules! sql {
        ($what:expr) => {
            $what.await.map_err(|error| OpenError::sqlx(paths, retry.waited(), error))?
        };
    }
    // Rebuilding a table drops the old one, and with foreign keys on that would delete the rows that point to it. The
    // pragma does nothing within a transaction, so it comes first, and dangling rows are counted before COMMIT.
    sql!(connection.execute("PRAGMA foreign_keys = OFF"));
    sql!(begin_immediate(connection, &mut retry));
    // Another process may have migrated between our look and this lock.
    let schema = sql!(Schema::read(connection));
    schema.check(spec, paths)?;
    if !schema.applied.is_empty() {
        *phase = "upgrade";
    }
    let dangling = sql!(dangling_keys(connection));
    connection.ensure_migrations_table(TABLE).await.map_err(|error| failed(paths, &retry, None, error))?;
    for migration in schema.pending(spec) {
        let applied = connection.apply(TABLE, &migration.to_migration()).await;
        applied.map_err(|error| failed(paths, &retry, Some(migration), error))?;
    }
    if sql!(dangling_keys(connection)) > dangling {
        let newest = spec.migrations.last();
        return Err(OpenError::Migration {
            path: paths.database.clone(),
            version: newest.map_or(0, |migration| migration.version),
            description: newest.map_or("", |migration| migration.description),
            source: "rows are left that point to rows which are gone (PRAGMA foreign_key_check)".into(),
        });
    }
    sql!(commit(connection, &mut retry));
    sql!(connection.execute("PRAGMA foreign_keys = ON"));
    Ok(())
}

async fn dangling_keys(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM pragma_foreign_key_check").fetch_one(connection).await
}

fn failed(
    paths: &DbPaths,
    retry: &Retry,
    migration: Option<&MigrationFile>,
    error: MigrateError,
) -> OpenError {
    let error = match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error,
        other => sqlx::Error::Migrate(Box::new(other)),
    };
    match (ErrorClass::of(&error), migration) {
        (ErrorClass::Other, Some(migration)) => OpenError::Migration {
            path: paths.database.clone(),
            version: migration.version,
            description: migration.description,
            source: message(error),
        },
        _ => OpenError::sqlx(paths, retry.waited(), error),
    }
}
