//! Lists threads in pages, by keyset.

use std::collections::HashMap;
use std::sync::OnceLock;

use serde::Deserialize;
use sqlx::Row as _;
use uuid::Uuid;

use super::ThreadStore;
use super::cursor::Cursor;
use super::order::{SortDirection, SortKey};
use super::query::ListThreads;
use super::search::SearchTerms;
use super::shape::{Rows, Select, Trigrams};
use crate::error::StateError;
use crate::thread::Thread;

/// Default number of threads on a page.
pub const DEFAULT_PAGE: u32 = 50;
/// Largest number of threads on a page.
pub const MAX_PAGE: u32 = 1_000;

/// Number of rows that a search compares before it asks the trigram index. Words that are common
/// are found by then, and how rare the others are is known.
const SAMPLE: u32 = 300;
/// Number of matches in the sample from which on the others are not rare.
const RARE: usize = 5;
/// Number of rows that are compared at a time after that.
const CHUNK: u32 = 2_000;

/// A page of threads.
///
/// No thread is skipped or repeated, even if threads are inserted or deleted between two pages. A
/// thread whose sort time changes meanwhile is found at its new place, by going on or by catching
/// up. A thread that is indexed late may have a time behind a cursor; it is then behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadPage {
    /// Threads, in the order of the list.
    pub threads: Vec<Thread>,
    /// Cursor that goes on after the page's last thread. `None` at the end of the list.
    ///
    /// A page that was reached by a [`backwards_cursor`](ThreadPage::backwards_cursor) has one
    /// whenever it has a thread, because more may come later: keep the last one, and ask again.
    pub next_cursor: Option<Cursor>,
    /// Cursor that lists, in the other direction, the threads before the page's first: with the
    /// newest first, the threads that came since. An empty page that was reached by such a cursor
    /// returns it, so that a client that catches up repeatedly always holds one: the last page's
    /// `next_cursor`, or else its `backwards_cursor`.
    pub backwards_cursor: Option<Cursor>,
}

impl ThreadStore {
    /// Lists a page of threads.
    ///
    /// # Errors
    ///
    /// [`StateError::CursorMismatch`] when the cursor belongs to another sort key or other filters,
    /// [`StateError::BadLimit`], and [`StateError::Database`].
    pub async fn list(&self, query: &ListThreads) -> Result<ThreadPage, StateError> {
        let limit = query.limit.unwrap_or(DEFAULT_PAGE);
        if limit == 0 || limit > MAX_PAGE {
            return Err(StateError::BadLimit { limit, max: MAX_PAGE });
        }
        let (sort, direction) = order_of(query)?;
        let after = query.cursor.as_ref().map(|cursor| (cursor.at.as_millisecond(), cursor.id));
        // One more than asked for shows if the list goes on.
        let rows = Rows { query, sort, direction, after, trigrams: None, limit: limit + 1 };
        let (threads, more) = match query.search.as_deref().and_then(SearchTerms::new) {
            Some(terms) => {
                let mut ids = self.search(&terms, rows).await?;
                let more = ids.len() > limit as usize;
                ids.truncate(limit as usize);
                (self.in_order(&ids).await?, more)
            }
            None => {
                let mut threads = self.fetch(&rows.threads()).await?;
                let more = threads.len() > limit as usize;
                threads.truncate(limit as usize);
                (threads, more)
            }
        };
        let catch_up = query.cursor.as_ref().filter(|cursor| cursor.catch_up);
        let order = Order { sort, direction, filters: query.filters() };
        let mut page = page(threads, more, order, catch_up.is_some());
        if page.threads.is_empty() {
            page.backwards_cursor = catch_up.cloned();
        }
        Ok(page)
    }

