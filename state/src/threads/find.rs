//! Finds threads by id, by the beginning or the end of an id, by name, by an agent's nickname or
//! path, and by file.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteRow;
use threadkeep_sqlite::{RowReader, Tombstone, json, uuid_text};
use uuid::Uuid;

use super::ThreadStore;
use crate::deletion::tombstones::{deleted_at, with_prefix};
use crate::error::StateError;
use crate::thread::{THREAD, Thread};

/// Number of candidates that an ambiguous prefix names.
const CANDIDATES: usize = 5;

/// Reads the thread `?1`.
pub(super) fn by_id() -> String {
    format!("SELECT {} FROM threads WHERE id = ?1", *THREAD)
}

/// Reads the threads `?1`, a JSON array of ids.
pub(super) fn by_ids() -> String {
    format!("SELECT {} FROM threads WHERE id IN (SELECT value FROM json_each(?1)) ORDER BY id", *THREAD)
}

/// Reads the forks of the thread `?1`, the oldest first.
pub(super) fn forks_of() -> String {
    format!("SELECT {} FROM threads WHERE forked_from_id = ?1 ORDER BY id", *THREAD)
}

/// Reads the first `?1` threads with a goal of their agent.
pub(super) fn with_agent_goals() -> String {
    format!(
        "SELECT {} FROM threads WHERE objective IS NOT NULL AND missing_since_ms IS NULL \
         ORDER BY updated_at_ms DESC, id DESC LIMIT +?1",
        *THREAD
    )
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
        let files = sqlx::query_scalar(FILES_OF).bind(uuid_text(id));
        Ok(self.db.read(async |conn| files.fetch_all(conn).await).await?)
    }

    /// Returns the threads that the user deleted, the latest first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn deleted(&self, limit: u32) -> Result<Vec<Tombstone>, StateError> {
        let stones = self.db.read(async |conn| {
            let rows = sqlx::query(LATEST_DELETED).bind(limit).fetch_all(conn).await?;
            rows.iter().map(Tombstone::from_row).collect()
        });
        Ok(stones.await?)
    }

    /// Returns the ids of all threads of an agent: [`Thread::agent`](crate::Thread::agent).
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn ids_of_agent(&self, agent: &str) -> Result<Vec<Uuid>, StateError> {
        let ids = sqlx::query(OF_AGENT).bind(agent.to_owned());
        let found = self.db.read(async |conn| {
            let rows = ids.fetch_all(conn).await?;
            rows.iter().map(|row| RowReader::new(row).uuid()).collect()
        });
        Ok(found.await?)
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
            "SELECT id FROM threads WHERE id >= ?1 AND id < ?1 || 'g' ORDER BY id LIMIT +?2",
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

    /// Returns the first threads whose id ends with some digits, in any case, with or without
    /// hyphens. Deleted threads count if no other does. Returns none for fewer than
    /// [`LEAST_END`] digits.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn ids_ending_with(&self, digits: &str) -> Result<Vec<Uuid>, StateError> {
        let Some(end) = canonical_end(digits) else { return Ok(Vec::new()) };
        for ids in [ENDING, DELETED_ENDING] {
            let ids = sqlx::query(ids).bind(&end).bind(CANDIDATES as i64);
            let found = self.db.read(async |conn| uuids(&ids.fetch_all(conn).await?)).await?;
            if !found.is_empty() {
                return Ok(found);
            }
        }
        Ok(Vec::new())
    }

    /// Returns the threads with a name. If none has exactly this one, the threads that have
    /// it in other letter case.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn ids_named(&self, name: &str) -> Result<Vec<Uuid>, StateError> {
        self.ids_called(NAMED, name).await
    }

    /// Returns the sub-agents with a nickname, as [`ids_named`](Self::ids_named) does.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn ids_nicknamed(&self, nickname: &str) -> Result<Vec<Uuid>, StateError> {
        self.ids_called(NICKNAMED, nickname).await
    }

    /// Returns the sub-agents with a path, such as `/root/helper`. If none has exactly this one,
    /// the sub-agents with a path that ends with it, as `helper`.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn ids_at_agent_path(&self, path: &str) -> Result<Vec<Uuid>, StateError> {
        let all = self.all_called(WITH_PATH).await?;
        let end = format!("/{path}");
        let exact = those(&all, |other| other == path);
        Ok(if exact.is_empty() { those(&all, |other| other.ends_with(&end)) } else { exact })
    }

    /// Returns the threads with what `all` selects of them.
    async fn all_called(&self, all: &'static str) -> Result<Vec<(Uuid, String)>, StateError> {
        let named = self.db.read(async |conn| {
            let rows = sqlx::query(all).fetch_all(conn).await?;
            let named = rows.iter().map(|row| {
                let mut row = RowReader::new(row);
                Ok((row.uuid()?, row.column()?))
            });
            named.collect::<Result<_, sqlx::Error>>()
        });
        Ok(named.await?)
    }

    async fn ids_called(&self, all: &'static str, name: &str) -> Result<Vec<Uuid>, StateError> {
        let named = self.all_called(all).await?;
        let (name, folded) = (name.trim(), name.trim().to_lowercase());
        let exact = those(&named, |other| other == name);
        Ok(if exact.is_empty() { those(&named, |other| other.to_lowercase() == folded) } else { exact })
    }

    /// Returns the threads whose agent pursues a goal, the latest updated first, at most `limit`.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn with_agent_goals(&self, limit: u32) -> Result<Vec<Thread>, StateError> {
        let found = self.db.read(async |conn| {
            let rows = sqlx::query(AssertSqlSafe(with_agent_goals())).bind(limit).fetch_all(conn).await?;
            rows.iter().map(Thread::from_row).collect()
        });
        Ok(found.await?)
    }

    /// Returns the thread that a file belongs to, given by its path relative to the home, also if
    /// another of its files has its row.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn id_of_file(&self, path: &str) -> Result<Option<Uuid>, StateError> {
        let rows = self.db.read(async |conn| uuids(&sqlx::query(OF_FILE).bind(path).fetch_all(conn).await?));
        Ok(rows.await?.pop())
    }
}

