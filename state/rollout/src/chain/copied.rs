//! Forks that begin with copied lines of their source: decides where the own part begins.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::bases::Bases;
use super::header::Header;
use super::marks::Marks;
use crate::format::envelope::Envelope;
use crate::format::fact::Fact;
use crate::format::head;
use crate::format::line::Line;
use crate::lines::raw_line::RawLine;

/// Time in which an agent has copied all lines.
const COPYING: SignedDuration = SignedDuration::from_secs(2);

/// Copied lines at the beginning of a fork.
#[derive(Debug, Clone)]
pub(crate) struct Copied {
    thread_id: Option<Uuid>,
    rule: Rule,
    /// True until the own part begins.
    goes_on: bool,
    /// Lines so far.
    lines: u64,
    /// User's messages so far.
    messages: usize,
    /// True if turns have ids.
    has_ids: bool,
}

/// Rule for the first line of the own part.
#[derive(Debug, Clone)]
enum Rule {
    /// It has this ordinal.
    Ordinal(u64),
    /// It begins a turn that the source does not have.
    Source(Arc<Marks>),
    /// It begins a turn after this time. The source is not there.
    After(Option<Timestamp>),
}

impl Copied {
    /// Returns the rule for a file with this header; `None` if it is no fork with copied lines.
    /// Outside a home there is no source.
    pub(crate) fn of(header: &Header, bases: Option<&mut Bases>) -> Option<Self> {
        let rule = match (header.own_from, header.forked_from, header.base) {
            (Some(ordinal), ..) => Rule::Ordinal(ordinal),
            (None, Some(source), None) => match bases.and_then(|bases| bases.marks(source)) {
                Some(marks) => Rule::Source(marks),
                None => Rule::After(header.started_at.and_then(|at| at.checked_add(COPYING).ok())),
            },
            _ => return None,
        };
        let thread_id = header.thread_id;
        Some(Self { thread_id, rule, goes_on: true, lines: 0, messages: 0, has_ids: false })
    }

    /// Takes the next line of the file. Returns true if the own part begins with it.
    pub(crate) fn ends_before(&mut self, line: &RawLine<'_>) -> bool {
        let read = |text| {
            let envelope = Envelope::read(text).ok()?;
            Some((envelope.fact().ok()?, envelope.time().and_then(|time| time.timestamp())))
        };
        if !self.goes_on || line.is_blank() {
            return false;
        }
        let read = line.parse(read);
        read.is_ok_and(|(fact, at)| self.takes(&fact, at, head::ordinal(line.bytes)))
    }

    /// Takes the next line of the file, like [`Copied::ends_before`].
    pub(crate) fn ends_before_parsed(&mut self, line: &Line<'_>) -> bool {
        self.goes_on && self.takes(&line.fact(), line.timestamp, head::ordinal(line.json.as_bytes()))
    }

    fn takes(&mut self, fact: &Fact<'_>, at: Option<Timestamp>, ordinal: Option<u64>) -> bool {
        self.lines += 1;
        let begins = match &self.rule {
            Rule::Ordinal(first) => ordinal.is_some_and(|ordinal| ordinal >= *first),
            Rule::Source(_) | Rule::After(_) if self.lines == 2 => {
                let copies = |id: Option<Uuid>| id.is_some() && id != self.thread_id;
                // The source's header follows the fork's. Without it, nothing was copied.
                self.goes_on = matches!(fact, Fact::SessionMeta(meta) if copies(meta.id));
                false
            }
            Rule::Source(marks) => match fact {
                Fact::TurnStarted { turn_id: Some(id), .. } => {
                    self.has_ids = true;
                    !marks.has_turn(id)
                }
                Fact::UserMessage { message, .. } if !self.has_ids => {
                    self.messages += 1;
                    !marks.has_message(self.messages - 1, &message.text)
                }
                _ => false,
            },
            Rule::After(end) => {
                matches!(fact, Fact::TurnStarted { .. } | Fact::UserMessage { .. })
                    && at.zip(*end).is_some_and(|(at, end)| at > end)
            }
        };
        self.goes_on &= !begins;
        begins
    }

    /// Returns true if the lines so far are copied.
    pub(crate) fn goes_on(&self) -> bool {
        self.goes_on
    }

    /// Returns true if the tokens of the copied lines are known to be the source's.
    pub(crate) fn is_sure(&self) -> bool {
        !matches!(self.rule, Rule::After(_))
    }
}
