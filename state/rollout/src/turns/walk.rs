//! Walks over the turns of a chain, from the oldest on.

use std::collections::HashSet;
use std::ops::ControlFlow::{self, Break, Continue};

use memchr::memmem;

use super::builder::Builder;
use super::turn::{ItemsView, Turn};
use crate::chain::copied::Copied;
use crate::chain::cut::Cut;
use crate::chain::link::{BaseProblem, Chain, Link};
use crate::format::fact::Fact;
use crate::format::line::{Line, Lines};
use crate::lines::block::Buffer;
use crate::lines::error::ExtractError;
use crate::lines::reader::LineReader;
use crate::lines::skipped::SkippedLines;
use crate::lines::source::{self, Source, is_damage};

/// Event that takes turns back.
const ROLLED_BACK: &str = "thread_rolled_back";
/// Bytes of a line that are searched for it: an event's type is one of the first keys.
const HEAD: usize = 256;

/// Walk over the turns of a chain.
pub(super) struct Walk<'c> {
    chain: &'c Chain,
    /// Reason why turns are missing.
    pub(super) problem: Option<BaseProblem>,
    /// Bad lines of the newest file.
    pub(super) skipped: SkippedLines,
}

/// Event of a walk.
enum Event {
    Turn(Box<Turn>),
    /// The last turns are taken back.
    RolledBack(u64),
}

impl<'c> Walk<'c> {
    pub(super) fn new(chain: &'c Chain) -> Self {
        Self { chain, problem: chain.problem(), skipped: SkippedLines::default() }
    }

    /// Gives every turn that still counts to `take`, until that breaks.
    pub(super) fn turns(
        &mut self,
        view: ItemsView,
        mut take: impl FnMut(Turn) -> ControlFlow<()>,
    ) -> Result<(), ExtractError> {
        let retracted = self.retracted()?;
        self.events(view, |event| match event {
            Event::Turn(turn) if !retracted.contains(&turn.position()) => take(*turn),
            _ => Continue(()),
        })
    }

    /// Returns the places of the turns that were taken back. Most files take none back: then they
    /// are only searched for the word.
    fn retracted(&mut self) -> Result<HashSet<(usize, u64)>, ExtractError> {
        let (mut kept, mut retracted) = (Vec::new(), HashSet::new());
        for link in &self.chain.links {
            let found = takes_turns_back(link);
            if found.or_else(|error| self.lacks(link, error).map(|()| false))? {
                self.events(ItemsView::None, |event| {
                    match event {
                        Event::Turn(turn) => kept.push(turn.position()),
                        Event::RolledBack(count) => {
                            let count = usize::try_from(count).unwrap_or(usize::MAX);
                            retracted.extend(kept.drain(kept.len().saturating_sub(count)..));
                        }
                    }
                    Continue(())
                })?;
                break;
            }
        }
        Ok(retracted)
    }

    fn events(
        &mut self,
        view: ItemsView,
        mut take: impl FnMut(Event) -> ControlFlow<()>,
    ) -> Result<(), ExtractError> {
        let mut builder = Builder::new(view);
        let mut thread = None;
        for (number, link) in self.chain.links.iter().enumerate() {
            // A turn that was running when a fork began did not end in the fork.
            if thread != link.thread_id
                && let Some(turn) = builder.close()
                && take(interrupted(turn)).is_break()
            {
                return Ok(());
            }
            thread = link.thread_id;
            builder.begin_file(number, link.file.clone(), link.file_id);
            match self.file(link, &mut builder, &mut take) {
                Ok(Break(())) => return Ok(()),
                Ok(Continue(())) => {}
                Err(error) => self.lacks(link, error)?,
            }
        }
        builder.close().map(|turn| take(Event::from(turn)));
        Ok(())
    }

    fn file(
        &mut self,
        link: &Link,
        builder: &mut Builder<ItemsView>,
        take: &mut impl FnMut(Event) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, ExtractError> {
        let mut lines = Lines::open(&link.path, link.compressed)?;
        let mut cut = link.end.as_ref().map(Cut::new);
        let mut copied = link.copied.clone();
        let is_inherited = self.chain.is_inherited(link);
        builder.inherits = is_inherited || copied.as_ref().is_some_and(Copied::goes_on);
        while let Some(line) = lines.next_line()? {
            let Ok(line) = line else { continue };
            if cut.as_mut().is_some_and(|cut| !cut.takes(line.json.as_bytes(), line.offset)) {
                break;
            }
            let mut copied_turn = None;
            if let Some(copied) = copied.as_mut().filter(|copied| copied.goes_on()) {
                let begins = copied.ends_before_parsed(&line);
                builder.inherits = is_inherited || copied.goes_on();
                copied_turn = begins.then(|| builder.close()).flatten().map(interrupted);
            }
            let rolled_back = rolled_back(&line);
            let ended = if rolled_back.is_some() { builder.close() } else { builder.take_line(&line) };
            let events = ended.map(Event::from).into_iter().chain(rolled_back.map(Event::RolledBack));
            for event in copied_turn.into_iter().chain(events) {
                if take(event).is_break() {
                    self.skipped = lines.skipped().clone();
                    return Ok(Break(()));
                }
            }
        }
        if let (Some(end), Some(cut)) = (link.end, cut)
            && !cut.is_complete(lines.offset())
        {
            self.problem.get_or_insert(BaseProblem::Cut(end.file_id));
        }
        self.skipped = lines.skipped().clone();
        Ok(Continue(()))
    }

    /// Notes that a base cannot be read. Of the newest file, this is an error.
    fn lacks(&mut self, link: &Link, error: ExtractError) -> Result<(), ExtractError> {
        let end = link.end.ok_or(error)?;
        self.problem.get_or_insert(BaseProblem::Missing(end.file_id));
        Ok(())
    }
}

impl From<Turn> for Event {
    fn from(turn: Turn) -> Self {
        Self::Turn(Box::new(turn))
    }
}

/// Returns a turn that did not go on in the fork.
fn interrupted(mut turn: Turn) -> Event {
    turn.interrupt();
    turn.into()
}

/// Returns the number of turns that a line takes back.
fn rolled_back(line: &Line<'_>) -> Option<u64> {
    let is_event = line.line_type.as_deref() == Some("event_msg");
    if is_event
        && line.payload_type().as_deref() == Some(ROLLED_BACK)
        && let Fact::RolledBack { turns } = line.fact()
    {
        return Some(turns);
    }
    None
}

/// Returns true if a line of the file may take turns back, without parsing any.
fn takes_turns_back(link: &Link) -> Result<bool, ExtractError> {
    let (source, _) = Source::open(&link.path, link.compressed)?;
    let mut lines = LineReader::new(source, Buffer::default(), 0, 0, &[]);
    let finder = memmem::Finder::new(ROLLED_BACK);
    loop {
        match lines.next(|_| false) {
            Ok(Some(line)) if finder.find(&line.bytes[..line.bytes.len().min(HEAD)]).is_none() => {}
            Ok(line) => return Ok(line.is_some()),
            Err(error) if is_damage(&error, link.compressed) => return Ok(false),
            Err(error) => return Err(source::failed(error)),
        }
    }
}
