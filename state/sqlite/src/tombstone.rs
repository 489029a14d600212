//! Tombstones: the ids of deleted threads, kept so that nothing brings a thread back unasked.

use std::collections::HashSet;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use uuid::Uuid;

use crate::database::durability::Durability;
use crate::database::lazy::{Edit, LazyDatabase};
use crate::error::{DbError, OpenError};
use crate::row::{RowReader, json};

/// A deleted thread: a row of a store's table of tombstones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// Id of the thread.
    pub thread_id: Uuid,
    /// Time of the deletion.
    pub deleted_at: Timestamp,
}

impl Tombstone {
    /// Reads a row of `thread_id` and `deleted_at_ms`.
    ///
    /// # Errors
    ///
    /// The error of sqlx for other columns.
    pub fn from_row(row: &SqliteRow) -> Result<Self, sqlx::Error> {
        let mut row = RowReader::new(row);
        Ok(Self { thread_id: row.uuid()?, deleted_at: row.time()? })
    }
}

/// A store's table of tombstones.
///
/// The store creates it in a migration, with the columns `thread_id TEXT NOT NULL PRIMARY KEY` and
/// `deleted_at_ms INTEGER NOT NULL`. It puts a tombstone in the transaction that deletes, and looks
/// for one in the transaction that would add.
#[derive(Debug, Clone, Copy)]
pub struct Tombstones {
    table: &'static str,
}

impl Tombstones {
    /// Names the table.
    #[must_use]
    pub const fn new(table: &'static str) -> Self {
        Self { table }
    }

    /// Adds tombstones. An existing tombstone keeps its time.
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn put(&self, conn: &mut SqliteConnection, stones: &[Tombstone]) -> Result<(), sqlx::Error> {
        let row = |stone: &Tombstone| (stone.thread_id, stone.deleted_at.as_millisecond());
        let rows: Vec<(Uuid, i64)> = stones.iter().map(row).collect();
        sqlx::query(self.sql(PUT)).bind(json(&rows)).execute(conn).await.map(drop)
    }

    /// Removes the tombstones of restored threads.
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn remove(&self, conn: &mut SqliteConnection, threads: &[Uuid]) -> Result<(), sqlx::Error> {
        sqlx::query(self.sql(REMOVE)).bind(json(threads)).execute(conn).await.map(drop)
    }

    /// Returns the deleted threads among `threads`. An empty list costs no statement.
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn deleted_among(
        &self,
        conn: &mut SqliteConnection,
        threads: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashSet<Uuid>, sqlx::Error> {
        let threads: Vec<Uuid> = threads.into_iter().collect();
        if threads.is_empty() {
            return Ok(HashSet::new());
        }
        let rows = sqlx::query(self.sql(AMONG)).bind(json(&threads)).fetch_all(conn).await?;
        rows.iter().map(|row| RowReader::new(row).uuid()).collect()
    }

    /// Erases a thread: runs `delete` in the transaction that puts its tombstone, and in every
    /// snapshot that upgrades have left. Creates the database if there is none, so that the thread
    /// stays deleted.
    ///
    /// Returns true if no byte of it is left. Returns false if another program still reads what was
    /// there before, which then stays in the write-ahead log until that program ends. Call it again
    /// later.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`](crate::Database::open),
    /// [`Database::write`](crate::Database::write) and [`LazyDatabase::edit_snapshots`]. Completed
    /// steps are kept, and all of them can be repeated.
    pub async fn erase_thread<E, F>(
        &self,
        database: &LazyDatabase,
        stone: Tombstone,
        mut delete: F,
    ) -> Result<bool, E>
    where
        E: From<OpenError> + From<DbError>,
        F: for<'c> FnMut(&'c mut SqliteConnection) -> Edit<'c>,
    {
        let db = database.get().await?;
        db.write::<_, DbError>(Durability::Durable, async |conn| {
            delete(conn).await?;
            Ok(self.put(conn, &[stone]).await?)
        })
        .await?;
        // The log still has what was deleted, and no connection may close soon.
        let is_written_back = db.checkpoint().await?;
        database.edit_snapshots::<E, F>(delete).await?;
        Ok(is_written_back)
    }

    /// Restores a thread: removes its tombstone. Creates no database.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`](crate::Database::open) and
    /// [`Database::write`](crate::Database::write).
    pub async fn restore_thread<E>(&self, database: &LazyDatabase, thread: Uuid) -> Result<(), E>
    where
        E: From<OpenError> + From<DbError>,
    {
        let Some(db) = database.existing().await? else { return Ok(()) };
        let remove = db
            .write::<_, DbError>(Durability::Durable, async |conn| Ok(self.remove(conn, &[thread]).await?));
        Ok(remove.await?)
    }

    /// Returns the tombstones of a database, or none if there is no database.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`](crate::Database::open) and
    /// [`Database::read`](crate::Database::read).
    pub async fn list<E>(&self, database: &LazyDatabase) -> Result<Vec<Tombstone>, E>
    where
        E: From<OpenError> + From<DbError>,
    {
        let Some(db) = database.existing().await? else { return Ok(Vec::new()) };
        let rows = db.read(async |conn| sqlx::query(self.sql(ALL)).fetch_all(conn).await).await?;
        let read = |row| Tombstone::from_row(row).map_err(|error| db.error(error).into());
        rows.iter().map(read).collect()
    }

    /// Returns the statements by name, for audits of their plans.
    #[must_use]
    pub fn statements(&self) -> Vec<(String, String)> {
        let named = [("put", PUT), ("remove", REMOVE), ("deleted among", AMONG), ("all", ALL)];
        let named = named.into_iter();
        named.map(|(name, sql)| (format!("{}, {name}", self.table), sql.replace("{}", self.table))).collect()
    }

    fn sql(&self, statement: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(statement.replace("{}", self.table))
    }
}

// `{}` stands for the table.
const PUT: &str = "INSERT INTO {} (thread_id, deleted_at_ms) SELECT value ->> 0, value ->> 1 \
     FROM json_each(?1) WHERE true ON CONFLICT (thread_id) DO NOTHING";
const REMOVE: &str = "DELETE FROM {} WHERE thread_id IN (SELECT value FROM json_each(?1))";
const AMONG: &str = "SELECT thread_id FROM {} WHERE thread_id IN (SELECT value FROM json_each(?1))";
const ALL: &str = "SELECT thread_id, deleted_at_ms FROM {} ORDER BY thread_id";
