//! Edges from rollouts: a spawned thread's first line names its parent.
//!
//! They only add edges that no agent has reported, and change no reported edge. A rollout that
//! claims a cycle makes its thread a root and causes no error, because no caller is there to act on
//! it.

use serde::Serialize;
use sqlx::SqliteConnection;
#[cfg(feature = "backfill")]
use threadkeep_sqlite::json;

#[cfg(feature = "backfill")]
use super::statements::CHILDREN_OF;
use super::statements::{CHILDREN_OF_ROLLOUTS, CUT_CYCLES, PARENTS_OF_ROLLOUTS};

/// A spawned thread, as the statements take it: child, parent, time.
#[derive(Serialize)]
pub(crate) struct Spawned(pub(crate) String, pub(crate) String, pub(crate) i64);

/// Adds the edges of threads that were just indexed, in the caller's transaction.
pub(crate) async fn add_spawned(conn: &mut SqliteConnection, spawned: &[Spawned]) -> Result<(), sqlx::Error> {
    if spawned.is_empty() {
        return Ok(());
    }
    let spawned = serde_json::to_string(spawned).map_err(|error| sqlx::Error::Encode(error.into()))?;
    link(conn, spawned).await
}

/// Adds the edges to the children of restored threads again, in the caller's transaction. Their
/// rows still name the parent.
#[cfg(feature = "backfill")]
pub(crate) async fn link_children_of(
    conn: &mut SqliteConnection,
    parents: &[uuid::Uuid],
) -> Result<(), sqlx::Error> {
    let spawned = sqlx::query_scalar(CHILDREN_OF).bind(json(parents)).fetch_one(&mut *conn).await?;
    link(conn, spawned).await
}

/// Adds edges: `spawned` is a JSON array of [`Spawned`].
async fn link(conn: &mut SqliteConnection, spawned: String) -> Result<(), sqlx::Error> {
    for statement in [PARENTS_OF_ROLLOUTS, CHILDREN_OF_ROLLOUTS, CUT_CYCLES] {
        sqlx::query(statement).bind(&spawned).execute(&mut *conn).await?;
    }
    Ok(())
}
