//! Notices changes of threads, whichever process made them.
//!
//! SQLite says if there was a commit (`PRAGMA data_version`). Only then the few columns that a
//! client shows are read, and compared with the last reading.

use std::collections::BTreeMap;

use serde::Deserialize;
use sqlx::Row as _;
use threadkeep_sqlite::CommitWatch;
use uuid::Uuid;

use crate::error::StateError;
use crate::runtime::StateRuntime;

/// Change of a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ThreadChange {
    /// The thread is new, has new lines, was closed or opened again, or has another memory mode or
    /// git information.
    Updated(Uuid),
    /// The thread has another name, or none any more.
    Renamed(Uuid, Option<String>),
    /// The thread was archived.
    Archived(Uuid),
    /// The thread is no longer archived.
    Unarchived(Uuid),
    /// The thread was deleted, or its rollout is gone.
    Deleted(Uuid),
}

/// Watch over the threads of an index.
#[derive(Debug)]
pub struct ThreadWatch {
    state: StateRuntime,
    commits: CommitWatch,
    /// The threads at the last call; `None` before the first.
    seen: Option<BTreeMap<Uuid, Seen>>,
}

/// State of a thread, as far as changes of it are reported.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    archived: bool,
    name: Option<Box<str>>,
    /// True if its place in the agent graph is closed.
    is_closed: bool,
    /// Checksum of everything else.
    rest: u32,
}

/// Number of the list that has the threads whose rollout is gone, and of the one three further.
const MISSING: u8 = 2;

/// Reads of each of `?2` threads after the row `?1` its id, its list, its name, and the rest that
/// is watched; and the last of these rows. One JSON array, because a row costs more than its
/// content.
const WATCHED: &str = "SELECT max(row), json_group_array(json_array(id, listing, name, concat_ws(char(10), \
      updated_at_ms, memory_mode, sha, branch, origin_url, coalesce(title, ''), rollout_path))) \
    FROM (SELECT rowid AS row, id, listing, name, updated_at_ms, memory_mode, coalesce(user_git_sha, git_sha, '') AS sha, \
      coalesce(user_git_branch, git_branch, '') AS branch, coalesce(user_git_origin_url, git_origin_url, '') AS origin_url, \
      title, rollout_path FROM threads WHERE rowid > ?1 ORDER BY rowid LIMIT +?2)";

/// Reads the ids of closed threads. Most threads are in no agent graph, or open.
const CLOSED: &str = "SELECT json_group_array(thread_id) FROM agents WHERE closed_by IS NOT NULL";

/// Threads that are read at a time. The allocator keeps as much free memory in each of its arenas
/// as twice the largest block that was ever freed, and this is a block in two threads.
const PAGE: i64 = 250;

#[derive(Deserialize)]
struct Watched<'a>(Uuid, u8, Option<Box<str>>, #[serde(borrow)] std::borrow::Cow<'a, str>);

impl StateRuntime {
    /// Returns a watch over the threads. Its first call only reads them.
    pub fn watch_threads(&self) -> ThreadWatch {
        ThreadWatch { state: self.clone(), commits: self.database().watch(), seen: None }
    }
}

impl ThreadWatch {
    /// Returns the changes since the last call, by thread, with the deleted threads at the end. The
    /// first call returns none.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; the next call returns the changes.
    pub async fn changes(&mut self) -> Result<Vec<ThreadChange>, StateError> {
        let is_first = self.seen.is_none();
        if !self.commits.has_changed().await? && !is_first {
            return Ok(Vec::new());
        }
        let now = self.read().await?;
        let before = self.seen.replace(now);
        Ok(before.map_or_else(Vec::new, |before| self.compare(before)))
    }

    async fn read(&self) -> Result<BTreeMap<Uuid, Seen>, StateError> {
        let (mut seen, mut last) = (BTreeMap::new(), Some(0));
        // A commit between two pages is the next change.
        while let Some(row) = last {
            let page = self.state.database().read(async |conn| {
                let page = sqlx::query(WATCHED).bind(row).bind(PAGE).fetch_one(conn).await?;
                let all: Vec<Watched<'_>> = serde_json::from_str(page.try_get(1)?)
                    .map_err(|error| sqlx::Error::Decode(error.into()))?;
                last = page.try_get(0)?;
                let present = all.into_iter().filter(|Watched(_, listing, ..)| listing % 3 != MISSING);
                seen.extend(present.map(|Watched(id, listing, name, rest)| {
                    let rest = crc32fast::hash(rest.as_bytes());
                    (id, Seen { archived: listing % 3 == 1, name, is_closed: false, rest })
                }));
                Ok(())
            });
            page.await?;
        }
        let closed = self.state.database().read(async |conn| {
            let closed: String = sqlx::query_scalar(CLOSED).fetch_one(conn).await?;
            serde_json::from_str::<Vec<Uuid>>(&closed).map_err(|error| sqlx::Error::Decode(error.into()))
        });
        for id in closed.await? {
            if let Some(seen) = seen.get_mut(&id) {
                seen.is_closed = true;
            }
        }
        Ok(seen)
    }

    fn compare(&self, mut before: BTreeMap<Uuid, Seen>) -> Vec<ThreadChange> {
        let mut changes = Vec::new();
        for (&id, now) in self.seen.iter().flatten() {
            let Some(old) = before.remove(&id) else {
                changes.push(ThreadChange::Updated(id));
                continue;
            };
            if old.rest != now.rest || old.is_closed != now.is_closed {
                changes.push(ThreadChange::Updated(id));
            }
            if old.name != now.name {
                changes.push(ThreadChange::Renamed(id, now.name.as_deref().map(str::to_owned)));
            }
            if old.archived != now.archived {
                let archived = if now.archived { ThreadChange::Archived } else { ThreadChange::Unarchived };
                changes.push(archived(id));
            }
        }
        changes.extend(before.into_keys().map(ThreadChange::Deleted));
        changes
    }

    /// Closes its connection.
    pub async fn close(self) {
        self.commits.close().await;
    }
}
