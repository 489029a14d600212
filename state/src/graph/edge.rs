//! Spawning: an edge from parent to child, and the lifecycle of one thread.

use jiff::Timestamp;
use sqlx::Row as _;
use threadkeep_sqlite::text_of;
use uuid::Uuid;

use super::statements::{LINK, MAY_LINK, SET_CLOSED_BY, TAKE_IN};
use super::{AgentGraph, GraphError, Lifecycle};
use crate::tombstone::TOMBSTONES;

impl AgentGraph {
    /// Says that `parent` spawned `child`. Both come into the graph if they are not there: a parent is open, and a child
    /// is what its parent is, closed by the same closing ([`set_lifecycle`](Self::set_lifecycle) opens it). Saying it again writes nothing.
    ///
    /// # Errors
    ///
    /// [`GraphError::Cycle`], [`GraphError::SecondParent`], [`GraphError::Deleted`], [`GraphError::Database`]; then nothing
    /// was changed.
    pub async fn upsert_edge(&self, parent: Uuid, child: Uuid, now: Timestamp) -> Result<(), GraphError> {
        let fail = |error| GraphError::from(self.db.error(error));
        let (parent_text, child_text) = (text_of(parent), text_of(child));
        let mut tx = self.db.begin_durable().await?;
        let deleted = TOMBSTONES.deleted_of(tx.conn(), [parent, child]).await.map_err(fail)?;
        if let Some(id) = [parent, child].into_iter().find(|id| deleted.contains(id)) {
            return Err(GraphError::Deleted { id });
        }
        let row = sqlx::query(MAY_LINK)
            .bind(&parent_text)
            .bind(&child_text)
            .fetch_one(tx.conn())
            .await
            .map_err(fail)?;
        let current: Option<String> = row.try_get(0).map_err(fail)?;
        let current = current.and_then(|id| Uuid::try_parse(&id).ok());
        match current {
            Some(current) if current == parent => return Ok(()),
            _ if row.try_get(1).map_err(fail)? => return Err(GraphError::Cycle { parent, child }),
            Some(current) => return Err(GraphError::SecondParent { child, current, refused: parent }),
            None => {}
        }
        sqlx::query(LINK)
            .bind(&parent_text)
            .bind(&child_text)
            .bind(now.as_millisecond())
            .execute(tx.conn())
            .await
            .map_err(fail)?;
        Ok(tx.commit().await?)
    }

    /// Opens or closes one thread and none of its descendants. `false` when it was so already.
    ///
    /// # Errors
    ///
    /// [`GraphError::NotFound`], [`GraphError::Database`].
    pub async fn set_lifecycle(
        &self,
        id: Uuid,
        lifecycle: Lifecycle,
        now: Timestamp,
    ) -> Result<bool, GraphError> {
        let mut tx = self.db.begin_durable().await?;
        self.require(tx.conn(), id, now).await?;
        let id = text_of(id);
        let changed = sqlx::query(SET_CLOSED_BY)
            .bind(&id)
            .bind((lifecycle == Lifecycle::Closed).then_some(&id))
            .bind(now.as_millisecond())
            .execute(tx.conn())
            .await
            .map_err(|error| self.db.error(error))?
            .rows_affected();
        tx.commit().await?;
        Ok(changed > 0)
    }

    /// Takes a thread into the graph, where it is not yet; gives back what closed it.
    pub(super) async fn require(
        &self,
        conn: &mut sqlx::SqliteConnection,
        id: Uuid,
        now: Timestamp,
    ) -> Result<Option<Uuid>, GraphError> {
        let fail = |error| GraphError::from(self.db.error(error));
        let text = text_of(id);
        sqlx::query(TAKE_IN)
            .bind(&text)
            .bind(now.as_millisecond())
            .execute(&mut *conn)
            .await
            .map_err(fail)?;
        let row = sqlx::query(super::statements::CLOSED_BY)
            .bind(&text)
            .fetch_optional(&mut *conn)
            .await
            .map_err(fail)?
            .ok_or(GraphError::NotFound { id })?;
        let closed_by: Option<String> = row.try_get(0).map_err(fail)?;
        Ok(closed_by.and_then(|id| Uuid::try_parse(&id).ok()))
    }
}
