//! Tombstones: the ids of deleted threads, kept so that nothing brings a thread back unasked.

use std::collections::HashSet;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;
use uuid::Uuid;

use crate::database::durability::Durability;
use crate::database::lazy::{Edit, LazyDatabase};
use crate::error::{DbError, OpenError};
use crate::row::{JsonText, RowReader, json, text_of};

/// A deleted thread: a row of a store's table of tombstones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tombstone {
    /// Id of the thread.
    pub thread_id: Uuid,
    /// Time of the deletion.
    pub deleted_at: Timestamp,
}

/// A store's table of tombstones.
///
/// The store creates it in a migration, with the columns `thread_id TEXT NOT NULL PRIMARY KEY` and `deleted_at_ms INTEGER NOT
/// NULL`. It puts a tombstone in the transaction that deletes, and looks for one in the transaction that would add.
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
        let rows = stones.iter().map(|stone| (text_of(stone.thread_id), stone.deleted_at.as_millisecond()));
        let rows: Vec<(String, i64)> = rows.collect();
        sqlx::query(AssertSqlSafe(self.put_sql())).bind(json(&rows)).execute(conn).await?;
        Ok(())
    }

    /// Removes the tombstones of restored threads.
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn remove(
        &self,
        conn: &mut SqliteConnection,
        threads: impl IntoIterator<Item = Uuid>,
    ) -> Result<(), sqlx::Error> {
        let threads: Vec<Uuid> = threads.into_iter().collect();
        sqlx::query(AssertSqlSafe(self.remove_sql())).bind(ids(&threads)).execute(conn).await?;
        Ok(())
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
        let rows = sqlx::query(AssertSqlSafe(self.among_sql())).bind(ids(&threads)).fetch_all(conn).await?;
        rows.iter().map(|row| RowReader::new(row).uuid()).collect()
    }

    /// Returns all tombstones.
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn all(&self, conn: &mut SqliteConnection) -> Result<Vec<Tombstone>, sqlx::Error> {
        let rows = sqlx::query(AssertSqlSafe(self.all_sql())).fetch_all(conn).await?;
        let read = |row: &sqlx::sqlite::SqliteRow| {
            let mut row = RowReader::new(row);
            Ok(Tombstone { thread_id: row.uuid()?, deleted_at: row.time()? })
        };
        rows.iter().map(read).collect()
    }

    /// Erases a thread: runs `delete` in the transaction that puts its tombstone, and in every snapshot that upgrades have left.
    /// Creates the database if there is none, so that the thread stays deleted.
    ///
    /// Returns true if no byte of it is left. Returns false if another program still reads what was there before, which
    /// then stays in the write-ahead log until that program ends. Call it again later.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`](crate::Database::open), [`Database::write`](crate::Database::write) and
    /// [`LazyDatabase::edit_snapshots`]. Completed steps are kept, and all of them can be repeated.
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
        let checkpoint = db.checkpoint().await?;
        database.edit_snapshots::<E, F>(delete).await?;
        Ok(checkpoint.complete)
    }

    /// Restores a thread: removes its tombstone. Creates no database.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`](crate::Database::open) and [`Database::write`](crate::Database::write).
    pub async fn restore_thread<E>(&self, database: &LazyDatabase, thread: Uuid) -> Result<(), E>
    where
        E: From<OpenError> + From<DbError>,
    {
        let Some(db) = database.existing().await? else { return Ok(()) };
        db.write::<_, DbError>(Durability::Durable, async |conn| Ok(self.remove(conn, [thread]).await?))
            .await?;
        Ok(())
    }

    /// Returns the tombstones of a database, or none if there is no database.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`](crate::Database::open) and [`Database::read`](crate::Database::read).
    pub async fn list<E>(&self, database: &LazyDatabase) -> Result<Vec<Tombstone>, E>
    where
        E: From<OpenError> + From<DbError>,
    {
        let Some(db) = database.existing().await? else { return Ok(Vec::new()) };
        Ok(db.read(async |conn| self.all(conn).await).await?)
    }

    /// Returns the statements by name, for audits of their plans.
    #[must_use]
    pub fn statements(&self) -> Vec<(String, String)> {
        let named = [
            ("put", self.put_sql()),
            ("remove", self.remove_sql()),
            ("deleted among", self.among_sql()),
            ("all", self.all_sql()),
        ];
        named.into_iter().map(|(name, sql)| (format!("{}, {name}", self.table), sql)).collect()
    }

    fn put_sql(&self) -> String {
        format!(
            "INSERT INTO {} (thread_id, deleted_at_ms) SELECT value ->> 0, value ->> 1 FROM json_each(?1) \
             WHERE true ON CONFLICT (thread_id) DO NOTHING",
            self.table
        )
    }

    fn remove_sql(&self) -> String {
        format!("DELETE FROM {} WHERE thread_id IN (SELECT value FROM json_each(?1))", self.table)
    }

    fn among_sql(&self) -> String {
        format!("SELECT thread_id FROM {} WHERE thread_id IN (SELECT value FROM json_each(?1))", self.table)
    }

    fn all_sql(&self) -> String {
        format!("SELECT thread_id, deleted_at_ms FROM {} ORDER BY thread_id", self.table)
    }
}

fn ids(threads: &[Uuid]) -> JsonText {
    json(&threads.iter().copied().map(text_of).collect::<Vec<_>>())
}
