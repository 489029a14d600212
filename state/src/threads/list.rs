//! Lists threads in pages, by keyset.

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteArguments;
use threadkeep_sqlite::uuid_text;

use super::ThreadStore;
use super::cursor::Cursor;
use super::order::{SortDirection, SortKey};
use super::search::{SearchShape, SearchTerm};
use crate::error::StateError;
use crate::thread::{THREAD_COLUMNS, Thread};

/// Default number of threads on a page.
pub const DEFAULT_PAGE: u32 = 50;
/// Largest number of threads on a page.
pub const MAX_PAGE: u32 = 1_000;

/// Query of a list. The default is the first page of the current threads, the latest updated first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListThreads {
    /// Sort key. `None`: that of the cursor, or else [`SortKey::Updated`].
    pub sort: Option<SortKey>,
    /// Direction. That of a cursor wins. Default: descending.
    pub direction: SortDirection,
    /// Largest number of threads on the page, from 1 to [`MAX_PAGE`]. `None`: [`DEFAULT_PAGE`].
    pub limit: Option<u32>,
    /// Cursor of an earlier page with the same filters.
    pub cursor: Option<Cursor>,
    /// Lists the archived threads instead of the current ones.
    pub archived: bool,
    /// Only threads of this source: `cli`, `exec`, `subagent`, ….
    pub source: Option<String>,
    /// Only threads of this model provider.
    pub provider: Option<String>,
    /// Only threads whose latest turn was in exactly this folder.
    pub cwd: Option<String>,
    /// Only threads with this text, without regard to case, in their name, title, preview, first
    /// message, folder or branch.
    pub search: Option<String>,
}

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

/// Parts of a query that decide its SQL.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ListShape {
    pub(crate) sort: SortKey,
    pub(crate) direction: SortDirection,
    pub(crate) from_cursor: bool,
    pub(crate) source: bool,
    pub(crate) provider: bool,
    pub(crate) cwd: bool,
    pub(crate) search: Option<SearchShape>,
}

impl ListShape {
    /// Returns the statement. It binds, as far as the shape has them and in this order: list,
    /// source, provider, folder, search, cursor time, cursor id, limit.
    pub(crate) fn sql(&self) -> String {
        let time = match self.sort {
            SortKey::Created => "created_at_ms",
            SortKey::Updated => "updated_at_ms",
        };
        let (order, beyond) = match self.direction {
            SortDirection::Ascending => ("ASC", ">"),
            SortDirection::Descending => ("DESC", "<"),
        };
        let mut sql = format!("SELECT {} FROM threads WHERE listing = ?", *THREAD_COLUMNS);
        if self.source {
            sql.push_str(" AND source_kind = ?");
        }
        if self.provider {
            sql.push_str(" AND model_provider = ?");
        }
        if self.cwd {
            // The plus keeps SQLite from sorting what the index of folders gives: it is in the
            // order of updates.
            sql.push_str(if self.sort == SortKey::Created { " AND +cwd = ?" } else { " AND cwd = ?" });
        }
        match self.search {
            Some(SearchShape::Indexed) => {
                sql.push_str(" AND rowid IN (SELECT rowid FROM thread_search WHERE thread_search MATCH ?)");
            }
            Some(SearchShape::Short) => sql.push_str(" AND search_text LIKE ? ESCAPE '\\'"),
            None => {}
        }
        if self.from_cursor {
            sql.push_str(&format!(" AND ({time}, id) {beyond} (?, ?)"));
        }
        sql.push_str(&format!(" ORDER BY {time} {order}, id {order} LIMIT ?"));
        sql
    }
}

impl ThreadStore {
    /// Lists a page of threads.
    ///
    /// # Errors
    ///
    /// [`StateError::CursorMismatch`] when the cursor belongs to another sort key,
    /// [`StateError::BadLimit`], and [`StateError::Database`].
    pub async fn list(&self, query: &ListThreads) -> Result<ThreadPage, StateError> {
        let limit = query.limit.unwrap_or(DEFAULT_PAGE);
        if limit == 0 || limit > MAX_PAGE {
            return Err(StateError::BadLimit { limit, max: MAX_PAGE });
        }
        let (sort, direction) = order_of(query)?;
        let search = query.search.as_deref().and_then(SearchTerm::new);
        let shape = ListShape {
            sort,
            direction,
            from_cursor: query.cursor.is_some(),
            source: query.source.is_some(),
            provider: query.provider.is_some(),
            cwd: query.cwd.is_some(),
            search: search.as_ref().map(SearchTerm::shape),
        };

        let mut rows =
            sqlx::query::<sqlx::Sqlite>(AssertSqlSafe(shape.sql())).bind(i64::from(query.archived));
        for filter in [&query.source, &query.provider, &query.cwd].into_iter().flatten() {
            rows = rows.bind(filter);
        }
        if let Some(search) = &search {
            rows = rows.bind(search.pattern());
        }
        if let Some(cursor) = &query.cursor {
            rows = rows.bind(cursor.at.as_millisecond()).bind(uuid_text(cursor.id));
        }
        // One more than asked for shows if the list goes on.
        let rows = rows.bind(i64::from(limit) + 1);

        let mut threads = self.fetch_threads(rows).await?;
        let more = threads.len() > limit as usize;
        threads.truncate(limit as usize);
        let catch_up = query.cursor.as_ref().filter(|cursor| cursor.catch_up);
        let mut page = page(threads, more, sort, direction, catch_up.is_some());
        if page.threads.is_empty() {
            page.backwards_cursor = catch_up.cloned();
        }
        Ok(page)
    }

    async fn fetch_threads(
        &self,
        query: sqlx::query::Query<'_, sqlx::Sqlite, SqliteArguments>,
    ) -> Result<Vec<Thread>, StateError> {
        let threads = self.db.read(async |conn| {
            let rows = query.fetch_all(conn).await?;
            rows.iter().map(Thread::from_row).collect()
        });
        Ok(threads.await?)
    }
}

/// Returns the order that a query asks for. A cursor has its own.
fn order_of(query: &ListThreads) -> Result<(SortKey, SortDirection), StateError> {
    match (&query.cursor, query.sort) {
        (Some(cursor), Some(sort)) if cursor.sort != sort => {
            Err(StateError::CursorMismatch(cursor.to_string()))
        }
        (Some(cursor), _) => Ok((cursor.sort, cursor.direction)),
        (None, sort) => Ok((sort.unwrap_or_default(), query.direction)),
    }
}

fn page(
    threads: Vec<Thread>,
    more: bool,
    sort: SortKey,
    direction: SortDirection,
    catching_up: bool,
) -> ThreadPage {
    let cursor_at = |thread: &Thread, direction, catch_up| Cursor {
        sort,
        direction,
        catch_up,
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