fn those(all: &[(Uuid, String)], is_meant: impl Fn(&str) -> bool) -> Vec<Uuid> {
    all.iter().filter(|(_, text)| is_meant(text)).map(|(id, _)| *id).collect()
}

fn uuids(rows: &[SqliteRow]) -> Result<Vec<Uuid>, sqlx::Error> {
    rows.iter().map(|row| RowReader::new(row).uuid()).collect()
}

/// Least number of digits by which the end of an id is found.
pub const LEAST_END: usize = 4;

/// Reads the first `?2` threads whose id ends with `?1`.
const ENDING: &str = "SELECT id FROM threads WHERE substr(id, -length(?1)) = ?1 ORDER BY id LIMIT +?2";
/// The same among deleted threads.
const DELETED_ENDING: &str =
    "SELECT thread_id FROM tombstones WHERE substr(thread_id, -length(?1)) = ?1 ORDER BY thread_id LIMIT +?2";
/// Reads every name.
const NAMED: &str = "SELECT id, name FROM threads WHERE name IS NOT NULL ORDER BY id";
/// Reads every nickname.
const NICKNAMED: &str = "SELECT id, agent_nickname FROM threads WHERE agent_nickname IS NOT NULL ORDER BY id";
/// Reads every agent's path.
const WITH_PATH: &str = "SELECT id, agent_path FROM threads WHERE agent_path IS NOT NULL ORDER BY id";
/// Reads the `?1` threads that were deleted last.
const LATEST_DELETED: &str =
    "SELECT thread_id, deleted_at_ms FROM tombstones ORDER BY deleted_at_ms DESC, thread_id LIMIT +?1";
/// Reads the threads of an agent in the mirror. `0` is the first character after `/`.
const OF_AGENT: &str = "SELECT id FROM threads WHERE rollout_path >= 'agents/' || ?1 || '/' \
       AND rollout_path < 'agents/' || ?1 || '0' ORDER BY id";
/// Reads the thread of the file `?1`.
const OF_FILE: &str = "SELECT thread_id FROM rollouts WHERE path = ?1 AND thread_id IS NOT NULL";
/// Reads the files of the thread `?1`. No index has all files by their threads.
const FILES_OF: &str = "SELECT path FROM rollouts \
       WHERE path = (SELECT rollout_path FROM threads WHERE id = ?1) \
     UNION SELECT path FROM rollouts WHERE thread_id = ?1 AND outcome = 'duplicate' ORDER BY path";

/// Returns the end of an id in lower case, with its hyphens.
fn canonical_end(digits: &str) -> Option<String> {
    let mut end = String::new();
    let digits: Vec<char> = digits.trim().chars().filter(|c| *c != '-').collect();
    if !(LEAST_END..32).contains(&digits.len()) || !digits.iter().all(char::is_ascii_hexdigit) {
        return None;
    }
    for (n, digit) in digits.iter().rev().enumerate() {
        if matches!(n, 12 | 16 | 20 | 24) {
            end.insert(0, '-');
        }
        end.insert(0, digit.to_ascii_lowercase());
    }
    Some(end)
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
