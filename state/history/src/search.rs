//! Full-text search: the newest passages that match, best first.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sqlx::{Connection as _, SqliteConnection};
use threadkeep_rollout::Said;
use threadkeep_sqlite::{RowReader, json};
use uuid::Uuid;

use crate::chain::ThreadTurns;
use crate::error::HistoryError;
use crate::passages::{column_name, decode};
use crate::query::Terms;
use crate::store::HistoryStore;

/// Passages that are ranked together.
const WINDOW: i64 = 1_000;

/// Query of a search.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchQuery {
    /// Words and phrases in quotes. A passage must have all of them, in any order.
    pub text: String,
    /// Speakers of the passages. Default: any.
    pub said: Vec<Said>,
    /// Start of the first turn. Default: any.
    pub since: Option<Timestamp>,
    /// True if words of three letters and more may go on. Default: true.
    pub prefix: bool,
    /// Threads to search. Default: all.
    pub threads: Option<HashSet<Uuid>>,
    /// End of the page before: [`SearchPage::more`].
    pub after: Option<SearchCursor>,
}

/// Place between two pages of a search.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchCursor(i64);

/// Page of a search: the newest matching passages, 1,000 at most, by thread and the best first.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct SearchPage {
    /// The threads with the best passages first. May be empty although there are more pages.
    pub threads: Vec<FoundThread>,
    /// Older passages match, too: a query with this in [`SearchQuery::after`] finds them.
    pub more: Option<SearchCursor>,
}

/// Passages of one thread.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct FoundThread {
    /// The thread.
    pub thread_id: Uuid,
    /// The passages, the best first.
    pub hits: Vec<Hit>,
}

/// Passage that matches. [`HistoryStore::show`] adds its turn and a snippet.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Hit {
    /// The thread.
    pub thread_id: Uuid,
    /// Path of the rollout in the home.
    pub path: String,
    /// Speaker.
    pub said: Said,
    /// (Decompressed) byte where its line starts.
    pub offset: u64,
    /// (Decompressed) byte after its line.
    pub end: u64,
    /// Rank: the greater, the better.
    pub score: f64,
    pub(crate) file: i64,
    pub(crate) file_id: Uuid,
}

impl SearchQuery {
    /// Makes a query of a text, with the defaults.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { text, said: Vec::new(), since: None, prefix: true, threads: None, after: None }
    }

    pub(crate) fn terms(&self) -> Result<Terms, HistoryError> {
        Terms::parse(&self.text, self.prefix)
    }
}

/// The newest passages before `?2` that match `?1`, by block. A user's words count more than an
/// agent's, and these more than a tool's.
pub(crate) const HITS: &str = "WITH hits AS MATERIALIZED ( \
       SELECT rowid AS id, bm25(history_words, 1.0, 2.0, 4.0) AS score FROM history_words \
       WHERE history_words MATCH ?1 AND rowid < ?2 ORDER BY rowid DESC LIMIT ?3) \
     SELECT first_id, file, places, json_group_array(json_array(hits.id - first_id, score)), min(hits.id), count(*) \
     FROM hits JOIN history_blocks \
       ON first_id = (SELECT max(first_id) FROM history_blocks WHERE first_id <= hits.id) \
     GROUP BY first_id";

/// Files `?1`. The last column is 1 if each of its passages counts.
const FILES: &str = "SELECT id, path, thread_id, file_id, started_at_ms, rollbacks IS NULL AND NOT EXISTS ( \
       SELECT 1 FROM history_files AS other WHERE other.thread_id = file.thread_id AND other.is_owner = 1 \
         AND (other.file_id <> other.thread_id, other.file_id) > (file.file_id <> file.thread_id, file.file_id)) \
     FROM history_files AS file WHERE id IN (SELECT value FROM json_each(?1))";

/// Turn of a file `?1` with the byte `?2`: where it starts, and when.
const TURN_AT: &str = "SELECT start_offset, started_at_ms FROM history_turns \
     WHERE file = ?1 AND start_offset <= ?2 ORDER BY start_offset DESC LIMIT 1";

impl HistoryStore {
    /// Searches what was said. Without a database it finds nothing.
    ///
    /// A caller that leaves out threads, or wants more, asks again with [`SearchPage::more`].
    ///
    /// # Errors
    ///
    /// [`HistoryError::NoWords`], [`HistoryError::TooManyWords`], [`HistoryError::Open`],
    /// [`HistoryError::Database`].
    pub async fn search(&self, query: &SearchQuery) -> Result<SearchPage, HistoryError> {
        let terms = query.terms()?;
        let Some(db) = self.database.existing().await? else { return Ok(SearchPage::default()) };
        let columns: Vec<&str> = query.said.iter().map(|said| column_name(*said)).collect();
        let fts = terms.fts(&columns);
        Ok(db
            .read(async |conn| {
                let mut snapshot = conn.begin().await?;
                let page = find(&mut snapshot, &fts, query).await?;
                snapshot.commit().await?;
                Ok(page)
            })
            .await?)
    }
}

