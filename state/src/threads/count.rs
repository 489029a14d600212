//! Figures about threads: how many a list has, and how short their ids can be.

use std::collections::HashMap;

use threadkeep_rollout::ThreadKind;
use threadkeep_sqlite::{RowReader, json};
use uuid::Uuid;

use super::ThreadStore;
use super::list::MAX_PAGE;
use super::query::ListThreads;
use super::shape::Rows;
use crate::error::StateError;
use crate::row::kind;

/// Number of threads of a list, by kind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadCounts {
    /// Kinds that the list has, each with its number, in the order of [`ThreadKind::ALL`].
    pub kinds: Vec<(ThreadKind, u64)>,
    /// True if there are more: the threads with a text are counted up to [`MAX_PAGE`].
    pub is_cut: bool,
}

impl ThreadCounts {
    /// Returns the number of threads of one kind.
    pub fn of(&self, kind: ThreadKind) -> u64 {
        self.kinds.iter().find(|(it, _)| *it == kind).map_or(0, |(_, number)| *number)
    }

    /// Returns the number of threads of all kinds.
    pub fn total(&self) -> u64 {
        self.kinds.iter().map(|(_, number)| number).sum()
    }

    fn new(found: impl Iterator<Item = (ThreadKind, u64)>, is_cut: bool) -> ThreadCounts {
        let mut numbers: HashMap<ThreadKind, u64> = HashMap::new();
        found.for_each(|(kind, number)| *numbers.entry(kind).or_default() += number);
        let kinds = ThreadKind::ALL.into_iter().filter_map(|kind| Some((kind, *numbers.get(&kind)?)));
        ThreadCounts { kinds: kinds.filter(|(_, number)| *number > 0).collect(), is_cut }
    }
}

impl ThreadStore {
    /// Counts the threads of a list by kind, on all its pages.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn count(&self, query: &ListThreads) -> Result<ThreadCounts, StateError> {
        let query = ListThreads { cursor: None, sort: None, limit: Some(MAX_PAGE), ..query.clone() };
        if query.search.is_some() {
            let page = self.list(&query).await?;
            let kinds = page.threads.iter().map(|thread| (thread.kind, 1));
            return Ok(ThreadCounts::new(kinds, page.next_cursor.is_some()));
        }
        let select = Rows::all(&query).count();
        let found = self.db.read(async |conn| {
            let rows = select.query().fetch_all(conn).await?;
            let found = rows.iter().map(|row| {
                let mut row = RowReader::new(row);
                Ok((kind(row.column()?), row.column::<i64>()?.unsigned_abs()))
            });
            found.collect::<Result<Vec<_>, sqlx::Error>>()
        });
        Ok(ThreadCounts::new(found.await?.into_iter(), false))
    }

    /// Returns for each indexed thread's id the number of characters, with hyphens, that no other
    /// one's id begins with. Leaves out ids of other threads.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn unique_prefixes(&self, ids: &[Uuid]) -> Result<HashMap<Uuid, usize>, StateError> {
        // The ids most like an id are next to it.
        let neighbours = sqlx::query(
            "SELECT value, (SELECT max(id) FROM threads WHERE id < value), \
               (SELECT min(id) FROM threads WHERE id > value) FROM json_each(?1) \
             WHERE EXISTS (SELECT 1 FROM threads WHERE id = value)",
        )
        .bind(json(ids));
        let read = self.db.read(async |conn| {
            let rows = neighbours.fetch_all(conn).await?;
            let prefix = |row| {
                let mut row = RowReader::new(row);
                let id = row.uuid()?;
                let (before, after) = (row.optional_uuid()?, row.optional_uuid()?);
                let common = before.into_iter().chain(after).map(|other| common_prefix(id, other));
                Ok((id, common.max().unwrap_or(0) + 1))
            };
            rows.iter().map(prefix).collect::<Result<HashMap<_, _>, sqlx::Error>>()
        });
        Ok(read.await?)
    }

    /// Returns the words of sources that the user's own threads have.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn source_words(&self) -> Result<Vec<String>, StateError> {
        let words = sqlx::query_scalar(
            "SELECT DISTINCT source_kind FROM threads WHERE listing IN (0, 1) AND source_kind IS NOT NULL",
        );
        Ok(self.db.read(async |conn| words.fetch_all(conn).await).await?)
    }

    /// Returns each folder of a thread with the remote that the thread names, each pair once.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn remotes(&self) -> Result<Vec<(String, String)>, StateError> {
        let pairs = sqlx::query_as(
            "SELECT DISTINCT cwd, git_origin_url FROM threads \
             WHERE cwd IS NOT NULL AND git_origin_url IS NOT NULL",
        );
        Ok(self.db.read(async |conn| pairs.fetch_all(conn).await).await?)
    }
}

/// Counts the characters that two ids have in common at their beginnings.
fn common_prefix(one: Uuid, other: Uuid) -> usize {
    let (one, other) = (one.hyphenated().to_string(), other.hyphenated().to_string());
    one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count()
}
