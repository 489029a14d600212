//! Puts the turns of a thread together from those of its files.
//!
//! A thread's turns are those of its newest file and of the files that it builds on, each up to the
//! end of the part that counts, without turns that were taken back: what
//! [`list_turns`](threadkeep_rollout::list_turns) reads.

use std::collections::{HashMap, HashSet};

use sqlx::SqliteConnection;
use threadkeep_rollout::{HistoryBase, Rollback, TurnStatus};
use threadkeep_sqlite::{JsonText, RowReader, json};
use uuid::Uuid;

/// The longest chain that is followed, in files.
const MAX_DEPTH: usize = 1_000;

/// File of a thread.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    pub(crate) file: i64,
    pub(crate) path: String,
    pub(crate) file_id: Uuid,
    pub(crate) thread_id: Uuid,
    base: Option<HistoryBase>,
    rollbacks: Vec<Rollback>,
    /// End of the part that counts; `None` if all of it does.
    pub(crate) end: Option<HistoryBase>,
}

/// A turn that counts.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    /// Number of its file in the chain.
    pub(crate) part: usize,
    pub(crate) offset: u64,
    pub(crate) is_inherited: bool,
    /// Status, if it is another than its file says.
    pub(crate) status: Option<TurnStatus>,
    /// True if the part that counts may end within the turn: only its lines say.
    pub(crate) may_be_cut: bool,
    /// True if the turn may go on in the next file: only its lines say.
    pub(crate) may_go_on: bool,
}

/// The chain of a thread's newest file, from the oldest file on, and its turns.
#[derive(Debug, Clone, Default)]
pub(crate) struct ThreadTurns {
    pub(crate) parts: Vec<Part>,
    pub(crate) turns: Vec<Counted>,
}

/// The files of threads.
const OF_THREADS: &str = "SELECT id, path, file_id, thread_id, base, rollbacks FROM history_files \
     WHERE thread_id IN (SELECT value FROM json_each(?1)) AND is_owner = 1";
const BY_FILE_IDS: &str = "SELECT id, path, file_id, thread_id, base, rollbacks FROM history_files \
     WHERE file_id IN (SELECT value FROM json_each(?1)) AND is_owner = 1";

/// Turns of files, as one text: a row costs more than its content.
const TURNS: &str = "SELECT json_group_array(json_array(file, start_offset, ordinal, is_inherited, state)) \
     FROM (SELECT file, start_offset, ordinal, is_inherited, \
         CASE status WHEN 'inProgress' THEN 1 WHEN 'interrupted' THEN 2 ELSE 0 END AS state \
       FROM history_turns WHERE file IN (SELECT value FROM json_each(?1)) ORDER BY file, start_offset)";

/// A turn of a file: the file, the first byte, the ordinal, 1 if it is inherited, and its state:
/// [`IN_PROGRESS`], [`INTERRUPTED`], or any other.
type StoredTurn = (i64, u64, Option<u64>, u8, u8);

const IN_PROGRESS: u8 = 1;
const INTERRUPTED: u8 = 2;

impl Part {
    /// Returns true if all turns of the file count, and it builds on no other.
    pub(crate) fn is_plain(&self) -> bool {
        self.base.is_none() && self.rollbacks.is_empty()
    }
}

impl ThreadTurns {
    /// Loads the turns of a thread. A thread without a file has none.
    pub(crate) async fn load(conn: &mut SqliteConnection, thread: Uuid) -> Result<Self, sqlx::Error> {
        Ok(Self::load_all(conn, &[thread]).await?.remove(&thread).unwrap_or_default())
    }

