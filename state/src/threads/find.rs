//! Finds threads by id, or by the beginning of an id.

use std::cmp::Reverse;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use threadkeep_sqlite::{Tombstone, json, uuid_text};
use uuid::Uuid;

use super::ThreadStore;
use crate::deletion::tombstones::{TOMBSTONES, deleted_at, with_prefix};
use crate::error::StateError;
use crate::thread::{THREAD_COLUMNS, Thread};

/// Number of candidates that an ambiguous prefix names.
const CANDIDATES: usize = 5;

/// Reads the thread `?1`.
pub(super) fn by_id() -> String {
    format!("SELECT {} FROM threads WHERE id = ?1", *THREAD_COLUMNS)
}

/// Reads the threads `?1`, a JSON array of ids.
pub(super) fn by_ids() -> String {
    format!(
        "SELECT {} FROM threads WHERE id IN (SELECT value FROM json_each(?1)) ORDER BY id",
        *THREAD_COLUMNS
    )
}

/// Reads the forks of the thread `?1`, the oldest first.
pub(super) fn forks_of() -> String {
    format!("SELECT {} FROM threads WHERE forked_from_id = ?1 ORDER BY id", *THREAD_COLUMNS)
}

impl ThreadStore {
    /// Returns the threads that were forked from this one, the oldest first. Their histories begin
    /// in its files.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn forks_of(&self, id: Uuid) -> Result<Vec<Thread>, StateError> {
        let found = self.db.read(async |conn| {
            let rows = sqlx::query(AssertSqlSafe(forks_of())).bind(uuid_text(id)).fetch_all(conn).await?;
            rows.iter().map(Thread::from_row).collect()
        });
        Ok(found.await?)
    }

    /// Returns the files that the index has of a thread, by path: the newest part, older parts, and
    /// copies.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn files_of(&self, id: Uuid) -> Result<Vec<String>, StateError> {
        let files = sqlx::query_scalar("SELECT path FROM rollouts WHERE thread_id = ?1 ORDER BY path");
        let files = files.bind(uuid_text(id));
        Ok(self.db.read(async |conn| files.fetch_all(conn).await).await?)
    }

    /// Returns the threads that the user deleted, the latest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn deleted(&self, limit: u32) -> Result<Vec<Tombstone>, StateError> {
        let mut stones = self.db.read(async |conn| TOMBSTONES.all(conn).await).await?;
        stones.sort_by_key(|stone| (Reverse(stone.deleted_at), stone.thread_id));
        stones.truncate(limit as usize);
        Ok(stones)
    }

    /// Returns the thread with an id.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn get(&self, id: Uuid) -> Result<Option<Thread>, StateError> {
        let found = self.db.read(async |conn| {
            let row = sqlx::query(AssertSqlSafe(by_id())).bind(uuid_text(id)).fetch_optional(conn).await?;
            row.as_ref().map(Thread::from_row).transpose()
        });
        Ok(found.await?)
    }

    /// Returns the threads with some ids, ordered by id, with one statement. Ids that the index
    /// does not have are left out.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn get_many(&self, ids: &[Uuid]) -> Result<Vec<Thread>, StateError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let found = self.db.read(async |conn| {
            let rows = sqlx::query(AssertSqlSafe(by_ids())).bind(json(ids)).fetch_all(conn).await?;
            rows.iter().map(Thread::from_row).collect()
        });
        Ok(found.await?)
    }

    /// Returns the time at which the user deleted this thread. `None` if it was not deleted, or was
    /// restored.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn deleted_at(&self, id: Uuid) -> Result<Option<Timestamp>, StateError> {
        Ok(deleted_at(&self.db, id).await?)
    }

    /// Returns the thread with an id, or with the only id that begins with `prefix`.
    ///
    /// # Errors
    ///
    /// As for [`resolve`](Self::resolve), [`StateError::Deleted`] and [`StateError::NotFound`].
    pub async fn find(&self, prefix: &str) -> Result<Thread, StateError> {
        let id = self.resolve(prefix).await?;
        match self.get(id).await? {
            Some(thread) => Ok(thread),
            None => Err(match self.deleted_at(id).await? {
                Some(at) => StateError::Deleted { id, at },
                None => StateError::NotFound(id),
            }),
        }
    }

    /// Returns the only id that begins with `prefix`, with or without hyphens, in any case. A whole
    /// id is returned as it is.
    ///
    /// # Errors
    ///
    /// * [`StateError::BadIdPrefix`] if it cannot be the beginning of an id.
    /// * [`StateError::Deleted`] if only a deleted thread's id begins with it.
    /// * [`StateError::NoSuchPrefix`], [`StateError::Database`], and
    ///   [`StateError::AmbiguousPrefix`] with the first candidates.
    pub async fn resolve(&self, prefix: &str) -> Result<Uuid, StateError> {
        if let Ok(id) = Uuid::try_parse(prefix) {
            return Ok(id);
        }
        let wanted = canonical_prefix(prefix).ok_or_else(|| StateError::BadIdPrefix(prefix.to_owned()))?;
        // `g` is the first character after the hexadecimal digits and the hyphen.
        let ids = sqlx::query_scalar(
            "SELECT id FROM threads WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY id LIMIT ?2",
        )
        .bind(&wanted)
        .bind(CANDIDATES as i64 + 1);
        let mut ids: Vec<String> = self.db.read(async |conn| ids.fetch_all(conn).await).await?;
        if ids.is_empty() {
            let deleted = with_prefix(&self.db, &wanted, CANDIDATES as u32 + 1).await?;
            if let [stone] = deleted[..] {
                return Err(StateError::Deleted { id: stone.thread_id, at: stone.deleted_at });
            }
            ids = deleted.iter().map(|stone| uuid_text(stone.thread_id)).collect();
        }
        match ids.as_slice() {
            [] => Err(StateError::NoSuchPrefix(prefix.to_owned())),
            [one] => Uuid::try_parse(one).map_err(|_| StateError::NoSuchPrefix(prefix.to_owned())),
            several => Err(StateError::AmbiguousPrefix {
                prefix: prefix.to_owned(),
                more: several.len() > CANDIDATES,
                candidates: several.iter().take(CANDIDATES).cloned().collect(),
            }),
        }
    }
}

/// Returns the prefix in lower case, with the hyphens of an id.
pub(super) fn canonical_prefix(prefix: &str) -> Option<String> {
    let digits: String =
        prefix.trim().chars().filter(|c| *c != '-').map(|c| c.to_ascii_lowercase()).collect();
    if digits.is_empty() || digits.len() > 32 || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let mut text = String::with_capacity(36);
    for (n, digit) in digits.chars().enumerate() {
        if matches!(n, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(digit);
    }
    Some(text)
}
