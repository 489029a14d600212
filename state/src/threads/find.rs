//! Finds one thread: by its id, or by the beginning of it.

use serde_json::Value;
use sqlx::AssertSqlSafe;
use threadkeep_sqlite::text_of;
use uuid::Uuid;

use super::ThreadStore;
use crate::error::StateError;
use crate::thread::{THREAD_COLUMNS, Thread};
use crate::tombstone::TOMBSTONES;

/// How many candidates an ambiguous prefix names.
const CANDIDATES: usize = 5;

/// The thread `?1`.
pub(super) fn by_id() -> String {
    format!("SELECT {THREAD_COLUMNS} FROM threads WHERE id = ?1")
}

/// The threads `?1`, a JSON array of ids.
pub(super) fn by_ids() -> String {
    format!("SELECT {THREAD_COLUMNS} FROM threads WHERE id IN (SELECT value FROM json_each(?1)) ORDER BY id")
}

impl ThreadStore {
    /// The thread of an id; `None` when the index has none.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn get(&self, id: Uuid) -> Result<Option<Thread>, StateError> {
        let found = self.db.read(async |conn| {
            let row = sqlx::query(AssertSqlSafe(by_id())).bind(text_of(id)).fetch_optional(conn).await?;
            row.as_ref().map(Thread::from_row).transpose()
        });
        Ok(found.await?)
    }

    /// The threads of some ids, by id, with one statement. One that the index does not have is left out.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn get_many(&self, ids: &[Uuid]) -> Result<Vec<Thread>, StateError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = Value::from_iter(ids.iter().copied().map(text_of)).to_string();
        let found = self.db.read(async |conn| {
            let rows = sqlx::query(AssertSqlSafe(by_ids())).bind(&ids).fetch_all(conn).await?;
            rows.iter().map(Thread::from_row).collect()
        });
        Ok(found.await?)
    }

    /// Whether the user deleted this thread, and has not brought it back.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn is_deleted(&self, id: Uuid) -> Result<bool, StateError> {
        let deleted = self.db.read(async |conn| TOMBSTONES.deleted_of(conn, [id]).await);
        Ok(!deleted.await?.is_empty())
    }

    /// The id that begins with `prefix`, with or without hyphens, in any case. A whole id need not exist.
    ///
    /// # Errors
    ///
    /// [`StateError::BadIdPrefix`] when it cannot be the beginning of an id, [`StateError::NoSuchPrefix`] and
    /// [`StateError::AmbiguousPrefix`], which names the first candidates, and [`StateError::Database`].
    pub async fn resolve(&self, prefix: &str) -> Result<Uuid, StateError> {
        if let Ok(id) = Uuid::try_parse(prefix) {
            return Ok(id);
        }
        let wanted =
            canonical_prefix(prefix).ok_or_else(|| StateError::BadIdPrefix { prefix: prefix.to_owned() })?;
        // `g` is the first character after the hexadecimal digits and the hyphen.
        let ids = sqlx::query_scalar(
            "SELECT id FROM threads WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY id LIMIT ?2",
        )
        .bind(&wanted)
        .bind(CANDIDATES as i64 + 1);
        let ids: Vec<String> = self.db.read(async |conn| ids.fetch_all(conn).await).await?;
        match ids.as_slice() {
            [] => Err(StateError::NoSuchPrefix { prefix: prefix.to_owned() }),
            [one] => Uuid::try_parse(one).map_err(|_| StateError::NoSuchPrefix { prefix: prefix.to_owned() }),
            several => Err(StateError::AmbiguousPrefix {
                prefix: prefix.to_owned(),
                more: several.len() > CANDIDATES,
                candidates: several.iter().take(CANDIDATES).cloned().collect(),
            }),
        }
    }
}

/// The prefix as it stands in an id: lower case, with the hyphens where they belong.
fn canonical_prefix(prefix: &str) -> Option<String> {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_gets_its_hyphens() {
        assert_eq!(canonical_prefix("01A2036C").as_deref(), Some("01a2036c"));
        assert_eq!(canonical_prefix("01a2036c-e").as_deref(), Some("01a2036c-e"));
        assert_eq!(canonical_prefix("01a2036ce04773b").as_deref(), Some("01a2036c-e047-73b"));
        assert_eq!(canonical_prefix("--"), None);
        assert_eq!(canonical_prefix("' OR 1"), None);
    }
}
