//! Spawning: an edge from parent to child, and the lifecycle of one thread.

use jiff::Timestamp;
use sqlx::sqlite::SqliteConnection;
use threadkeep_sqlite::{Durability, RowReader, WriteError, uuid_text};
use uuid::Uuid;

use super::statements::{CLOSED_BY, LINK, MAY_LINK, SET_CLOSED_BY, TAKE_IN};
use super::{AgentGraph, GraphError, Lifecycle};
use crate::deletion::tombstones::TOMBSTONES;

impl AgentGraph {
    /// Records that `parent` spawned `child`, and adds both to the graph if needed. A new parent is
    /// open. A new child has the lifecycle of its parent, closed by the same closing;
    /// [`set_lifecycle`](Self::set_lifecycle) opens it. Recording it again writes nothing.
    ///
    /// # Errors
    ///
    /// [`GraphError::Cycle`], [`GraphError::SecondParent`], [`GraphError::Deleted`],
    /// [`GraphError::Database`]; then nothing was changed.
    pub async fn upsert_edge(&self, parent: Uuid, child: Uuid, now: Timestamp) -> Result<(), GraphError> {
        let (parent_text, child_text) = (uuid_text(parent), uuid_text(child));
        self.db
            .write(Durability::Durable, async |conn| {
                let deleted = TOMBSTONES.deleted_among(conn, [parent, child]).await?;
                if let Some(id) = [parent, child].into_iter().find(|id| deleted.contains(id)) {
                    return Err(GraphError::Deleted(id).into());
                }
                let may_link = sqlx::query(MAY_LINK).bind(&parent_text).bind(&child_text);
                let row = may_link.fetch_one(&mut *conn).await?;
                let mut row = RowReader::new(&row);
                match (row.optional_uuid()?, row.column()?) {
                    (Some(current), _) if current == parent => return Ok(()),
                    (_, true) => return Err(GraphError::Cycle { parent, child }.into()),
                    (Some(current), false) => {
                        return Err(GraphError::SecondParent { child, current, refused: parent }.into());
                    }
                    (None, false) => {}
                }
                let link = sqlx::query(LINK).bind(&parent_text).bind(&child_text);
                link.bind(now.as_millisecond()).execute(conn).await?;
                Ok(())
            })
            .await
    }

    /// Opens or closes one thread and none of its descendants. Returns false if it was so already.
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
        self.db
            .write(Durability::Durable, async |conn| {
                require(conn, id, now).await?;
                let id = uuid_text(id);
                let set = sqlx::query(SET_CLOSED_BY)
                    .bind(&id)
                    .bind((lifecycle == Lifecycle::Closed).then_some(&id))
                    .bind(now.as_millisecond());
                Ok(set.execute(conn).await?.rows_affected() > 0)
            })
            .await
    }
}

/// Takes a thread into the graph, where it is not yet; returns what closed it.
pub(super) async fn require(
    conn: &mut SqliteConnection,
    id: Uuid,
    now: Timestamp,
) -> Result<Option<Uuid>, WriteError<GraphError>> {
    sqlx::query(TAKE_IN).bind(uuid_text(id)).bind(now.as_millisecond()).execute(&mut *conn).await?;
    Ok(closed_by(conn, id).await?.ok_or(GraphError::NotFound(id))?)
}

/// Returns what closed a thread of the graph; `None` for a thread that is not in it.
pub(super) async fn closed_by(
    conn: &mut SqliteConnection,
    id: Uuid,
) -> Result<Option<Option<Uuid>>, sqlx::Error> {
    let row = sqlx::query(CLOSED_BY).bind(uuid_text(id)).fetch_optional(conn).await?;
    row.map(|row| RowReader::new(&row).optional_uuid()).transpose()
}
