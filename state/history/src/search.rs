//! Full-text search: the newest passages that match, best first.
//!
//! FTS5 gives them in the order of their numbers, and does not rank them: its `bm25()` counts every
//! passage with each of the words, which takes longer than the search itself.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sqlx::{Connection as _, SqliteConnection};
use threadkeep_rollout::Said;
use threadkeep_sqlite::{RowReader, json};
use uuid::Uuid;

use crate::chain::ThreadTurns;
use crate::error::HistoryError;
use crate::passages::{Place, decode, unhex};
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
///
/// The order of a page is total: by [score](Hit::score), then by the id of the file, which grows
/// with time, then by the place in it, the latest first. Pages are not merged: a worse passage on
/// one page stands before a better one on the next. Passages are older if they were indexed
/// earlier. A first pass indexes the newest files first, so that the pages of two histories of one
/// home may differ; each passage is on one page of each.
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
    /// Rank, the greater the better: 2 for the user, 1 for the agent, 0 for a tool, plus the part
    /// of the line's bytes that the words of the query are. Of equal ones the newer is better.
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

/// The newest passages beyond `?2` that match `?1`: the last, how many there are, and the places of
/// their blocks. Like the statements below it answers with one text: a row costs more than its
/// content.
pub(crate) const HITS: &str = "WITH hits AS MATERIALIZED ( \
       SELECT rowid AS id FROM history_words \
       WHERE history_words MATCH ?1 AND rowid > ?2 ORDER BY rowid LIMIT +?3) \
     SELECT max(last), sum(count), json_group_array(json_array(file, hex(places), json(numbers))) FROM ( \
       SELECT file, places, json_group_array(hits.id - first_id) AS numbers, max(hits.id) AS last, \
         count(*) AS count \
       FROM hits JOIN history_blocks \
         ON first_id = (SELECT max(first_id) FROM history_blocks WHERE first_id <= hits.id) \
       GROUP BY first_id)";

/// Files `?1`. The last value is 1 if each of its passages counts.
const FILES: &str = "SELECT json_group_array(json_array(id, path, thread_id, file_id, started_at_ms, \
       rollbacks IS NULL AND NOT EXISTS ( \
         SELECT 1 FROM history_files AS other WHERE other.thread_id = file.thread_id AND other.is_owner = 1 \
           AND (other.file_id <> other.thread_id, other.file_id) > (file.file_id <> file.thread_id, file.file_id)))) \
     FROM history_files AS file WHERE id IN (SELECT value FROM json_each(?1))";

/// Turns with the places `?1`, pairs of a file and a byte: where each starts, and when.
const TURNS_AT: &str = "SELECT json_group_array(json_array(start_offset, started_at_ms)) FROM ( \
       SELECT start_offset, started_at_ms FROM json_each(?1) \
       LEFT JOIN history_turns ON file = value ->> 0 AND start_offset = ( \
         SELECT max(start_offset) FROM history_turns WHERE file = value ->> 0 AND start_offset <= value ->> 1) \
       ORDER BY key)";

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
        Ok(db
            .read(async |conn| {
                let mut snapshot = conn.begin().await?;
                let page = find(&mut snapshot, &terms, query).await?;
                snapshot.commit().await?;
                Ok(page)
            })
            .await?)
    }
}

