//! Pages of a thread's turns, and reading them by their bytes.

use std::ops::ControlFlow;
use std::path::PathBuf;

use sqlx::SqliteConnection;
use sqlx::sqlite::SqliteRow;
use threadkeep_rollout::{
    AgentHome, Chain, ExtractError, HistoryBase, ItemsView, SpanFile, Turn, TurnSpan, TurnStatus, read_span,
    read_turns,
};
use threadkeep_sqlite::{RowReader, json};
use uuid::Uuid;

use crate::blocking::blocking;
use crate::chain::{Counted, Part, ThreadTurns, parts};
use crate::error::HistoryError;
use crate::numbers::int;
use crate::store::HistoryStore;

/// Selection of a thread's turns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnsQuery {
    /// Number of the first turn, from 1. Default: 1.
    pub from: u64,
    /// The most turns. Default: 25.
    pub limit: usize,
    /// True if `from` counts from the newest turn on; the turns come in their order all the same.
    /// Default: false.
    pub from_newest: bool,
}

impl Default for TurnsQuery {
    fn default() -> Self {
        Self { from: 1, limit: 25, from_newest: false }
    }
}

/// Turns of a thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryTurns {
    /// The turns, in their order.
    pub turns: Vec<HistoryTurn>,
    /// Number of the thread's turns altogether.
    pub total: u64,
}

/// A turn that counts, without its items.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct HistoryTurn {
    /// Number of the turn in its thread, from 1.
    pub number: u64,
    /// Path in the home of the file in which the turn begins.
    pub path: String,
    /// Id that other files name this one by.
    pub file_id: Uuid,
    /// The turn in its file. [`TurnSpan::number`] counts in the file alone.
    pub span: TurnSpan,
    /// True for a turn of the history that the thread was forked from.
    pub inherited: bool,
    /// End of the part of the file that counts.
    end: Option<HistoryBase>,
    /// Path of the thread's newest file, if the turn may go on in the file after its own.
    goes_on: Option<String>,
}

/// Columns of a turn.
const COLUMNS: &str = "start_offset, end_offset, ordinal, number, turn_id, status, error, started_at_ms, \
     completed_at_ms, duration_ms, first_words, is_inherited, is_whole";

/// A page of the turns of one file.
pub(crate) fn page_sql() -> String {
    format!("SELECT {COLUMNS} FROM history_turns WHERE file = ?1 ORDER BY start_offset LIMIT +?2 OFFSET ?3")
}

/// The turns of one file at the bytes `?2`.
pub(crate) fn at_sql() -> String {
    format!(
        "SELECT {COLUMNS} FROM history_turns \
         WHERE file = ?1 AND start_offset IN (SELECT value FROM json_each(?2)) ORDER BY start_offset"
    )
}

impl HistoryStore {
    /// Returns turns of a thread, as [`list_turns`](threadkeep_rollout::list_turns) lists them.
    /// Reads a rollout only where the part of it that counts may end within a turn.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Open`], [`HistoryError::Database`], [`HistoryError::Rollout`].
    pub async fn turns(
        &self,
        home: &AgentHome,
        thread: Uuid,
        query: &TurnsQuery,
    ) -> Result<HistoryTurns, HistoryError> {
        let Some(db) = self.database.existing().await? else { return Ok(HistoryTurns::default()) };
        let read = db.read(async |conn| match &parts(&mut *conn, thread).await?[..] {
            [only] if only.is_plain() => plain_page(conn, only, query).await,
            _ => page(conn, thread, query).await,
        });
        let (mut found, unclear) = read.await?;
        if !unclear.is_empty() {
            let home = home.clone();
            found = blocking(move || {
                for place in unclear {
                    found.turns[place].see_end(&home)?;
                }
                Ok(found)
            })
            .await?;
        }
        Ok(found)
    }

    /// Reads turns with their items, by their bytes. `None` stands for a turn that is no longer
    /// there: the file was rewritten since it was indexed.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Rollout`].
    pub async fn read_turns(
        &self,
        home: &AgentHome,
        turns: &[HistoryTurn],
        view: ItemsView,
    ) -> Result<Vec<Option<Turn>>, HistoryError> {
        let (home, turns) = (home.clone(), turns.to_vec());
        blocking(move || turns.iter().map(|turn| turn.read(&home, view)).collect()).await
    }
}

impl HistoryTurn {
    fn new(part: &Part, number: usize, span: TurnSpan) -> Self {
        let (path, file_id, inherited) = (part.path.clone(), part.file_id, span.inherited);
        Self { number: number as u64 + 1, path, file_id, span, inherited, end: part.end, goes_on: None }
    }

    /// Reads the turn with its items, as [`HistoryStore::read_turns`] does, on the calling thread.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Rollout`].
    pub fn read(&self, home: &AgentHome, view: ItemsView) -> Result<Option<Turn>, HistoryError> {
        if let Some(newest) = &self.goes_on {
            return self.read_in_chain(home, newest, view).map_err(failed(newest));
        }
        let (path, compressed) = locate(home, &self.path, self.file_id);
        let file = SpanFile { path: &path, compressed, file: &self.path, file_id: Some(self.file_id) };
        let mut turn = read_span(&file, &self.span, self.end.as_ref(), view).map_err(failed(&self.path))?;
        if let Some(turn) = &mut turn {
            turn.inherited = self.inherited;
        }
        Ok(turn)
    }

