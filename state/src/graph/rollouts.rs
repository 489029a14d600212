//! The edges that rollouts tell of: a spawned thread's first line names its parent.
//!
//! They fill in what no agent has said. What one has said stays, and a rollout that claims nonsense (a cycle) gets a root
//! and no error: nobody is there to read it.

use serde::Serialize;
use sqlx::SqliteConnection;
use threadkeep_sqlite::{Tombstone, json};
use uuid::Uuid;

use super::statements::{CHILDREN_OF_ROLLOUTS, CUT_CYCLES, PARENTS_OF_ROLLOUTS};
use crate::threads::ThreadUpsert;

/// A spawned thread, as the statements take it: child, parent, time, and the digests of both.
#[derive(Serialize)]
pub(crate) struct Spawned<'a>(&'a str, &'a str, i64, String, String);

impl<'a> Spawned<'a> {
    pub(crate) fn new(child: &'a ThreadUpsert, parent: &'a str, child_digest: &str) -> Spawned<'a> {
        let parent_digest = Uuid::try_parse(parent).map(Tombstone::digest).unwrap_or_default();
        let columns = &child.columns;
        Spawned(&columns.id, parent, columns.created_at_ms, child_digest.to_owned(), parent_digest)
    }
}

/// Adds the edges of threads that were just indexed, in the transaction of the caller.
pub(crate) async fn add_spawned(
    conn: &mut SqliteConnection,
    spawned: &[Spawned<'_>],
) -> Result<(), sqlx::Error> {
    if spawned.is_empty() {
        return Ok(());
    }
    let spawned = json(spawned);
    for statement in [PARENTS_OF_ROLLOUTS, CHILDREN_OF_ROLLOUTS, CUT_CYCLES] {
        sqlx::query(statement).bind(&spawned).execute(&mut *conn).await?;
    }
    Ok(())
}
