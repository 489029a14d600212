//! Puts the turns of a thread together from those of its files.
//!
//! A thread's turns are those of its newest file and of the files that it builds on, each up to the
//! end of the part that counts, without turns that were taken back: what
//! [`list_turns`](threadkeep_rollout::list_turns) reads.

use std::collections::{HashMap, HashSet};

use sqlx::SqliteConnection;
use threadkeep_rollout::{HistoryBase, Rollback, TurnStatus};
use threadkeep_sqlite::{RowReader, uuid_text};
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

/// The newest file of a thread: the ids of segments grow with time, and the first file has the
/// thread's.
const NEWEST: &str = "SELECT id, path, file_id, thread_id, base, rollbacks FROM history_files \
     WHERE thread_id = ?1 AND is_owner = 1 ORDER BY file_id <> thread_id DESC, file_id DESC LIMIT 1";
const BY_FILE_ID: &str = "SELECT id, path, file_id, thread_id, base, rollbacks FROM history_files \
     WHERE file_id = ?1 AND is_owner = 1";

impl Part {
    /// Returns true if all turns of the file count, and it builds on no other.
    pub(crate) fn is_plain(&self) -> bool {
        self.base.is_none() && self.rollbacks.is_empty()
    }
}

impl ThreadTurns {
    /// Loads the turns of a thread. A thread without a file has none.
    pub(crate) async fn load(conn: &mut SqliteConnection, thread: Uuid) -> Result<Self, sqlx::Error> {
        let parts = parts(conn, thread).await?;
        let mut turns = Vec::new();
        let newest = parts.last().map(|part| part.thread_id);
        for (number, part) in parts.iter().enumerate() {
            add_turns(conn, number, part, Some(part.thread_id) != newest, &mut turns).await?;
            let last = turns.last_mut().filter(|(turn, in_progress)| turn.part == number && *in_progress);
            if let (Some((turn, _)), Some(next)) = (last, parts.get(number + 1)) {
                // A turn that was running when a fork began did not end in the fork.
                turn.may_go_on = next.thread_id == part.thread_id;
                turn.status = Some(TurnStatus::Interrupted).filter(|_| !turn.may_go_on);
            }
        }
        Ok(Self { parts, turns: turns.into_iter().map(|(turn, _)| turn).collect() })
    }

    /// Returns the place of a turn in the thread, from 0, by its file and first byte.
    pub(crate) fn position(&self, file: i64, offset: u64) -> Option<usize> {
        self.turns.iter().position(|turn| turn.offset == offset && self.parts[turn.part].file == file)
    }

    /// Returns the turns by file and first byte, each with the byte up to which its lines count;
    /// `None` if all do.
    pub(crate) fn places(&self) -> HashMap<(i64, u64), Option<u64>> {
        let place = |turn: &Counted| {
            let part = &self.parts[turn.part];
            let end = part.end.filter(|_| turn.may_be_cut).and_then(|end| end.end_offset);
            ((part.file, turn.offset), end)
        };
        self.turns.iter().map(place).collect()
    }
}

/// Returns the files of the newest file's chain.
pub(crate) async fn parts(conn: &mut SqliteConnection, thread: Uuid) -> Result<Vec<Part>, sqlx::Error> {
    let mut row = sqlx::query(NEWEST).bind(uuid_text(thread)).fetch_optional(&mut *conn).await?;
    let (mut parts, mut seen, mut end) = (Vec::new(), HashSet::new(), None::<HistoryBase>);
    while let Some(found) = row.take() {
        let mut columns = RowReader::new(&found);
        let part = Part {
            file: columns.column()?,
            path: columns.column()?,
            file_id: columns.uuid()?,
            thread_id: columns.uuid()?,
            base: columns.json::<Option<HistoryBase>>()?,
            rollbacks: columns.json::<Vec<Rollback>>()?,
            end,
        };
        seen.insert(part.file_id);
        // Ordinals go on from file to file: a cut before a file's first line cuts its base.
        let ordinal = end.and_then(|end| end.end_ordinal);
        end = part.base.map(|base| {
            let mut base = base;
            base.end_ordinal = base.end_ordinal.into_iter().chain(ordinal).min();
            base
        });
        parts.push(part);
        let next = end.filter(|base| parts.len() <= MAX_DEPTH && seen.insert(base.file_id));
        if let Some(base) = next {
            row = sqlx::query(BY_FILE_ID).bind(uuid_text(base.file_id)).fetch_optional(&mut *conn).await?;
        }
    }
    parts.reverse();
    Ok(parts)
}

/// A turn, and true while it is in progress as far as its file says.
type Adding = (Counted, bool);

async fn add_turns(
    conn: &mut SqliteConnection,
    number: usize,
    part: &Part,
    is_inherited: bool,
    turns: &mut Vec<Adding>,
) -> Result<(), sqlx::Error> {
    let rows = sqlx::query(
        "SELECT start_offset, ordinal, is_inherited, status = 'inProgress' FROM history_turns \
         WHERE file = ?1 ORDER BY start_offset",
    );
    let rows = rows.bind(part.file).fetch_all(conn).await?;
    let mut rollbacks =
        part.rollbacks.iter().filter(|rollback| counts(part, rollback.ordinal, rollback.offset)).peekable();
    let (mut ends_here, mut has_next) = (false, false);
    for row in &rows {
        let mut row = RowReader::new(row);
        let (offset, ordinal): (i64, Option<i64>) = (row.column()?, row.column()?);
        let (offset, ordinal) = (offset.unsigned_abs(), ordinal.map(i64::unsigned_abs));
        if !counts(part, ordinal, offset) {
            has_next = part.end.and_then(|end| end.end_ordinal).is_some_and(|end| ordinal == Some(end));
            break;
        }
        while let Some(rollback) = rollbacks.next_if(|rollback| rollback.offset < offset) {
            take_back(turns, rollback.turns);
        }
        let is_copied: bool = row.column()?;
        let in_progress: bool = row.column()?;
        let is_inherited = is_inherited || is_copied;
        turns.push((
            Counted { part: number, offset, is_inherited, status: None, may_be_cut: false, may_go_on: false },
            in_progress,
        ));
        ends_here = true;
    }
    for rollback in rollbacks {
        take_back(turns, rollback.turns);
        ends_here = false;
    }
    // The part that counts ends with the turn, if another one begins there.
    if let Some((last, in_progress)) = turns.last_mut().filter(|_| part.end.is_some() && ends_here) {
        last.may_be_cut = !has_next;
        *in_progress |= last.may_be_cut;
    }
    Ok(())
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