    /// Loads the turns of threads that have files, with a few statements for all of them.
    pub(crate) async fn load_all(
        conn: &mut SqliteConnection,
        threads: &[Uuid],
    ) -> Result<HashMap<Uuid, Self>, sqlx::Error> {
        let chains = chains(conn, threads).await?;
        let files: HashSet<i64> = chains.values().flatten().map(|part| part.file).collect();
        let row = sqlx::query(TURNS).bind(json(&files)).fetch_one(conn).await?;
        let rows: Vec<StoredTurn> = RowReader::new(&row).json()?;
        let mut by_file: HashMap<i64, &[StoredTurn]> = HashMap::new();
        by_file.extend(rows.chunk_by(|one, next| one.0 == next.0).map(|turns| (turns[0].0, turns)));
        Ok(chains.into_iter().map(|(thread, parts)| (thread, Self::of(parts, &by_file))).collect())
    }

    fn of(parts: Vec<Part>, by_file: &HashMap<i64, &[StoredTurn]>) -> Self {
        let mut turns = Vec::new();
        let newest = parts.last().map(|part| part.thread_id);
        for (number, part) in parts.iter().enumerate() {
            let stored = by_file.get(&part.file).copied().unwrap_or_default();
            add_turns(number, part, stored, Some(part.thread_id) != newest, &mut turns);
            let last = turns.last_mut().filter(|(turn, in_progress)| turn.part == number && *in_progress);
            if let (Some((turn, _)), Some(next)) = (last, parts.get(number + 1)) {
                // A turn that was running when a fork began did not end in the fork.
                turn.may_go_on = next.thread_id == part.thread_id;
                turn.status = Some(TurnStatus::Interrupted).filter(|_| !turn.may_go_on);
            }
        }
        Self { parts, turns: turns.into_iter().map(|(turn, _)| turn).collect() }
    }

    /// Returns the place of a turn in the thread, from 0, by its file and first byte.
    pub(crate) fn position(&self, file: i64, offset: u64) -> Option<usize> {
        self.turns.iter().position(|turn| turn.offset == offset && self.parts[turn.part].file == file)
    }

    /// Returns the turns by file and first byte, each with the byte up to which its lines count;
    /// `None` if all do.
    ///
    /// The ordinal of a cut decides between turns. In a turn that it splits, the byte that the base
    /// names does: ordinals of lines are not stored. If only an ordinal splits it (a base without a
    /// byte, or a second cut before the first line of a file), all of its lines count.
    pub(crate) fn places(&self) -> HashMap<(i64, u64), Option<u64>> {
        let place = |turn: &Counted| {
            let part = &self.parts[turn.part];
            let end = part.end.filter(|_| turn.may_be_cut).and_then(|end| end.end_offset);
            ((part.file, turn.offset), end)
        };
        self.turns.iter().map(place).collect()
    }
}

/// Returns the files of the chain of a thread's newest file.
pub(crate) async fn parts(conn: &mut SqliteConnection, thread: Uuid) -> Result<Vec<Part>, sqlx::Error> {
    Ok(chains(conn, &[thread]).await?.remove(&thread).unwrap_or_default())
}

/// Returns the chains of threads that have files.
async fn chains(
    conn: &mut SqliteConnection,
    threads: &[Uuid],
) -> Result<HashMap<Uuid, Vec<Part>>, sqlx::Error> {
    let mut found = part_rows(conn, OF_THREADS, json(threads)).await?;
    // The ids of a thread's files grow with time, and the first file has the thread's.
    let age = |part: &Part| (part.file_id != part.thread_id, part.file_id);
    let mut newest: HashMap<Uuid, Part> = HashMap::new();
    for part in &found {
        if newest.get(&part.thread_id).is_none_or(|known| age(known) < age(part)) {
            newest.insert(part.thread_id, part.clone());
        }
    }
    let mut files: HashMap<Uuid, Part> = HashMap::new();
    let mut asked = HashSet::new();
    for _ in 0..MAX_DEPTH {
        files.extend(found.drain(..).map(|part| (part.file_id, part)));
        let bases = files.values().filter_map(|part| part.base.map(|base| base.file_id));
        let missing: HashSet<Uuid> =
            bases.filter(|base| !files.contains_key(base) && !asked.contains(base)).collect();
        if missing.is_empty() {
            break;
        }
        found = part_rows(conn, BY_FILE_IDS, json(&missing)).await?;
        asked.extend(missing);
    }
    Ok(newest.into_iter().map(|(thread, newest)| (thread, chain_of(newest, &files))).collect())
}