    /// Returns the ids of threads with all terms, at most `rows.limit`, in their order.
    ///
    /// The first rows are compared one by one. If they do not suffice, the trigram index says which
    /// of the others may have the terms.
    async fn search(&self, terms: &SearchTerms, mut rows: Rows<'_>) -> Result<Vec<Uuid>, StateError> {
        let limit = rows.limit as usize;
        rows.limit = rows.limit.max(SAMPLE);
        let (mut found, trigrams) = (Vec::new(), OnceLock::new());
        loop {
            let read = self.texts(&rows.texts()).await?;
            found.extend(read.iter().filter(|Text(_, _, text)| terms.are_in(text)).map(|Text(_, id, _)| *id));
            if read.len() < rows.limit as usize || found.len() >= limit {
                found.truncate(limit);
                return Ok(found);
            }
            rows.after = read.last().map(|Text(at, id, _)| (*at, *id)).or(rows.after);
            let trigrams = trigrams.get_or_init(|| {
                let sample: Vec<&str> = read.iter().map(|Text(_, _, text)| text.as_str()).collect();
                terms.trigrams(&sample)
            });
            let are_rare = found.len() < RARE;
            rows.trigrams = trigrams.as_deref().map(|query| Trigrams { query, are_rare });
            rows.limit = CHUNK;
        }
    }

    async fn texts(&self, select: &Select) -> Result<Vec<Text>, StateError> {
        let texts = self.db.read(async |conn| {
            let row = select.query().fetch_one(conn).await?;
            serde_json::from_str(row.try_get(0)?).map_err(|error| sqlx::Error::Decode(error.into()))
        });
        Ok(texts.await?)
    }

    async fn fetch(&self, select: &Select) -> Result<Vec<Thread>, StateError> {
        let threads = self.db.read(async |conn| {
            let row = select.query().fetch_one(conn).await?;
            let threads: Option<&str> = row.try_get(0)?;
            threads.into_iter().flat_map(|threads| threads.split('\n')).map(Thread::from_json).collect()
        });
        Ok(threads.await?)
    }

    /// Reads threads in the order of their ids. Leaves out threads that were deleted meanwhile.
    async fn in_order(&self, ids: &[Uuid]) -> Result<Vec<Thread>, StateError> {
        let read = self.get_many(ids).await?;
        let mut read: HashMap<Uuid, Thread> = read.into_iter().map(|thread| (thread.id, thread)).collect();
        Ok(ids.iter().filter_map(|id| read.remove(id)).collect())
    }

    /// Returns the folders of all threads, each once, sorted by bytes.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    pub async fn folders(&self) -> Result<Vec<String>, StateError> {
        // Each folder is one step in the index, however many threads it has.
        let folders = sqlx::query_scalar(
            "WITH RECURSIVE folder (path) AS (\
               SELECT min(cwd) FROM threads \
               UNION ALL SELECT (SELECT min(cwd) FROM threads WHERE cwd > path) FROM folder WHERE path IS NOT NULL) \
             SELECT path FROM folder WHERE path IS NOT NULL",
        );
        Ok(self.db.read(async |conn| folders.fetch_all(conn).await).await?)
    }
}

/// Time in milliseconds, id and searched text of a row.
#[derive(Deserialize)]
struct Text(i64, Uuid, String);

/// Returns the order that a query asks for. A cursor has its own.
fn order_of(query: &ListThreads) -> Result<(SortKey, SortDirection), StateError> {
    match (&query.cursor, query.sort) {
        (Some(cursor), sort)
            if sort.is_some_and(|sort| cursor.sort != sort) || cursor.filters != query.filters() =>
        {
            Err(StateError::CursorMismatch(cursor.to_string()))
        }
        (Some(cursor), _) => Ok((cursor.sort, cursor.direction)),
        (None, sort) => Ok((sort.unwrap_or_default(), query.direction)),
    }
}

/// Order of a list, and a checksum of its filters.
#[derive(Clone, Copy)]
struct Order {
    sort: SortKey,
    direction: SortDirection,
    filters: u32,
}

fn page(threads: Vec<Thread>, more: bool, order: Order, catching_up: bool) -> ThreadPage {
    let Order { sort, direction, filters } = order;
    let cursor_at = |thread: &Thread, direction, catch_up| Cursor {
        sort,
        direction,
        catch_up,
        filters,
        at: match sort {
            SortKey::Created => thread.created_at,
            SortKey::Updated => thread.updated_at,
        },
        id: thread.id,
    };
    let next_cursor =
        threads.last().filter(|_| more || catching_up).map(|last| cursor_at(last, direction, catching_up));
    let backwards_cursor = threads.first().map(|first| cursor_at(first, direction.reversed(), !catching_up));
    ThreadPage { threads, next_cursor, backwards_cursor }
}
