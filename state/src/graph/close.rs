//! Closes a thread with its descendants, and resumes them.

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use threadkeep_sqlite::{Durability, RowReader, uuid_text};
use uuid::Uuid;

use super::edge::{closed_by, require};
use super::statements::{CLOSE_BELOW, IS_INDEXED, OPEN_BELOW};
use super::{AgentGraph, GraphError};

impl AgentGraph {
    /// Closes a thread and all of its open descendants, in one transaction, and returns the threads
    /// that it closed.
    ///
    /// Descendants that were already closed keep their `closed_by`. Closing a closed thread again
    /// closes the descendants that were spawned since, as if the first closing had closed them.
    ///
    /// # Errors
    ///
    /// [`GraphError::NotFound`], [`GraphError::Database`]; then nothing was changed.
    pub async fn close_subtree(&self, id: Uuid, now: Timestamp) -> Result<Vec<Uuid>, GraphError> {
        self.db
            .write(Durability::Durable, async |conn| {
                let closing = require(conn, id, now).await?.unwrap_or(id);
                Ok(set_below(conn, CLOSE_BELOW, id, closing, now).await?)
            })
            .await
    }

    /// Reopens a thread and exactly the descendants that the same closing closed, in one
    /// transaction, and returns the threads that it opened. Does nothing to an open thread.
    ///
    /// # Errors
    ///
    /// [`GraphError::NotFound`], [`GraphError::Database`]; then nothing was changed.
    pub async fn resume_subtree(&self, id: Uuid, now: Timestamp) -> Result<Vec<Uuid>, GraphError> {
        self.db
            .write(Durability::Durable, async |conn| match closed_by(conn, id).await? {
                Some(Some(closing)) => Ok(set_below(conn, OPEN_BELOW, id, closing, now).await?),
                Some(None) => Ok(Vec::new()),
                // It has no edges, and so is open, if the index knows it.
                None if sqlx::query(IS_INDEXED).bind(uuid_text(id)).fetch_optional(conn).await?.is_some() => {
                    Ok(Vec::new())
                }
                None => Err(GraphError::NotFound(id).into()),
            })
            .await
    }
}

/// Runs one of the two statements; gives back the threads that it changed, the oldest first.
async fn set_below(
    conn: &mut SqliteConnection,
    statement: &'static str,
    id: Uuid,
    closing: Uuid,
    now: Timestamp,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let rows = sqlx::query(statement)
        .bind(uuid_text(id))
        .bind(uuid_text(closing))
        .bind(now.as_millisecond())
        .fetch_all(conn)
        .await?;
    let mut ids: Vec<Uuid> = rows.iter().map(|row| RowReader::new(row).uuid()).collect::<Result<_, _>>()?;
    ids.sort_unstable();
    Ok(ids)
}
