//! The first line of a rollout, as far as it says what the file builds on.

use std::path::Path;

use jiff::Timestamp;
use uuid::Uuid;

use crate::format::envelope::Envelope;
use crate::format::fact::Fact;
use crate::format::head::Head;
use crate::format::kind::Kind;
use crate::format::session_meta::{HistoryBase, SessionMeta};
use crate::lines::block::Buffer;
use crate::lines::error::ExtractError;
use crate::lines::raw_line::RawLine;
use crate::lines::reader::LineReader;
use crate::lines::source::{self, Source};

/// First readable line of a file, as far as it says where the thread comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) thread_id: Option<Uuid>,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) base: Option<HistoryBase>,
    pub(crate) forked_from: Option<Uuid>,
    /// Ordinal of the first line that was not copied from another thread.
    pub(crate) own_from: Option<u64>,
}

impl Header {
    /// Reads the first readable line of a file. A file without one has an empty header.
    pub(crate) fn read(path: &Path, compressed: bool) -> Result<Self, ExtractError> {
        let (source, _) = Source::open(path, compressed)?;
        let mut lines = LineReader::new(source, Buffer::default(), 0, 0, &[]);
        loop {
            match lines.next(|_| true) {
                Ok(Some(line)) => {
                    if let Some(header) = Self::of(&line) {
                        return Ok(header);
                    }
                }
                Ok(None) => return Ok(Self::default()),
                Err(error) if source::is_damage(&error, compressed) => return Ok(Self::default()),
                Err(error) => return Err(source::failed(error)),
            }
        }
    }

    /// Reads a line; `None` if it is blank or not JSON, so that the next one is the first.
    fn of(line: &RawLine<'_>) -> Option<Self> {
        session_of(line).map(|meta| meta.map_or_else(Self::default, |meta| Self::new(&meta)))
    }

    /// Returns what a session shows of its origin.
    pub(crate) fn new(meta: &SessionMeta) -> Self {
        Self {
            thread_id: meta.id,
            started_at: meta.timestamp,
            base: meta.history_base,
            forked_from: meta.forked_from_id,
            own_from: meta.subagent_history_start_ordinal,
        }
    }

    /// Returns true if the file may not be all of its thread, or not only its own.
    pub(crate) fn has_origin(&self) -> bool {
        self.base.is_some() || self.forked_from.is_some() || self.own_from.is_some()
    }
}

/// Reads a line that may be the first. Returns its session, if it has one; `None` if the line is
/// blank or not JSON, so that the next one is the first.
pub(crate) fn session_of(line: &RawLine<'_>) -> Option<Option<Box<SessionMeta>>> {
    if line.is_blank() {
        return None;
    }
    let head = Head::canonical(line.bytes).filter(|head| head.kind == Kind::SessionMeta);
    let fact = line.parse(|text| match head {
        Some(head) => head.fact(text.as_bytes()).ok(),
        None => Envelope::read(text).and_then(|envelope| envelope.fact()).ok(),
    });
    Some(if let Fact::SessionMeta(meta) = fact.ok()? { Some(meta) } else { None })
}
