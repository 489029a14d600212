//! The later steps of opening: connecting, and under our lock creating and upgrading.

use std::time::Duration;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::Opening;
use super::connect::{Access, closed_on_error, connect};
use super::schema::Schema;
use super::snapshot;
use crate::database::retry::{Retry, patiently};
use crate::error::{DbError, ErrorClass, OpenError};
use crate::options::JournalMode;
use crate::system::regular_file::create_private;

/// Wait for other programs before an optional change of journal mode.
const SWITCH_PATIENCE: Duration = Duration::from_millis(100);

impl Opening<'_> {
    /// Creates, switches the journal mode and migrates, as far as each is needed. Called under our
    /// lock. Returns a connection, and the database's journal mode.
    pub(super) async fn prepare(
        &mut self,
        wanted: JournalMode,
    ) -> Result<(SqliteConnection, JournalMode), OpenError> {
        // During the wait, another process may have done it all.
        let found = self.look().await?;
        self.phase = "create";
        let mut journal = found.header.map_or(JournalMode::Delete, |header| header.journal);
        if journal == JournalMode::Wal && wanted == JournalMode::Delete {
            journal = self.leave_wal().await?;
        }
        if found.header.is_none() {
            let path = &self.paths.database;
            create_private(path).map_err(|error| DbError::io("create", path, error))?;
        }
        let (mut connection, schema) = self.connect_patiently().await?;
        let upgraded = self.upgrade(&mut connection, schema, journal, wanted).await;
        closed_on_error(connection, upgraded).await
    }

    async fn upgrade(
        &mut self,
        connection: &mut SqliteConnection,
        mut schema: Schema,
        mut journal: JournalMode,
        wanted: JournalMode,
    ) -> Result<JournalMode, OpenError> {
        let timeout = self.options.lock_timeout;
        // The look has refused every blank database of another program.
        if schema.is_blank() {
            self.create(connection).await?;
            let read = Schema::read(connection).await;
            schema = read.map_err(|error| DbError::sqlx(&self.paths, Duration::ZERO, error))?;
        }
        schema.check(self.spec, &self.paths)?;
        if journal == JournalMode::Delete && wanted == JournalMode::Wal {
            // On a new file, wait for programs that only look. An old file that others are using
            // keeps its mode, which is safe.
            let limit = if schema.applied.is_empty() { timeout } else { SWITCH_PATIENCE };
            journal = match self.switch_journal(connection, wanted, limit).await {
                Err(error) if error.class() == ErrorClass::Busy && !schema.applied.is_empty() => journal,
                switched => switched?,
            };
        }
        if !schema.pending(self.spec).is_empty() {
            if !schema.applied.is_empty() {
                self.phase = "snapshot";
                snapshot::before_upgrade(&self.paths, connection, self.spec.newest_version()).await?;
            }
            self.phase = "migrate";
            self.migrate(connection).await?;
        }
        Ok(journal)
    }

    /// Switches a database from WAL to a rollback journal where shared memory is unsafe. Needs to
    /// be alone on the file, and keeps the log's index in memory.
    async fn leave_wal(&self) -> Result<JournalMode, OpenError> {
        let timeout = self.options.busy_timeout.min(SWITCH_PATIENCE);
        let failed = |error| DbError::sqlx(&self.paths, timeout, error);
        let alone = connect(self.spec, &self.paths.database, timeout, Access::Exclusive).await;
        let mut alone = alone.map_err(failed)?;
        let read = Schema::read(&mut alone).await.map_err(|error| failed(error).into());
        let usable = read.and_then(|schema| schema.check(self.spec, &self.paths));
        let (mut alone, ()) = closed_on_error(alone, usable).await?;
        let limit = self.options.write_timeout;
        let switched = self.switch_journal(&mut alone, JournalMode::Delete, limit).await;
        let (alone, journal) = closed_on_error(alone, switched).await?;
        alone.close().await.map_err(failed)?;
        Ok(journal)
    }

    /// Connects to a database that is ours. Retries while another process recovers it or switches
    /// its journal mode.
    pub(super) async fn connect_patiently(&self) -> Result<(SqliteConnection, Schema), DbError> {
        let mut retry = Retry::new(self.options.write_timeout);
        let connected = patiently!(retry, self.connect(Access::Write).await);
        connected.map_err(|error| self.error_after(&retry, error))
    }

    /// Connects and reads the schema.
    pub(super) async fn connect(&self, access: Access) -> Result<(SqliteConnection, Schema), sqlx::Error> {
        let path = &self.paths.database;
        let mut connection = connect(self.spec, path, self.options.busy_timeout, access).await?;
        let schema = Schema::read(&mut connection).await;
        closed_on_error(connection, schema).await
    }
}
