//! Edges from rollouts: a spawned thread's first line names its parent.
//!
//! They only add edges that no agent has reported, and change no reported edge. A rollout that
//! claims a cycle makes its thread a root and causes no error, because no caller is there to act on
//! it.

use std::collections::HashMap;

use serde::Serialize;
use sqlx::SqliteConnection;
#[cfg(feature = "backfill")]
use threadkeep_rollout::ClosedAgent;
use threadkeep_sqlite::json;
#[cfg(feature = "backfill")]
use threadkeep_sqlite::uuid_text;
#[cfg(feature = "backfill")]
use uuid::Uuid;

#[cfg(feature = "backfill")]
use super::statements::CHILDREN_OF;
use super::statements::{ANCESTRY, CHILDREN_OF_ROLLOUTS, CUT, PARENTS_OF_ROLLOUTS};
#[cfg(feature = "backfill")]
use super::statements::{CLOSE_AGENTS, OPEN_AGENTS};

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
    parents: &[Uuid],
) -> Result<(), sqlx::Error> {
    let spawned = sqlx::query_scalar(CHILDREN_OF).bind(json(parents)).fetch_one(&mut *conn).await?;
    link(conn, spawned).await
}

/// Adds edges: `spawned` is a JSON array of [`Spawned`].
async fn link(conn: &mut SqliteConnection, spawned: String) -> Result<(), sqlx::Error> {
    for statement in [PARENTS_OF_ROLLOUTS, CHILDREN_OF_ROLLOUTS] {
        sqlx::query(statement).bind(&spawned).execute(&mut *conn).await?;
    }
    cut_cycles(conn, &spawned).await
}

/// Makes a root of one thread in each cycle that the new edges close.
async fn cut_cycles(conn: &mut SqliteConnection, spawned: &str) -> Result<(), sqlx::Error> {
    let edges: Vec<(String, String)> = sqlx::query_as(ANCESTRY).bind(spawned).fetch_all(&mut *conn).await?;
    let cut = in_cycles(edges.into_iter().collect());
    if !cut.is_empty() {
        sqlx::query(CUT).bind(json(&cut)).execute(conn).await?;
    }
    Ok(())
}

/// Returns one thread of each cycle, the one with the smallest id. Looks at each edge once.
fn in_cycles(parents: HashMap<String, String>) -> Vec<String> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut found = Vec::new();
    for (walk, start) in parents.keys().enumerate() {
        let mut at = start.as_str();
        while !seen.contains_key(at) {
            seen.insert(at, walk);
            match parents.get(at) {
                Some(parent) => at = parent,
                None => break,
            }
        }
        // The walk met itself.
        if seen.get(at) == Some(&walk) && parents.contains_key(at) {
            let (mut smallest, mut next) = (at, parents[at].as_str());
            while next != at {
                (smallest, next) = (smallest.min(next), parents[next].as_str());
            }
            found.push(smallest.to_owned());
        }
    }
    found
}

/// Closes the agents that the rollouts of `threads` say were closed, in the caller's transaction,
/// and opens the other agents that these threads had closed. A later decision of the user stays.
#[cfg(feature = "backfill")]
pub(crate) async fn close_agents(
    conn: &mut SqliteConnection,
    threads: &[Uuid],
    closed: &[(Uuid, ClosedAgent)],
) -> Result<(), sqlx::Error> {
    let closed: Vec<Spawned> = closed
        .iter()
        .filter_map(|(by, agent)| {
            Some(Spawned(uuid_text(agent.thread_id), uuid_text(*by), agent.at?.as_millisecond()))
        })
        .collect();
    sqlx::query(OPEN_AGENTS).bind(json(&closed)).bind(json(threads)).execute(&mut *conn).await?;
    if closed.is_empty() {
        return Ok(());
    }
    add_spawned(conn, &closed).await?;
    sqlx::query(CLOSE_AGENTS).bind(json(&closed)).execute(conn).await?;
    Ok(())
}
