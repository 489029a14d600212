//! Full-text search: the newest passages that match, best first.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sqlx::{Connection as _, SqliteConnection};
use threadkeep_rollout::Said;
use threadkeep_sqlite::{RowReader, json};
use uuid::Uuid;

use crate::chain::ThreadTurns;
use crate::error::HistoryError;
use crate::passages::{Place, decode};
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

/// The newest passages beyond `?2` that match `?1`, by block.
pub(crate) const HITS: &str = "WITH hits AS MATERIALIZED ( \
       SELECT rowid AS id, bm25(history_words) AS score FROM history_words \
       WHERE history_words MATCH ?1 AND rowid > ?2 ORDER BY rowid LIMIT ?3) \
     SELECT first_id, file, places, json_group_array(json_array(hits.id - first_id, score)), max(hits.id), count(*) \
     FROM hits JOIN history_blocks \
       ON first_id = (SELECT max(first_id) FROM history_blocks WHERE first_id <= hits.id) \
     GROUP BY first_id";

/// Files `?1`. The last column is 1 if each of its passages counts.
const FILES: &str = "SELECT id, path, thread_id, file_id, started_at_ms, rollbacks IS NULL AND NOT EXISTS ( \
       SELECT 1 FROM history_files AS other WHERE other.thread_id = file.thread_id AND other.is_owner = 1 \
         AND (other.file_id <> other.thread_id, other.file_id) > (file.file_id <> file.thread_id, file.file_id)) \
     FROM history_files AS file WHERE id IN (SELECT value FROM json_each(?1))";

/// Turns with the places `?1`, pairs of a file and a byte: where each starts, and when.
const TURNS_AT: &str = "SELECT start_offset, started_at_ms FROM json_each(?1) \
     LEFT JOIN history_turns ON file = value ->> 0 AND start_offset = ( \
       SELECT max(start_offset) FROM history_turns WHERE file = value ->> 0 AND start_offset <= value ->> 1) \
     ORDER BY key";

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
        let fts = terms.fts();
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
    let after = query.after.map_or(i64::MIN, |cursor| cursor.0);
    let blocks = sqlx::query(HITS).bind(fts).bind(after).bind(WINDOW).fetch_all(&mut *conn).await?;
    let (mut hits, mut last, mut count) = (Vec::new(), i64::MIN, 0_i64);
    for row in &blocks {
        let mut row = RowReader::new(row);
        let _first: i64 = row.column()?;
        let (file, places): (i64, &[u8]) = (row.column()?, row.column()?);
        let found: Vec<(usize, f64)> = row.json()?;
        last = last.max(row.column()?);
        count += row.column::<i64>()?;
        let places = decode(places);
        let hit = |(n, score): (usize, f64)| {
            let place = *places.get(n)?;
            Some((file, place, -score * weight(place.said)))
        };
        hits.extend(found.into_iter().filter_map(hit));
    }
    let more = (count >= WINDOW).then_some(SearchCursor(last));
    let files: HashSet<i64> = hits.iter().map(|(file, ..)| *file).collect();
    let files = files_of(conn, &files).await?;
    hits.retain(|(file, place, _)| {
        if !query.said.is_empty() && !query.said.contains(&place.said) {
            return false;
        }
        let found = files.get(file);
        let is_wanted = |thread| query.threads.as_ref().is_none_or(|threads| threads.contains(thread));
        found.is_some_and(|found| is_wanted(&found.thread_id))
    });
    let counts = counting(conn, &hits, &files, query.since).await?;
    let mut threads: HashMap<Uuid, Vec<Hit>> = HashMap::new();
    for ((file, place, score), _) in hits.into_iter().zip(counts).filter(|(_, counts)| *counts) {
        let found = &files[&file];
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

/// Returns the factor by which words count: the user's more than the agent's, and these more than a
/// tool's.
fn weight(said: Said) -> f64 {
    match said {
        Said::User => 3.0,
        Said::Agent => 1.5,
        _ => 1.0,
    }
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

/// Returns for each passage if it counts, and its turn did not start before a time.
async fn counting(
    conn: &mut SqliteConnection,
    hits: &[(i64, Place, f64)],
    files: &HashMap<i64, HitFile>,
    since: Option<Timestamp>,
) -> Result<Vec<bool>, sqlx::Error> {
    let is_unclear = |file: &i64| since.is_some() || !files[file].all_count;
    let unclear: Vec<_> = (0..hits.len()).filter(|number| is_unclear(&hits[*number].0)).collect();
    let mut counts = vec![true; hits.len()];
    if unclear.is_empty() {
        return Ok(counts);
    }
    let places: Vec<_> = unclear.iter().map(|number| (hits[*number].0, hits[*number].1.offset)).collect();
    let turns = sqlx::query(TURNS_AT).bind(json(&places)).fetch_all(&mut *conn).await?;
    // Turns that count, of threads with several files or with turns that were taken back.
    let mut counting: HashMap<Uuid, HashMap<(i64, u64), Option<u64>>> = HashMap::new();
    for (row, number) in turns.iter().zip(unclear) {
        let (file, Place { offset, .. }, _) = hits[number];
        let found = &files[&file];
        let mut row = RowReader::new(row);
        let (start, at): (Option<i64>, _) = (row.column()?, row.optional_time()?);
        let is_before = since.is_some_and(|since| at.or(found.started_at).is_none_or(|at| at < since));
        if is_before || found.all_count {
            counts[number] = !is_before;
            continue;
        }
        if !counting.contains_key(&found.thread_id) {
            let turns = ThreadTurns::load(conn, found.thread_id).await?;
            counting.insert(found.thread_id, turns.places());
        }
        let place = start.map(|start| (file, start.unsigned_abs()));
        let end = place.and_then(|place| counting[&found.thread_id].get(&place));
        counts[number] = end.is_some_and(|end| end.is_none_or(|end| offset < end));
    }
    Ok(counts)
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
