//! Closing a thread with everything that it spawned, and bringing back what that closed.

use jiff::Timestamp;
use sqlx::Row as _;
use threadkeep_sqlite::text_of;
use uuid::Uuid;

use super::statements::{CLOSE_BELOW, OPEN_BELOW};
use super::{AgentGraph, GraphError};

impl AgentGraph {
    /// Closes a thread and all of its open descendants, in one transaction, and says which were closed.
    ///
    /// Those that were closed before keep what closed them. Closing a thread that is closed already closes what was
    /// spawned below it since, as if the first closing had met it.
    ///
    /// # Errors
    ///
    /// [`GraphError::NotFound`], [`GraphError::Database`]; then nothing was changed.
    pub async fn close_subtree(&self, id: Uuid, now: Timestamp) -> Result<Vec<Uuid>, GraphError> {
        let mut tx = self.db.begin_durable().await?;
        let closing = self.require(tx.conn(), id, now).await?.unwrap_or(id);
        let closed = self.set_below(tx.conn(), CLOSE_BELOW, id, closing, now).await?;
        tx.commit().await?;
        Ok(closed)
    }

    /// Opens a thread again and exactly those of its descendants that the same closing had closed, in one transaction,
    /// and says which were opened. A thread that is open brings nothing back.
    ///
    /// # Errors
    ///
    /// [`GraphError::NotFound`], [`GraphError::Database`]; then nothing was changed.
    pub async fn resume_subtree(&self, id: Uuid, now: Timestamp) -> Result<Vec<Uuid>, GraphError> {
        let mut tx = self.db.begin_durable().await?;
        let Some(closing) = self.require(tx.conn(), id, now).await? else { return Ok(Vec::new()) };
        let opened = self.set_below(tx.conn(), OPEN_BELOW, id, closing, now).await?;
        tx.commit().await?;
        Ok(opened)
    }

    /// Runs one of the two statements; gives back the threads that it changed, the oldest first.
    async fn set_below(
        &self,
        conn: &mut sqlx::SqliteConnection,
        statement: &'static str,
        id: Uuid,
        closing: Uuid,
        now: Timestamp,
    ) -> Result<Vec<Uuid>, GraphError> {
        let fail = |error| GraphError::from(self.db.error(error));
        let rows = sqlx::query(statement)
            .bind(text_of(id))
            .bind(text_of(closing))
            .bind(now.as_millisecond())
            .fetch_all(conn)
            .await
            .map_err(fail)?;
        let ids: Result<Vec<Uuid>, sqlx::Error> = rows
            .iter()
            .map(|row| Uuid::try_parse(row.try_get(0)?).map_err(|error| sqlx::Error::Decode(Box::new(error))))
            .collect();
        let mut ids = ids.map_err(fail)?;
        ids.sort_unstable();
        Ok(ids)
    }
}
