//! Lists threads in pages, by keyset.

use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteArguments;

use super::ThreadStore;
use super::cursor::Cursor;
use super::order::{SortDirection, SortKey};
use super::search::{SearchShape, SearchTerm};
use crate::error::StateError;
use crate::thread::{THREAD_COLUMNS, Thread};
use threadkeep_sqlite::text_of;

/// The number of threads of a page when nothing is said.
pub const DEFAULT_PAGE: u32 = 50;
/// The most threads of one page.
pub const MAX_PAGE: u32 = 1_000;

/// What to list. The default is the first page of the current threads, the latest updated first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListThreads {
    /// What to sort by. `None`: as the cursor says, else [`SortKey::Updated`].
    pub sort: Option<SortKey>,
    /// Which end first. A cursor has its own direction, which wins. Default: descending.
    pub direction: SortDirection,
    /// The most threads of the page, from 1 to [`MAX_PAGE`]. `None`: [`DEFAULT_PAGE`].
    pub limit: Option<u32>,
    /// Where to go on: a cursor of an earlier page with the same filters.
    pub cursor: Option<Cursor>,
    /// The archived threads instead of the current ones.
    pub archived: bool,
    /// Only threads of this source: `cli`, `exec`, `subagent`, ….
    pub source: Option<String>,
    /// Only threads of this model provider.
    pub provider: Option<String>,
    /// Only threads whose latest turn was in exactly this folder.
    pub cwd: Option<String>,
    /// Only threads with this text, without regard to case, in their name, title, preview, first message, folder
    /// or branch.
    pub search: Option<String>,
}

/// A page of threads.
///
/// Whatever is inserted or deleted between two pages, no thread is skipped and none comes twice. A thread whose sort time
/// changes meanwhile is found at its new place: by going on, or by catching up. One that is indexed late, with a time of
/// its own that lies behind a cursor, is behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ThreadPage {
    /// The threads, in the order of the list.
    pub threads: Vec<Thread>,
    /// Goes on after the page's last thread; `None` at the end of the list.
    ///
    /// A page that was itself reached by a [`backwards_cursor`](ThreadPage::backwards_cursor) has one as long as it
    /// has a thread, because more may come later: keep the last one, and ask again.
    pub next_cursor: Option<Cursor>,
    /// Lists, the other way round, what lies before the page's first thread: what has come since, in a list with
    /// the newest first. An empty page that was reached by such a cursor gives that cursor back, so that a client that
    /// catches up again and again always holds one: the last page's `next_cursor`, else its `backwards_cursor`.
    pub backwards_cursor: Option<Cursor>,
}

/// The parts of a list that decide its SQL.
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
    /// The statement. Binds, in order: list, source, provider, folder, search, cursor time, cursor id, limit; those
    /// that the shape has.
    pub(crate) fn sql(&self) -> String {
        let time = match self.sort {
            SortKey::Created => "created_at_ms",
            SortKey::Updated => "updated_at_ms",
        };
        let (order, beyond) = match self.direction {
            SortDirection::Ascending => ("ASC", ">"),
            SortDirection::Descending => ("DESC", "<"),
        };
        let mut sql = format!("SELECT {THREAD_COLUMNS} FROM threads WHERE listing = ?");
        if self.source {
            sql.push_str(" AND source_kind = ?");
        }
        if self.provider {
            sql.push_str(" AND model_provider = ?");
        }
        if self.cwd {
            sql.push_str(" AND cwd = ?");
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
    /// [`StateError::CursorMismatch`] when the cursor belongs to another sort key, [`StateError::BadLimit`], and
    /// [`StateError::Database`].
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
            rows = rows.bind(cursor.at.as_millisecond()).bind(text_of(cursor.id));
        }
        // One more than asked for tells whether there is more.
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

/// The order a query asks for; a cursor knows its own.
fn order_of(query: &ListThreads) -> Result<(SortKey, SortDirection), StateError> {
    match (&query.cursor, query.sort) {
        (Some(cursor), Some(sort)) if cursor.sort != sort => {
            Err(StateError::CursorMismatch { cursor: cursor.to_string() })
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
