//! Deleted threads: erases their rows, and drops new ones.

use sqlx::sqlite::SqliteConnection;
use threadkeep_sqlite::{DeletedThreads, Tombstones};
use uuid::Uuid;

use super::LogStore;
use super::partition::partitions_of;
use super::place::places;

pub(super) const TOMBSTONES: Tombstones = Tombstones::new("log_tombstones");

impl LogStore {
    /// Returns the deleted threads. [`erase`](DeletedThreads::erase) erases a thread's rows. New
    /// rows are dropped until the thread is [restored](DeletedThreads::restore).
    #[must_use]
    pub fn deleted_threads(&self) -> DeletedThreads {
        let database = self.database.clone();
        DeletedThreads::new(database, TOMBSTONES, |conn, threads| Box::pin(delete(conn, threads)))
    }
}

/// Deletes the rows of threads, and their partitions.
async fn delete(conn: &mut SqliteConnection, threads: Vec<Uuid>) -> Result<(), sqlx::Error> {
    for partition in partitions_of(conn, &threads).await? {
        let places = places(partition);
        sqlx::query("DELETE FROM log_rows WHERE place BETWEEN ?1 AND ?2")
            .bind(places.start())
            .bind(places.end())
            .execute(&mut *conn)
            .await?;
        sqlx::query("DELETE FROM log_partitions WHERE id = ?1").bind(partition).execute(&mut *conn).await?;
    }
    Ok(())
}
