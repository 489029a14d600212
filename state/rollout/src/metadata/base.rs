//! Folds the files that a rollout builds on: the state in which its own lines begin.

use std::collections::HashMap;

use uuid::Uuid;

use super::kept::Kept;
use super::pass::{Pass, Stop};
use super::state::State;
use crate::chain::bases::Bases;
use crate::chain::copied::Copied;
use crate::chain::cut::Cut;
use crate::chain::header::Header;
use crate::chain::link::{BaseProblem, Chain, Link};
use crate::format::session_meta::HistoryBase;
use crate::home::AgentHome;
use crate::lines::block::Buffer;
use crate::lines::error::ExtractError;
use crate::lines::raw_line::RawLine;
use crate::lines::reader::LineReader;
use crate::lines::source::{self, Source, is_damage};

/// States that are kept, so that the forks and segments of a file do not read it again.
const MAX_KNOWN: usize = 256;

/// A base, and the part of it that counts.
type Key = (Uuid, Option<u64>, Option<u64>);

/// Reader of bases.
pub(super) struct BaseReader {
    bases: Bases,
    buffer: Buffer,
    kept: Kept,
    /// States after whole bases, and the number of their files. Agents only append to a file, so
    /// that they stay right.
    known: HashMap<Key, (State, usize)>,
}

impl BaseReader {
    pub(super) fn new(home: AgentHome) -> Self {
        let (buffer, kept) = (Buffer::default(), Kept::default());
        Self { bases: Bases::new(home), buffer, kept, known: HashMap::new() }
    }

    /// Returns the state before the first line of a file that builds on `base`, as far as the bases
    /// can be read.
    pub(super) fn state_before(
        &mut self,
        header: &Header,
        base: HistoryBase,
        own: Option<Uuid>,
    ) -> (State, Option<BaseProblem>) {
        let known = &self.known;
        let files = |base: &HistoryBase| known.get(&key(base)).map(|(_, files)| *files);
        let chain = Chain::of_base(&mut self.bases, base, own, |_| true, files);
        let mut problem = chain.problem;
        // The chain stops before a base that is known: what the first link builds on, or `base`.
        let first = chain.links.first();
        let before = first.map_or(Some(base), |link| link.header.base).filter(|_| problem.is_none());
        let (mut state, mut files) =
            before.and_then(|base| known.get(&key(&base)).cloned()).unwrap_or_default();
        for link in &chain.links {
            let Some(end) = link.end else { continue };
            state.begin_file(link.thread_id, problem.is_none());
            match self.fold(link, &end, &state) {
                Ok((after, is_complete)) => {
                    state = after;
                    if !is_complete {
                        problem.get_or_insert(BaseProblem::Cut(end.file_id));
                    }
                }
                Err(_) => _ = problem.get_or_insert(BaseProblem::Missing(end.file_id)),
            }
            if problem.is_none() {
                if self.known.len() >= MAX_KNOWN {
                    self.known.clear();
                }
                files += 1;
                self.known.insert(key(&end), (state.clone(), files));
            }
        }
        // A segment whose base is missing has the tokens of its thread all the same. The first file
        // of a thread that builds on another is a fork.
        let is_fork = header.forked_from.is_some() || (own.is_some() && own == header.thread_id);
        if problem.is_none() || is_fork {
            state.begin_file(header.thread_id, problem.is_none());
        }
        (state, problem)
    }

    /// Returns the state before the first line of a file outside a home, whose base is missing.
    pub(super) fn state_without(header: &Header, base: HistoryBase) -> (State, Option<BaseProblem>) {
        let mut state = State::default();
        if header.forked_from.is_some() {
            state.begin_file(header.thread_id, false);
        }
        (state, Some(BaseProblem::Missing(base.file_id)))
    }

    pub(super) fn bases(&mut self) -> &mut Bases {
        &mut self.bases
    }

    /// Folds the part of a base that counts. Returns true if nothing of that part is missing.
    fn fold(&mut self, link: &Link, end: &HistoryBase, state: &State) -> Result<(State, bool), ExtractError> {
        let mut keep = true;
        loop {
            match self.fold_once(link, end, state.clone(), keep) {
                Ok(folded) => return Ok(folded),
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::StartOver) => keep = false,
            }
        }
    }

    fn fold_once(
        &mut self,
        link: &Link,
        end: &HistoryBase,
        state: State,
        keep: bool,
    ) -> Result<(State, bool), Stop> {
        let (source, _) = Source::open(&link.path, link.compressed)?;
        let mut reader = LineReader::new(source, std::mem::take(&mut self.buffer), 0, 0, &[]);
        let mut pass = Pass::from_state(&mut self.kept, keep, state);
        let mut copied = CopiedPart(link.copied.clone());
        let (mut cut, mut is_torn) = (Cut::new(end), false);
        let is_complete = loop {
            match reader.next(Pass::wants) {
                Ok(Some(line)) if line.is_blank() => {}
                Ok(Some(line)) if !cut.takes(line.bytes, line.offset) => break Ok(true),
                Ok(Some(line)) => {
                    let skipped = pass.skipped.count;
                    copied.take(&line, &mut pass);
                    pass.read(&line);
                    is_torn = !line.terminated && pass.skipped.count > skipped;
                }
                Ok(None) => break Ok(!is_torn && cut.is_complete(reader.position())),
                Err(error) if is_damage(&error, link.compressed) => break Ok(false),
                Err(error) => break Err(source::failed(error)),
            }
        };
        let state = pass.settle().map(|()| copied.finish(pass.state));
        self.buffer = reader.into_buffer();
        self.kept.clear();
        Ok((state?, is_complete?))
    }
}

/// Lines that a fork copied from its source, while they are read.
#[derive(Default)]
pub(super) struct CopiedPart(pub(super) Option<Copied>);

impl CopiedPart {
    /// Begins the fork's own part before the line that belongs to it.
    pub(super) fn take(&mut self, line: &RawLine<'_>, pass: &mut Pass<'_>) {
        if let Some(copied) = &mut self.0
            && copied.ends_before(line)
        {
            pass.begin_own_part(copied.is_sure());
        }
    }

    /// Returns true if the own part has not begun.
    pub(super) fn goes_on(&self) -> bool {
        self.0.as_ref().is_some_and(Copied::goes_on)
    }

    /// Returns the state of the fork alone. If its source is not there, all words may be its own.
    pub(super) fn finish(&self, mut state: State) -> State {
        match &self.0 {
            Some(copied) if copied.goes_on() && copied.is_sure() => state.begin_own_part(true),
            Some(copied) if copied.goes_on() => state.lose_tokens(),
            _ => {}
        }
        state
    }
}

fn key(base: &HistoryBase) -> Key {
    (base.file_id, base.end_ordinal, base.end_offset)
}
