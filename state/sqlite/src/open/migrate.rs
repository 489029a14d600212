//! Creating a database and running its pending migrations: all of them in one IMMEDIATE
//! transaction, or none.

use std::time::{Duration, Instant};

use sqlx::migrate::{Migrate as _, MigrateError};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Executor as _};
use sqlx_core::transaction::TransactionManager as _;

use super::Opening;
use super::schema::{Schema, TABLE};
use crate::database::retry::{Retry, patiently};
use crate::database::transaction::{Manager, begin_immediate, commit};
use crate::error::{DbError, ErrorClass, OpenError, Source, message};
use crate::options::JournalMode;
use crate::spec::MigrationFile;
use crate::telemetry::{self, names};

impl Opening<'_> {
    /// Marks an empty file as ours. Called under our lock, in rollback-journal mode, as the first
    /// write to the file.
    pub(super) async fn create(&self, connection: &mut SqliteConnection) -> Result<(), DbError> {
        let mut retry = Retry::new(self.options.lock_timeout);
        let marked = patiently!(retry, self.mark(connection).await);
        marked.map_err(|error| self.error_after(&retry, error))
    }

    /// Writes the file's first page, with our mark on it from the first moment.
    ///
    /// This is the one transaction that is not IMMEDIATE: an immediate one makes the first page
    /// before `auto_vacuum` can be set. `auto_vacuum` on its own commits a page without our
    /// application id, which every program would then refuse.
    async fn mark(&self, connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        Manager::begin(connection, None).await?;
        let marked = async {
            let schema = Schema::read(connection).await?;
            if schema.is_blank() {
                let id = self.spec.application_id;
                let mark = format!("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA application_id = {id}");
                connection.execute(AssertSqlSafe(mark)).await?;
            }
            Manager::commit(connection).await
        };
        let result = marked.await;
        if result.is_err() {
            // After some errors, such as a full disk, SQLite has rolled back already and refuses to
            // do it again. The first error is the answer.
            let _ = Manager::rollback(connection).await;
        }
        result
    }

    /// Switches the journal mode, and returns the mode that the database has afterwards. Retries
    /// until it is alone on the file.
    pub(super) async fn switch_journal(
        &self,
        connection: &mut SqliteConnection,
        mode: JournalMode,
        limit: Duration,
    ) -> Result<JournalMode, DbError> {
        let statement = match mode {
            JournalMode::Wal => "PRAGMA journal_mode = WAL",
            JournalMode::Delete => "PRAGMA journal_mode = DELETE",
        };
        let mut retry = Retry::new(limit);
        let now = patiently!(retry, sqlx::query_scalar(statement).fetch_one(&mut *connection).await);
        let now: String = now.map_err(|error| self.error_after(&retry, error))?;
        Ok(if now == "wal" { JournalMode::Wal } else { JournalMode::Delete })
    }

    /// Runs the pending migrations in one transaction. After an error the connection must be
    /// closed.
    pub(super) async fn migrate(&self, connection: &mut SqliteConnection) -> Result<(), OpenError> {
        let started = Instant::now();
        let mut phase = "fresh";
        let result = self.run_pending(connection, &mut phase).await;
        telemetry::report_step(names::MIGRATE, self.spec.label, phase, started, &result);
        result
    }

    async fn run_pending(
        &self,
        connection: &mut SqliteConnection,
        phase: &mut &'static str,
    ) -> Result<(), OpenError> {
        let mut retry = Retry::new(self.options.lock_timeout);
        macro_rules! sql {
            ($work:expr) => {
                $work.await.map_err(|error| self.error_after(&retry, error))?
            };
        }
        // Rebuilding a table drops the old one. With foreign keys on, that would delete the rows
        // that point to it. The pragma does nothing within a transaction, so it comes first, and
        // dangling rows are counted before COMMIT.
        sql!(connection.execute("PRAGMA foreign_keys = OFF"));
        sql!(begin_immediate(connection, &mut retry));
        // Another process may have migrated between our look and this lock.
        let schema = sql!(Schema::read(connection));
        schema.check(self.spec, &self.paths)?;
        if !schema.applied.is_empty() {
            *phase = "upgrade";
        }
        let dangling = sql!(dangling_keys(connection));
        connection.ensure_migrations_table(TABLE).await.map_err(|error| self.failed(None, error))?;
        for migration in schema.pending(self.spec) {
            let applied = connection.apply(TABLE, &migration.to_migration()).await;
            applied.map_err(|error| self.failed(Some(migration), error))?;
        }
        if sql!(dangling_keys(connection)) > dangling
            && let Some(newest) = self.spec.migrations.last()
        {
            let rows = "rows are left that point to rows which are gone (PRAGMA foreign_key_check)";
            return Err(self.failed_migration(newest, rows.into()));
        }
        sql!(commit(connection, &mut retry));
        sql!(connection.execute("PRAGMA foreign_keys = ON"));
        Ok(())
    }

    fn failed(&self, migration: Option<&MigrationFile>, error: MigrateError) -> OpenError {
        let error = match error {
            MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => error,
            other => sqlx::Error::Migrate(Box::new(other)),
        };
        match (ErrorClass::of(&error), migration) {
            (ErrorClass::Other, Some(migration)) => self.failed_migration(migration, message(error)),
            _ => DbError::sqlx(&self.paths, Duration::ZERO, error).into(),
        }
    }

    fn failed_migration(&self, migration: &MigrationFile, source: Source) -> OpenError {
        let MigrationFile { version, description, .. } = *migration;
        OpenError::Migration { path: self.paths.database.clone(), version, description, source }
    }
}

async fn dangling_keys(connection: &mut SqliteConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM pragma_foreign_key_check").fetch_one(connection).await
}