async fn part_rows(
    conn: &mut SqliteConnection,
    sql: &'static str,
    ids: JsonText,
) -> Result<Vec<Part>, sqlx::Error> {
    let rows = sqlx::query(sql).bind(ids).fetch_all(conn).await?;
    let part = |row| {
        let mut columns = RowReader::new(row);
        Ok(Part {
            file: columns.column()?,
            path: columns.column()?,
            file_id: columns.uuid()?,
            thread_id: columns.uuid()?,
            base: columns.json::<Option<HistoryBase>>()?,
            rollbacks: columns.json::<Vec<Rollback>>()?,
            end: None,
        })
    };
    rows.iter().map(part).collect()
}

/// Follows the chain from the newest file on, and returns it from the oldest on.
fn chain_of(newest: Part, files: &HashMap<Uuid, Part>) -> Vec<Part> {
    let (mut parts, mut seen, mut end) = (Vec::new(), HashSet::new(), None::<HistoryBase>);
    let mut next = Some(newest);
    while let Some(mut part) = next.take() {
        part.end = end;
        seen.insert(part.file_id);
        // Ordinals go on from file to file: a cut before a file's first line cuts its base.
        let ordinal = end.and_then(|end| end.end_ordinal);
        end = part.base.map(|base| {
            let mut base = base;
            base.end_ordinal = base.end_ordinal.into_iter().chain(ordinal).min();
            base
        });
        parts.push(part);
        let base = end.filter(|base| parts.len() <= MAX_DEPTH && seen.insert(base.file_id));
        next = base.and_then(|base| files.get(&base.file_id).cloned());
    }
    parts.reverse();
    parts
}

/// A turn, and true while it is in progress as far as its file says.
type Adding = (Counted, bool);

fn add_turns(number: usize, part: &Part, stored: &[StoredTurn], is_inherited: bool, turns: &mut Vec<Adding>) {
    let mut rollbacks =
        part.rollbacks.iter().filter(|rollback| counts(part, rollback.ordinal, rollback.offset)).peekable();
    let (mut ends_here, mut has_next, mut last_state) = (false, false, 0);
    for &(_, offset, ordinal, is_copied, state) in stored {
        if !counts(part, ordinal, offset) {
            has_next = part.end.and_then(|end| end.end_ordinal).is_some_and(|end| ordinal == Some(end));
            break;
        }
        while let Some(rollback) = rollbacks.next_if(|rollback| rollback.offset < offset) {
            take_back(turns, rollback.turns);
        }
        let is_inherited = is_inherited || is_copied == 1;
        turns.push((
            Counted { part: number, offset, is_inherited, status: None, may_be_cut: false, may_go_on: false },
            state == IN_PROGRESS,
        ));
        (ends_here, last_state) = (true, state);
    }
    for rollback in rollbacks {
        take_back(turns, rollback.turns);
        ends_here = false;
        // No turn goes on behind it.
        if let Some((_, in_progress)) = turns.last_mut() {
            *in_progress = false;
        }
    }
    // The part that counts ends with the turn, if another one begins there.
    if let Some((last, in_progress)) = turns.last_mut().filter(|_| part.end.is_some() && ends_here) {
        last.may_be_cut = !has_next;
        // The turn that interrupted it may be the next one, which no longer counts.
        *in_progress |= last.may_be_cut || last_state == INTERRUPTED;
    }
}

/// Returns true if the line still counts.
fn counts(part: &Part, ordinal: Option<u64>, offset: u64) -> bool {
    let Some(end) = part.end else { return true };
    match (end.end_ordinal, ordinal) {
        (Some(end), Some(ordinal)) => ordinal < end,
        _ => end.end_offset.is_none_or(|end| offset < end),
    }
}

fn take_back(turns: &mut Vec<Adding>, count: u64) {
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    turns.truncate(turns.len().saturating_sub(count));
}
