//! What is kept of a deleted thread, so that no index run brings it back: a digest of its id, and nothing that names it.

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};
use sqlx::{Row as _, SqliteConnection};
use threadkeep_sqlite::{Database, DbError};
use uuid::Uuid;

use crate::row::text_of;
use crate::threads::FORGET;

/// The digest by which a deleted thread is known again: the first 128 bits of a SHA-256, as 32 hexadecimal digits.
pub(crate) fn digest(id: Uuid) -> String {
    let hash =
        Sha256::new().chain_update(b"threadkeep deleted thread\0").chain_update(id.as_bytes()).finalize();
    hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect()
}

/// Those of some threads that the user deleted.
pub(crate) async fn deleted_of(
    conn: &mut SqliteConnection,
    ids: impl Iterator<Item = Uuid>,
) -> Result<HashSet<Uuid>, sqlx::Error> {
    let digests: Vec<(Uuid, String)> = ids.map(|id| (id, digest(id))).collect();
    if digests.is_empty() {
        return Ok(HashSet::new());
    }
    let asked: Vec<&str> = digests.iter().map(|(_, digest)| digest.as_str()).collect();
    let rows = sqlx::query("SELECT digest FROM tombstones WHERE digest IN (SELECT value FROM json_each(?1))")
        .bind(json(&asked)?)
        .fetch_all(conn)
        .await?;
    let deleted = rows.iter().map(|row| row.try_get(0)).collect::<Result<HashSet<&str>, _>>()?;
    Ok(digests.iter().filter(|(_, digest)| deleted.contains(digest.as_str())).map(|(id, _)| *id).collect())
}

/// Remembers that a thread was deleted.
pub(crate) async fn put(conn: &mut SqliteConnection, id: Uuid, now_ms: i64) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO tombstones (digest, deleted_at_ms) VALUES (?1, ?2) \
         ON CONFLICT (digest) DO UPDATE SET deleted_at_ms = excluded.deleted_at_ms",
    )
    .bind(digest(id))
    .bind(now_ms)
    .execute(conn)
    .await?;
    Ok(())
}

/// Forgets that some threads were deleted.
#[cfg(feature = "backfill")]
pub(crate) async fn remove(
    conn: &mut SqliteConnection,
    ids: impl Iterator<Item = Uuid>,
) -> Result<(), sqlx::Error> {
    let digests: Vec<String> = ids.map(digest).collect();
    sqlx::query("DELETE FROM tombstones WHERE digest IN (SELECT value FROM json_each(?1))")
        .bind(json(&digests)?)
        .execute(conn)
        .await?;
    Ok(())
}

/// Makes tombstones of what an earlier version has left in `deleted_threads`, where it kept ids.
pub(crate) async fn convert(db: &Database) -> Result<(), DbError> {
    let fail = |error| db.error(error);
    let mut reader = db.reader().await?;
    let are_there_any: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM deleted_threads)")
        .fetch_one(reader.conn())
        .await
        .map_err(fail)?;
    drop(reader);
    if !are_there_any {
        return Ok(());
    }
    let mut tx = db.begin_durable().await?;
    let rows = sqlx::query("DELETE FROM deleted_threads RETURNING thread_id, deleted_at_ms")
        .fetch_all(tx.conn())
        .await
        .map_err(fail)?;
    for row in &rows {
        // What is no id was never a thread's.
        let Ok(id) = Uuid::try_parse(row.try_get(0).map_err(fail)?) else { continue };
        put(tx.conn(), id, row.try_get(1).map_err(fail)?).await.map_err(fail)?;
        for statement in FORGET {
            sqlx::query(statement).bind(text_of(id)).execute(tx.conn()).await.map_err(fail)?;
        }
    }
    tx.commit().await
}

fn json(values: &impl serde::Serialize) -> Result<String, sqlx::Error> {
    serde_json::to_string(values).map_err(|error| sqlx::Error::Encode(error.into()))
}
