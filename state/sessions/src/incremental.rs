//! Incremental reading of a file of lines: if the file has only grown, on from the last turn that
//! was read.

use std::collections::HashSet;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::checksum::Checksum;
use crate::draft::{Counts, Draft, Mark, Outline};
use crate::error::StoreError;
use crate::files;
use crate::session::Session;

/// Version of the stored state. Increment it when a reader's state changes its meaning.
const VERSION: u32 = 1;

/// Reader of a session's file of lines.
pub(crate) trait LineReader {
    /// State of the reader besides the draft. It is stored, so it has no words of a conversation.
    type State: Serialize + DeserializeOwned;

    /// Returns the draft.
    fn draft(&mut self) -> &mut Draft;

    /// Returns the state besides the draft; `None` while there are words that the draft lacks.
    fn state(&self) -> Option<Self::State>;

    /// Goes on in this state.
    fn restore(&mut self, state: Self::State);
}

/// Place in a session's file where its last turn begins, and the state before it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Checkpoint {
    version: u32,
    /// Checksum of the state before the first line, which comes from other files.
    initial: Uuid,
    /// Byte where the turn begins.
    offset: u64,
    /// Number of bytes that were read, and their CRC-32.
    bytes: u64,
    checksum: u32,
    outline: Outline,
    reader: Value,
}

impl Checkpoint {
    /// Leaves out requests that a rollout has before this place.
    pub(crate) fn omit_requests(&mut self, written: &HashSet<String>) {
        self.outline.omit_requests(written);
    }

    /// Returns the numbers of turns and requests before this place.
    pub(crate) fn counts(&self) -> Counts {
        self.outline.counts()
    }
}

/// Progress of one reading.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// True if a checkpoint is wanted.
    is_wanted: bool,
    /// Checkpoint to go on from; its reader takes it.
    from: Option<Checkpoint>,
    start: Counts,
    /// True if something before the start has changed.
    is_changed: bool,
    next: Option<Checkpoint>,
}

/// Session that was read.
#[derive(Debug)]
pub(crate) struct Reading {
    pub(crate) session: Session,
    /// Numbers of turns and requests before the first line that was read: none of a whole reading.
    /// These turns have no words.
    pub(crate) start: Counts,
    /// Checkpoint for the next reading.
    pub(crate) next: Option<Checkpoint>,
}

impl Progress {
    /// Begins at a checkpoint if the file has only grown, else with the first line.
    pub(crate) fn from(checkpoint: Option<Checkpoint>) -> Self {
        Self { is_wanted: true, from: checkpoint, ..Self::default() }
    }

    /// Ends the reading. Returns `None` if something before its start has changed.
    pub(crate) fn finish(self, session: Session) -> Option<Reading> {
        let Self { start, next, is_changed, .. } = self;
        (!is_changed).then_some(Reading { session, start, next })
    }
}

/// State before a line.
struct Candidate<S> {
    offset: u64,
    skipped: u64,
    mark: Mark,
    state: S,
}

/// Gives the lines of a session's file to its reader, as [`files::each_line`]: all of them, or the
/// lines from the progress's checkpoint on. `context` is everything from other files that `take`
/// uses.
pub(crate) fn each_line<R: LineReader>(
    path: &Path,
    reader: &mut R,
    progress: &mut Progress,
    context: impl Serialize,
    mut take: impl FnMut(&mut R, u64, &str) -> serde_json::Result<()>,
) -> Result<(), StoreError> {
    if !progress.is_wanted {
        let skipped = files::each_line(path, |offset, json| take(reader, offset, json).map(|()| true))?;
        reader.draft().skip(skipped);
        return Ok(());
    }
    let initial = initial(reader, context);
    let (offset, before) = begin(path, reader, progress, initial).unwrap_or_default();
    let (mut candidate, mut last) = (None, None::<Candidate<_>>);
    let end = files::each_line_from(path, offset, before, |before, offset, json| {
        if let Some(state) = reader.state() {
            let mark = reader.draft().mark();
            candidate = Some(Candidate { offset: before.offset, skipped: before.skipped, mark, state });
        }
        take(reader, offset, json)?;
        let draft = reader.draft();
        if let Some(begun) = candidate.take_if(|candidate| candidate.mark.turns() < draft.turns()) {
            // The first turn was the last one of the reading before. Its first line may end the
            // turn before it, as it did then.
            progress.is_changed |= last.is_some() && progress.start.turns > 0 && draft.has_changed();
            draft.watch(&begun.mark);
            last = Some(begun);
        }
        Ok(true)
    })?;
    reader.draft().skip(end.skipped);
    let draft = reader.draft();
    let is_changed = draft.has_changed() || last.is_none();
    progress.is_changed |= is_changed && progress.start.turns > 0;
    // Copies of another session's turns are looked for in all lines.
    let may_go_on = !is_changed && draft.session().inherited_turns() == 0;
    if let Some(last) = last.filter(|last| may_go_on && last.mark.turns() > 0) {
        let mut outline = draft.outline(last.mark);
        outline.skip(last.skipped);
        let reader = serde_json::to_value(last.state).unwrap_or_default();
        let (bytes, checksum) = (end.bytes, end.checksum);
        let offset = last.offset;
        progress.next =
            Some(Checkpoint { version: VERSION, initial, offset, bytes, checksum, outline, reader });
    }
    Ok(())
}

/// Puts the reader at the checkpoint. Returns the byte where it is, and the CRC-32 of the bytes
/// before; `None` if there is no checkpoint, or if the file or another one has changed.
fn begin<R: LineReader>(
    path: &Path,
    reader: &mut R,
    progress: &mut Progress,
    initial: Uuid,
) -> Option<(u64, u32)> {
    let from = progress.from.take().filter(|from| (from.version, from.initial) == (VERSION, initial))?;
    let mut checksum = Checksum::default();
    checksum.add_file(path, from.offset).ok()?;
    let before = checksum.value();
    checksum.add_file(path, from.bytes).ok()?;
    let state = serde_json::from_value(from.reader).ok()?;
    if checksum.value() != from.checksum {
        return None;
    }
    progress.start = from.outline.counts();
    *reader.draft() = Draft::from_outline(from.outline);
    reader.restore(state);
    Some((from.offset, before))
}

/// Returns a checksum of the state before the first line.
fn initial<R: LineReader>(reader: &mut R, context: impl Serialize) -> Uuid {
    let mark = reader.draft().mark();
    let state = (reader.draft().outline(mark), reader.state(), context);
    Uuid::new_v5(&Uuid::NAMESPACE_URL, serde_json::to_string(&state).unwrap_or_default().as_bytes())
}