    /// Reads the turn among all others of its thread, because it may go on in another file.
    fn read_in_chain(
        &self,
        home: &AgentHome,
        newest: &str,
        view: ItemsView,
    ) -> Result<Option<Turn>, ExtractError> {
        let file = home.rollout_at(newest).map_err(ExtractError::Io)?;
        let (chain, mut found) = (Chain::resolve(home, &file, |_| true)?, None);
        read_turns(&chain, view, |turn| {
            if (turn.file_id, turn.offset) != (Some(self.file_id), self.span.offset) {
                return ControlFlow::Continue(());
            }
            found = Some(turn);
            ControlFlow::Break(())
        })?;
        Ok(found)
    }

    /// Looks where the part of the file that counts ends within the turn.
    fn see_end(&mut self, home: &AgentHome) -> Result<(), HistoryError> {
        if let Some(turn) = self.read(home, ItemsView::None)? {
            self.span.status = turn.status;
            (self.span.error, self.span.completed_at) = (turn.error, turn.completed_at);
            self.span.duration_ms = turn.duration_ms;
        }
        Ok(())
    }
}

/// Returns the place of a file: the known one, or where the file is now.
pub(crate) fn locate(home: &AgentHome, path: &str, file_id: Uuid) -> (PathBuf, bool) {
    let known = home.absolute(path);
    if !known.exists()
        && let Ok(Some(file)) = home.find_rollout(file_id)
    {
        return (home.absolute(&file.path), file.compressed);
    }
    (known, path.ends_with(".zst"))
}

/// Names the rollout in an error.
pub(crate) fn failed(path: &str) -> impl FnOnce(ExtractError) -> HistoryError + '_ {
    |source| HistoryError::Rollout { path: path.to_owned(), source }
}

/// A page, and the places in it of turns of which only their lines say how they end.
type Page = (HistoryTurns, Vec<usize>);

/// Reads a page of a thread of one file, all of whose turns count.
async fn plain_page(
    conn: &mut SqliteConnection,
    part: &Part,
    query: &TurnsQuery,
) -> Result<Page, sqlx::Error> {
    let total = sqlx::query_scalar("SELECT count(*) FROM history_turns WHERE file = ?1").bind(part.file);
    let total: i64 = total.fetch_one(&mut *conn).await?;
    let total = usize::try_from(total).unwrap_or(0);
    let (first, count) = range(query, total);
    let rows = sqlx::query(sqlx::AssertSqlSafe(page_sql())).bind(part.file);
    let rows = rows.bind(int(count as u64)).bind(int(first as u64)).fetch_all(conn).await?;
    let turns = rows.iter().enumerate().map(|(n, row)| Ok(HistoryTurn::new(part, first + n, span_of(row)?)));
    let turns = turns.collect::<Result<_, sqlx::Error>>()?;
    Ok((HistoryTurns { turns, total: total as u64 }, Vec::new()))
}

/// Reads a page of a thread of any files.
async fn page(conn: &mut SqliteConnection, thread: Uuid, query: &TurnsQuery) -> Result<Page, sqlx::Error> {
    let all = ThreadTurns::load(conn, thread).await?;
    let (first, count) = range(query, all.turns.len());
    let counted = &all.turns[first..first + count];
    let (mut turns, mut unclear) = (Vec::with_capacity(count), Vec::new());
    for same in counted.chunk_by(|one, other| one.part == other.part) {
        let part = &all.parts[same[0].part];
        let offsets: Vec<u64> = same.iter().map(|turn| turn.offset).collect();
        let rows = sqlx::query(sqlx::AssertSqlSafe(at_sql())).bind(part.file).bind(json(&offsets));
        for (row, Counted { is_inherited, status, may_be_cut, may_go_on, .. }) in
            rows.fetch_all(&mut *conn).await?.iter().zip(same)
        {
            let mut turn = HistoryTurn::new(part, first + turns.len(), span_of(row)?);
            turn.inherited = *is_inherited;
            turn.span.status = status.unwrap_or(turn.span.status);
            turn.goes_on = all.parts.last().filter(|_| *may_go_on).map(|newest| newest.path.clone());
            if *may_be_cut || *may_go_on {
                unclear.push(turns.len());
            }
            turns.push(turn);
        }
    }
    Ok((HistoryTurns { turns, total: all.turns.len() as u64 }, unclear))
}

/// Returns the place of the first turn of a page, and the number of its turns.
fn range(query: &TurnsQuery, total: usize) -> (usize, usize) {
    let skipped = usize::try_from(query.from.saturating_sub(1)).unwrap_or(usize::MAX).min(total);
    let count = query.limit.min(total - skipped);
    (if query.from_newest { total - skipped - count } else { skipped }, count)
}

/// Reads a row with the columns [`COLUMNS`].
fn span_of(row: &SqliteRow) -> Result<TurnSpan, sqlx::Error> {
    let mut row = RowReader::new(row);
    let number = |value: i64| u64::try_from(value).unwrap_or(0);
    let (offset, end, ordinal): (i64, i64, Option<i64>) = (row.column()?, row.column()?, row.column()?);
    let (place, id) = (row.column()?, row.column()?);
    let status: &str = row.column()?;
    Ok(TurnSpan {
        id,
        number: number(place),
        offset: number(offset),
        end: number(end),
        ordinal: ordinal.map(number),
        status: TurnStatus::ALL
            .into_iter()
            .find(|known| known.as_str() == status)
            .unwrap_or(TurnStatus::Interrupted),
        error: row.column()?,
        started_at: row.optional_time()?,
        completed_at: row.optional_time()?,
        duration_ms: row.column::<Option<i64>>()?.map(number),
        first_words: row.column()?,
        inherited: row.column()?,
        whole_items: row.column()?,
    })
}