async fn find(
    conn: &mut SqliteConnection,
    terms: &Terms,
    query: &SearchQuery,
) -> Result<SearchPage, sqlx::Error> {
    let after = query.after.map_or(i64::MIN, |cursor| cursor.0);
    let row = sqlx::query(HITS).bind(terms.fts()).bind(after).bind(WINDOW).fetch_one(&mut *conn).await?;
    let mut row = RowReader::new(&row);
    let (last, count): (Option<i64>, Option<i64>) = (row.column()?, row.column()?);
    let more = last.filter(|_| count >= Some(WINDOW)).map(SearchCursor);
    let mut hits = Vec::new();
    for (file, places, found) in row.json::<Vec<(i64, String, Vec<usize>)>>()? {
        let places = decode(&unhex(&places));
        hits.extend(found.into_iter().filter_map(|n| Some((file, *places.get(n)?))));
    }
    let files: HashSet<i64> = hits.iter().map(|(file, _)| *file).collect();
    let files = files_of(conn, &files).await?;
    hits.retain(|(file, place)| {
        if !query.said.is_empty() && !query.said.contains(&place.said) {
            return false;
        }
        let found = files.get(file);
        let is_wanted = |thread| query.threads.as_ref().is_none_or(|threads| threads.contains(thread));
        found.is_some_and(|found| is_wanted(&found.thread_id))
    });
    let counts = counting(conn, &hits, &files, query.since).await?;
    let bytes = terms.bytes();
    let mut threads: HashMap<Uuid, Vec<Hit>> = HashMap::new();
    for ((file, place), _) in hits.into_iter().zip(counts).filter(|(_, counts)| *counts) {
        let found = &files[&file];
        threads.entry(found.thread_id).or_default().push(Hit {
            thread_id: found.thread_id,
            path: found.path.clone(),
            said: place.said,
            offset: place.offset,
            end: place.end,
            score: score(place, bytes),
            file,
            file_id: found.file_id,
        });
    }
    Ok(SearchPage { threads: ranked(threads), more })
}

/// Returns the [score](Hit::score) of a passage with so many bytes of words. A short passage
/// has little but the words.
fn score(place: Place, words: usize) -> f64 {
    let speaker = match place.said {
        Said::User => 2.0,
        Said::Agent => 1.0,
        _ => 0.0,
    };
    let line = place.end.saturating_sub(place.offset).max(1);
    speaker + (words as f64 / line as f64).min(1.0)
}

/// A file with hits.
struct HitFile {
    path: String,
    thread_id: Uuid,
    file_id: Uuid,
    /// Unix milliseconds.
    started_at: Option<i64>,
    all_count: bool,
}

async fn files_of(
    conn: &mut SqliteConnection,
    files: &HashSet<i64>,
) -> Result<HashMap<i64, HitFile>, sqlx::Error> {
    let row = sqlx::query(FILES).bind(json(files)).fetch_one(conn).await?;
    let rows: Vec<(i64, String, Uuid, Uuid, Option<i64>, u8)> = RowReader::new(&row).json()?;
    let file = |(id, path, thread_id, file_id, started_at, all_count)| {
        (id, HitFile { path, thread_id, file_id, started_at, all_count: all_count == 1 })
    };
    Ok(rows.into_iter().map(file).collect())
}

/// Returns for each passage if it counts, and its turn did not start before a time.
async fn counting(
    conn: &mut SqliteConnection,
    hits: &[(i64, Place)],
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
    let row = sqlx::query(TURNS_AT).bind(json(&places)).fetch_one(&mut *conn).await?;
    let turns: Vec<(Option<u64>, Option<i64>)> = RowReader::new(&row).json()?;
    // Turns that count, of threads with several files or with turns that were taken back.
    let several = files.values().filter(|file| !file.all_count).map(|file| file.thread_id);
    let several: HashSet<Uuid> = several.collect();
    let loaded = ThreadTurns::load_all(conn, &several.into_iter().collect::<Vec<_>>()).await?;
    let counting: HashMap<Uuid, _> =
        loaded.into_iter().map(|(thread, turns)| (thread, turns.places())).collect();
    let since = since.map(Timestamp::as_millisecond);
    for ((start, at), number) in turns.into_iter().zip(unclear) {
        let (file, Place { offset, .. }) = hits[number];
        let found = &files[&file];
        let is_before = since.is_some_and(|since| at.or(found.started_at).is_none_or(|at| at < since));
        if is_before || found.all_count {
            counts[number] = !is_before;
            continue;
        }
        let turns = counting.get(&found.thread_id);
        let end = start.and_then(|start| turns?.get(&(file, start)));
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
