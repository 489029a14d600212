//! Reads a file of lines that has grown: on from the last turn that was read.

use std::collections::HashSet;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::checksum::Checksum;
use crate::draft::{Draft, Mark, Outline};
use crate::error::StoreError;
use crate::files;
use crate::session::{Session, SessionTurn};

/// Version of the stored state. Increment it when a reader's state changes its meaning.
const VERSION: u32 = 1;

/// Reader of a session's file of lines.
pub(crate) trait LineReader {
    /// What it knows besides the draft. It is stored, so it has no words of a conversation.
    type State: Serialize + DeserializeOwned;

    /// Returns the draft.
    fn draft(&mut self) -> &mut Draft;

    /// Returns what it knows besides the draft; `None` while it has words that the draft lacks.
    fn state(&self) -> Option<Self::State>;

    /// Goes on with what it knew.
    fn restore(&mut self, state: Self::State);
}

/// Place in a session's file where its last turn begins, and what is known before it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    version: u32,
    /// What the reader knew before the first line.
    beginning: Uuid,
    /// Byte where the turn begins.
    offset: u64,
    /// Number of bytes that were read, and their checksum.
    bytes: u64,
    checksum: u32,
    outline: Outline,
    reader: Value,
}

impl Checkpoint {
    /// Notes that these requests are part of a rollout, so that they are not needed any longer.
    pub(crate) fn settle(&mut self, written: &HashSet<String>) {
        self.outline.settle(written);
    }

    /// Returns the number of turns before it.
    pub(crate) fn turns(&self) -> usize {
        self.outline.session.turns.len()
    }

    /// Returns the number of requests before it that are not part of a rollout.
    pub(crate) fn requests(&self) -> usize {
        self.outline.session.requests.len()
    }
}

/// Reading of one session, perhaps on from a checkpoint.
#[derive(Debug, Default)]
pub(crate) struct Resume {
    /// True if a checkpoint is wanted.
    is_wanted: bool,
    /// Checkpoint to go on from. Taken by the reader that does.
    from: Option<Checkpoint>,
    /// Turns and requests before the checkpoint from which was read.
    before: Option<(Vec<SessionTurn>, usize)>,
    /// Checkpoint to go on from next time.
    next: Option<Checkpoint>,
}

/// Session that was read.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) session: Session,
    /// Turns and requests that were read before. These turns have no words.
    pub(crate) before: Option<(usize, usize)>,
    /// Checkpoint to go on from next time.
    pub(crate) next: Option<Checkpoint>,
}

impl Resume {
    /// Reads on from a checkpoint, if there is one and the file has only grown.
    pub(crate) fn from(checkpoint: Option<Checkpoint>) -> Self {
        Self { is_wanted: true, from: checkpoint, ..Self::default() }
    }

    /// Ends the reading. Returns `None` if something before the checkpoint has changed.
    pub(crate) fn finish(self, session: Session) -> Option<Reading> {
        let Self { before, next, .. } = self;
        let is_same = |turns: &[SessionTurn]| {
            let known = session.turns.iter().zip(turns);
            session.turns.len() > turns.len() && known.clone().all(|(turn, before)| is_same(turn, before))
        };
        match &before {
            Some((turns, _)) if next.is_none() || !is_same(turns) => None,
            _ => {
                let before = before.map(|(turns, requests)| (turns.len(), requests));
                Some(Reading { session, before, next })
            }
        }
    }
}

/// Returns true if nothing was added to a turn of a checkpoint.
fn is_same(turn: &SessionTurn, before: &SessionTurn) -> bool {
    let facts = |turn: &SessionTurn| (turn.outcome, turn.started_at, turn.ended_at);
    turn.id == before.id && facts(turn) == facts(before) && turn.error.is_none() && turn.items.is_empty()
}

/// State before a line.
struct Candidate<S> {
    offset: u64,
    skipped: u64,
    mark: Mark,
    state: S,
}

/// Gives each line of a session's file to its reader, as [`files::each_line`]; only the lines from
/// the last turn on, if that is wanted and right. `context` is all that the reader knows besides
/// its state, and that may change.
pub(crate) fn each_line<R: LineReader>(
    path: &Path,
    reader: &mut R,
    resume: &mut Resume,
    context: impl Serialize,
    mut take: impl FnMut(&mut R, u64, &str) -> serde_json::Result<()>,
) -> Result<(), StoreError> {
    if !resume.is_wanted {
        let skipped = files::each_line(path, |offset, json| take(reader, offset, json).map(|()| true))?;
        reader.draft().skip(skipped);
        return Ok(());
    }
    let beginning = beginning(reader, context);
    let (mut offset, mut checksum) = (0, Checksum::default());
    if let Some(from) =
        resume.from.take().filter(|from| from.version == VERSION && from.beginning == beginning)
        && checksum.add_file(path, from.bytes).is_ok()
        && checksum.value() == from.checksum
        && let Ok(state) = serde_json::from_value(from.reader)
    {
        let session = &from.outline.session;
        resume.before = Some((session.turns.clone(), session.requests.len()));
        offset = from.offset;
        *reader.draft() = Draft::from_outline(from.outline);
        reader.restore(state);
    } else {
        checksum = Checksum::default();
    }
    let (mut candidate, mut last) = (None, None);
    let read = files::each_line_from(path, offset, |before, offset, json| {
        if let Some(state) = reader.state() {
            let mark = reader.draft().mark();
            candidate = Some(Candidate { offset: before.offset, skipped: before.skipped, mark, state });
        }
        take(reader, offset, json)?;
        let turns = reader.draft().turns();
        if let Some(begun) = candidate.take_if(|candidate| candidate.mark.turns < turns) {
            reader.draft().settle(&begun.mark);
            last = Some(begun);
        }
        Ok(true)
    })?;
    reader.draft().skip(read.skipped);
    // Copies of another session's turns are looked for in all of its lines.
    let can_go_on = |last: &Candidate<_>| last.mark.turns > 0;
    let Some(last) = last.filter(can_go_on) else { return Ok(()) };
    let draft = reader.draft();
    if !draft.is_settled() || draft.session().inherited_turns() > 0 {
        return Ok(());
    }
    checksum.add_file(path, read.offset).map_err(StoreError::io(path))?;
    let mut outline = draft.outline(last.mark);
    outline.session.skipped_lines += last.skipped;
    resume.next = Some(Checkpoint {
        version: VERSION,
        beginning,
        offset: last.offset,
        bytes: read.offset,
        checksum: checksum.value(),
        outline,
        reader: serde_json::to_value(last.state).unwrap_or_default(),
    });
    Ok(())
}

/// Returns a mark of all that a reader knows before the first line.
fn beginning<R: LineReader>(reader: &mut R, context: impl Serialize) -> Uuid {
    let mark = reader.draft().mark();
    let known = (reader.draft().outline(mark), reader.state(), context);
    Uuid::new_v5(&Uuid::NAMESPACE_URL, serde_json::to_string(&known).unwrap_or_default().as_bytes())
}