async fn find(
    conn: &mut SqliteConnection,
    fts: &str,
    query: &SearchQuery,
) -> Result<SearchPage, sqlx::Error> {
    let before = query.after.map_or(i64::MAX, |cursor| cursor.0);
    let blocks = sqlx::query(HITS).bind(fts).bind(before).bind(WINDOW).fetch_all(&mut *conn).await?;
    let (mut hits, mut lowest, mut count) = (Vec::new(), i64::MAX, 0_i64);
    for row in &blocks {
        let mut row = RowReader::new(row);
        let _first: i64 = row.column()?;
        let (file, places): (i64, &[u8]) = (row.column()?, row.column()?);
        let found: Vec<(usize, f64)> = row.json()?;
        lowest = lowest.min(row.column()?);
        count += row.column::<i64>()?;
        let places = decode(places);
        hits.extend(found.into_iter().filter_map(|(n, score)| Some((file, *places.get(n)?, -score))));
    }
    let more = (count >= WINDOW).then_some(SearchCursor(lowest));
    let files: HashSet<i64> = hits.iter().map(|(file, ..)| *file).collect();
    let files = files_of(conn, &files).await?;
    let mut counting = Counting::default();
    let mut threads: HashMap<Uuid, Vec<Hit>> = HashMap::new();
    for (file, place, score) in hits {
        let Some(found) = files.get(&file) else { continue };
        if query.threads.as_ref().is_some_and(|threads| !threads.contains(&found.thread_id)) {
            continue;
        }
        if (!found.all_count || query.since.is_some())
            && !counting.takes(conn, file, found, place.offset, query.since).await?
        {
            continue;
        }
        threads.entry(found.thread_id).or_default().push(Hit {
            thread_id: found.thread_id,
            path: found.path.clone(),
            said: place.said,
            offset: place.offset,
            end: place.end,
            score,
            file,
            file_id: found.file_id,
        });
    }
    Ok(SearchPage { threads: ranked(threads), more })
}

/// A file with hits.
struct HitFile {
    path: String,
    thread_id: Uuid,
    file_id: Uuid,
    started_at: Option<Timestamp>,
    all_count: bool,
}

async fn files_of(
    conn: &mut SqliteConnection,
    files: &HashSet<i64>,
) -> Result<HashMap<i64, HitFile>, sqlx::Error> {
    let rows = sqlx::query(FILES).bind(json(files)).fetch_all(conn).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let mut row = RowReader::new(row);
        let id = row.column()?;
        let file = HitFile {
            path: row.column()?,
            thread_id: row.uuid()?,
            file_id: row.uuid()?,
            started_at: row.optional_time()?,
            all_count: row.column()?,
        };
        found.insert(id, file);
    }
    Ok(found)
}

/// Decides which passages count.
#[derive(Default)]
struct Counting {
    /// Turns that count of threads with several files, and of those that took turns back.
    turns: HashMap<Uuid, HashMap<(i64, u64), Option<u64>>>,
}

impl Counting {
    async fn takes(
        &mut self,
        conn: &mut SqliteConnection,
        file: i64,
        found: &HitFile,
        offset: u64,
        since: Option<Timestamp>,
    ) -> Result<bool, sqlx::Error> {
        let turn = sqlx::query(TURN_AT).bind(file).bind(crate::rows::int(offset));
        let Some(turn) = turn.fetch_optional(&mut *conn).await? else { return Ok(false) };
        let mut turn = RowReader::new(&turn);
        let (start, at): (i64, _) = (turn.column()?, turn.optional_time()?);
        if since.is_some_and(|since| at.or(found.started_at).is_none_or(|at| at < since)) {
            return Ok(false);
        }
        if found.all_count {
            return Ok(true);
        }
        if !self.turns.contains_key(&found.thread_id) {
            let turns = ThreadTurns::load(conn, found.thread_id).await?;
            self.turns.insert(found.thread_id, turns.places());
        }
        let end = self.turns[&found.thread_id].get(&(file, start.unsigned_abs()));
        Ok(end.is_some_and(|end| end.is_none_or(|end| offset < end)))
    }
}

/// Puts the threads with the best passages first. Of equal ones the newest is first.
fn ranked(threads: HashMap<Uuid, Vec<Hit>>) -> Vec<FoundThread> {
    let better = |one: &Hit, other: &Hit| {
        other
            .score
            .total_cmp(&one.score)
            .then_with(|| (other.file_id, other.offset).cmp(&(one.file_id, one.offset)))
    };
    let mut found: Vec<FoundThread> = threads
        .into_iter()
        .map(|(thread_id, mut hits)| {
            hits.sort_by(better);
            FoundThread { thread_id, hits }
        })
        .collect();
    found.sort_by(|one, other| better(&one.hits[0], &other.hits[0]));
    found
}
