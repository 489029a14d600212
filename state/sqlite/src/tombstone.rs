//! Tombstones: the ids of deleted threads, kept so that nothing brings a thread back unasked.

use std::collections::HashSet;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use uuid::Uuid;

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

    /// Returns all tombstones.
    ///
    /// # Errors
    ///
    /// The error of SQLite.
    pub async fn all(&self, conn: &mut SqliteConnection) -> Result<Vec<Tombstone>, sqlx::Error> {
        // As one value: there may be thousands, and a row costs more than its bytes.
        let all: String = sqlx::query_scalar(self.sql(ALL)).fetch_one(conn).await?;
        let all: Vec<(Uuid, i64)> = serde_json::from_str(&all).map_err(decode)?;
        let stone = |(thread_id, at)| {
            let deleted_at = Timestamp::from_millisecond(at).map_err(decode)?;
            Ok(Tombstone { thread_id, deleted_at })
        };
        all.into_iter().map(stone).collect()
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
const ALL: &str = "SELECT json_group_array(json_array(thread_id, deleted_at_ms)) FROM {}";

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
