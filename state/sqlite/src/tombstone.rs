//! Tombstones: what is kept of a thread that was deleted, so that it is known again without being named.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Row as _};
use uuid::Uuid;

/// A thread that was deleted: a row of a store's table of tombstones.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tombstone {
    /// The digest of its id: see [`Tombstone::digest`].
    pub digest: String,
    /// When it was deleted, in Unix milliseconds.
    pub deleted_at_ms: i64,
}

impl Tombstone {
    /// Makes the tombstone of a thread.
    #[must_use]
    pub fn of(thread: Uuid, deleted_at_ms: i64) -> Self {
        Self { digest: Self::digest(thread), deleted_at_ms }
    }

    /// Returns the digest by which a deleted thread is known again: the first 128 bits of a SHA-256, as 32 hexadecimal
    /// digits. It is the same in every store, so that one can learn from another what was deleted.
    #[must_use]
    pub fn digest(thread: Uuid) -> String {
        let hash = Sha256::new().chain_update(b"threadkeep deleted thread\0").chain_update(thread.as_bytes());
        // An id of 128 bits is written fast: an index run makes three digests for every file.
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.finalize()[..16]);
        Uuid::from_bytes(digest).simple().to_string()
    }
}

/// A store's table of tombstones.
///
/// The store makes it by a migration of its own, with the columns `digest TEXT NOT NULL PRIMARY KEY` and `deleted_at_ms INTEGER
/// NOT NULL`; it puts a tombstone in the transaction that deletes, and asks for it in the one that would add.
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

    /// Adds tombstones. One that is there already is as old as it was.
    ///
    /// # Errors
    ///
    /// What SQLite says.
    pub async fn put(&self, conn: &mut SqliteConnection, stones: &[Tombstone]) -> Result<(), sqlx::Error> {
        let rows = stones.iter().map(|stone| format!("[\"{}\",{}]", stone.digest, stone.deleted_at_ms));
        let rows = format!("[{}]", rows.collect::<Vec<_>>().join(","));
        sqlx::query(AssertSqlSafe(self.put_sql())).bind(rows).execute(conn).await?;
        Ok(())
    }

    /// Removes the tombstones of threads that are brought back, and says how many there were.
    ///
    /// # Errors
    ///
    /// What SQLite says.
    pub async fn remove(
        &self,
        conn: &mut SqliteConnection,
        threads: impl IntoIterator<Item = Uuid>,
    ) -> Result<u64, sqlx::Error> {
        let digests: Vec<String> = threads.into_iter().map(Tombstone::digest).collect();
        let removed =
            sqlx::query(AssertSqlSafe(self.remove_sql())).bind(json(&digests)).execute(conn).await?;
        Ok(removed.rows_affected())
    }

    /// Returns those of some threads that were deleted. Of none, without asking the database.
    ///
    /// # Errors
    ///
    /// What SQLite says.
    pub async fn deleted_of(
        &self,
        conn: &mut SqliteConnection,
        threads: impl IntoIterator<Item = Uuid>,
    ) -> Result<HashSet<Uuid>, sqlx::Error> {
        let threads: Vec<Uuid> = threads.into_iter().collect();
        if threads.is_empty() {
            return Ok(HashSet::new());
        }
        let digests: Vec<String> = threads.iter().copied().map(Tombstone::digest).collect();
        let rows = sqlx::query(AssertSqlSafe(self.which_sql())).bind(json(&digests)).fetch_all(conn).await?;
        let deleted = rows.iter().map(|row| row.try_get(0)).collect::<Result<HashSet<&str>, _>>()?;
        let known = threads.iter().zip(&digests).filter(|(_, digest)| deleted.contains(digest.as_str()));
        Ok(known.map(|(thread, _)| *thread).collect())
    }

    /// Returns all tombstones.
    ///
    /// # Errors
    ///
    /// What SQLite says.
    pub async fn all(&self, conn: &mut SqliteConnection) -> Result<Vec<Tombstone>, sqlx::Error> {
        let rows = sqlx::query(AssertSqlSafe(self.all_sql())).fetch_all(conn).await?;
        let read = |row: &sqlx::sqlite::SqliteRow| {
            Ok(Tombstone { digest: row.try_get(0)?, deleted_at_ms: row.try_get(1)? })
        };
        rows.iter().map(read).collect()
    }

    /// Returns the statements by name, for audits of their plans.
    #[must_use]
    pub fn statements(&self) -> Vec<(String, String)> {
        let named = [
            ("put", self.put_sql()),
            ("remove", self.remove_sql()),
            ("deleted of", self.which_sql()),
            ("all", self.all_sql()),
        ];
        named.into_iter().map(|(name, sql)| (format!("{}, {name}", self.table), sql)).collect()
    }

    fn put_sql(&self) -> String {
        format!(
            "INSERT INTO {} (digest, deleted_at_ms) SELECT value ->> 0, value ->> 1 FROM json_each(?1) \
             WHERE true ON CONFLICT (digest) DO NOTHING",
            self.table
        )
    }

    fn remove_sql(&self) -> String {
        format!("DELETE FROM {} WHERE digest IN (SELECT value FROM json_each(?1))", self.table)
    }

    fn which_sql(&self) -> String {
        format!("SELECT digest FROM {} WHERE digest IN (SELECT value FROM json_each(?1))", self.table)
    }

    fn all_sql(&self) -> String {
        format!("SELECT digest, deleted_at_ms FROM {} ORDER BY digest", self.table)
    }
}

/// A JSON array of digests, which need no escaping.
fn json(digests: &[String]) -> String {
    let quoted: Vec<String> = digests.iter().map(|digest| format!("\"{digest}\"")).collect();
    format!("[{}]", quoted.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_never_changes() {
        // It is in databases: another one would bring back what was deleted.
        assert_eq!(Tombstone::digest(Uuid::from_bytes([7; 16])), "6c38e1c6102fc02aaae4cdf149f7e3af");
    }
}
