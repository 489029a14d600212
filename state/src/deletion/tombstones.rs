//! The table `tombstones`: the ids of deleted threads, so that no index run brings a thread back
//! unasked.

use jiff::Timestamp;
use threadkeep_sqlite::{Database, DbError, Tombstone, Tombstones, uuid_text};
use uuid::Uuid;

/// The index's own tombstones. Goals and logs have theirs, and learn of a deletion as its
/// participants.
pub(crate) const TOMBSTONES: Tombstones = Tombstones::new("tombstones");

/// Returns the first `limit` deleted threads whose id begins with `prefix`.
pub(crate) async fn with_prefix(db: &Database, prefix: &str, limit: u32) -> Result<Vec<Tombstone>, DbError> {
    // `g` is the first character after the hexadecimal digits and the hyphen.
    let stones = sqlx::query(
        "SELECT thread_id, deleted_at_ms FROM tombstones WHERE thread_id >= ?1 AND thread_id < ?1 || 'g' \
         ORDER BY thread_id LIMIT +?2",
    )
    .bind(prefix.to_owned())
    .bind(limit);
    let read = db.read(async |conn| {
        let rows = stones.fetch_all(conn).await?;
        rows.iter().map(Tombstone::from_row).collect()
    });
    read.await
}

/// Returns the time at which a thread was deleted, if it is deleted.
pub(crate) async fn deleted_at(db: &Database, id: Uuid) -> Result<Option<Timestamp>, DbError> {
    let stones = with_prefix(db, &uuid_text(id), 1).await?;
    Ok(stones.first().map(|stone| stone.deleted_at))
}
