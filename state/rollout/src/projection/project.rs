//! Reads rollouts as an index of the history stores them.

use std::fmt;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

use super::checkpoint::ProjectionCheckpoint;
use super::pass::Pass;
use super::passage::Passage;
use super::span::{Rollback, TurnSpan};
use super::usage::DayUsage;
use crate::chain::bases::Bases;
use crate::format::session_meta::HistoryBase;
use crate::home::AgentHome;
use crate::home::name::RolloutName;
use crate::lines::block::Buffer;
use crate::lines::error::ExtractError;
use crate::lines::guard::{FileIdentity, resume};
use crate::lines::reader::LineReader;
use crate::lines::skipped::SkippedLines;
use crate::lines::source::{self, Source, is_damage};
use crate::metadata::repeated::Repeated;
use crate::time;

/// History of one rollout file, or of its end.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Projection {
    /// The thread.
    pub thread_id: Uuid,
    /// Time when the thread began, like [`ThreadMetadata::created_at`](crate::ThreadMetadata).
    pub started_at: Option<Timestamp>,
    /// The file that this one builds on.
    pub base: Option<HistoryBase>,
    /// The thread whose turns decide where the own part begins, of a fork with copied lines.
    pub copied_from: Option<Uuid>,
    /// (Decompressed) byte from which the file was read. Turns, rollbacks and passages that were
    /// stored at or after it are replaced by those here; 0 replaces everything.
    pub from: u64,
    /// Turns of this file, in their order.
    pub turns: Vec<TurnSpan>,
    /// Rollbacks of this file, in their order.
    pub rollbacks: Vec<Rollback>,
    /// Text of the own turns, in the order of its lines.
    pub passages: Vec<Passage>,
    /// Tokens that this file's own requests used. Always those of the whole file.
    pub usage: Vec<DayUsage>,
    /// State from which to continue when the file has grown.
    pub checkpoint: ProjectionCheckpoint,
    /// Skipped lines of the whole file.
    pub skipped: SkippedLines,
    /// Bytes that this projection read; of a compressed file, decompressed bytes.
    pub bytes_read: u64,
    /// True if it continued from the given checkpoint.
    pub resumed: bool,
}

/// Reader of rollouts for an index of the history, one after the other, in the same memory.
#[derive(Default)]
pub struct Projector {
    buffer: Buffer,
    /// Settings that were read before.
    repeated: Repeated,
    /// Finder of the sources of copied lines; `None` outside a home.
    bases: Option<Bases>,
}

// Not derived: its memory holds lines as they are written.
impl fmt::Debug for Projector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Projector").finish_non_exhaustive()
    }
}

impl Projector {
    /// Creates a projector for single files. It does not find the thread from which a fork's lines
    /// were copied.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates a projector for the rollouts of a home. It remembers where the home's files are: use
    /// it for one pass over the home.
    pub fn of_home(home: &AgentHome) -> Self {
        Self { bases: Some(Bases::new(home.clone())), ..Self::default() }
    }

    /// Reads the rollout `path`, from the checkpoint `from` on if that still fits. A last line
    /// without a newline is left for the next time.
    ///
    /// `name` is the parsed file name, which gives the thread's id when no line does. A compressed
    /// file is always read from its start.
    ///
    /// # Errors
    /// [`ExtractError::Io`], [`ExtractError::NotAFile`], [`ExtractError::Empty`],
    /// [`ExtractError::NoThread`], [`ExtractError::WindowTooLarge`], and
    /// [`ExtractError::CompressionUnsupported`] without the feature `zstd`. The content of a line
    /// is never an error.
    pub fn project(
        &mut self,
        path: &Path,
        compressed: bool,
        name: Option<&RolloutName>,
        from: Option<&ProjectionCheckpoint>,
    ) -> Result<Projection, ExtractError> {
        let from = from.filter(|from| from.is_current() && !compressed);
        let (mut source, file) = Source::open(path, compressed)?;
        let before = from.map(|from| resume(&mut source, &file, from.offset, from.guard));
        let before = before.transpose().map_err(source::failed)?.flatten();
        let (resumed, before) = (before.as_ref().and(from), before.unwrap_or_default());
        let (start, lines) = resumed.map_or((0, 0), |from| (from.offset, from.lines));
        let mut reader = LineReader::new(source, std::mem::take(&mut self.buffer), start, lines, &before);
        let file = FileIdentity::of(&file);
        let mut pass = Pass::new(file, std::mem::take(&mut self.repeated), resumed);
        if let Some(name) = name {
            pass.usage.day.get_or_insert(name.started.date());
        }
        let lines = read(&mut reader, &mut pass, compressed, lines, self.bases.as_mut());
        let end =
            lines.map(|lines| ProjectionCheckpoint::new(reader.offset(), lines, file.guard(reader.before())));
        let bytes_read = reader.position() - start + before.len() as u64;
        self.buffer = reader.into_buffer();
        self.repeated = std::mem::take(&mut pass.repeated);
        let checkpoint = pass.finish(end?);
        if !pass.has_lines {
            return Err(ExtractError::Empty);
        }
        let Pass { origin, usage, skipped, spans, rollbacks, builder, .. } = pass;
        let thread_id = origin.thread_id.or(name.map(|name| name.thread_id)).ok_or(ExtractError::NoThread)?;
        let named = || name.and_then(|name| TimeZone::UTC.to_timestamp(name.started).ok());
        let started_at = origin.started_at.or(origin.first_line_at).or_else(|| time::of_id(thread_id));
        Ok(Projection {
            thread_id,
            started_at: started_at.or_else(named),
            base: origin.base,
            copied_from: origin.copied_from,
            from: start,
            turns: spans,
            rollbacks,
            passages: builder.receiver.all,
            usage: usage.days,
            checkpoint,
            skipped,
            bytes_read,
            resumed: resumed.is_some(),
        })
    }
}

/// Reads all lines that a newline ended. Returns the number of lines up to there.
fn read(
    reader: &mut LineReader<Source>,
    pass: &mut Pass,
    compressed: bool,
    mut lines: u64,
    mut bases: Option<&mut Bases>,
) -> Result<u64, ExtractError> {
    loop {
        match reader.find(|head| pass.wants_head(head)) {
            Ok(Some(found)) => {
                let line = reader.line(&found);
                if !line.terminated {
                    pass.has_lines |= !line.is_blank();
                    return Ok(lines);
                }
                lines = line.number;
                pass.read(&line, reader.before_line(&found), bases.as_deref_mut());
            }
            Ok(None) => return Ok(lines),
            Err(error) if is_damage(&error, compressed) => {
                pass.has_lines = true;
                pass.skipped.add(reader.truncated());
                return Ok(lines);
            }
            Err(error) => return Err(source::failed(error)),
        }
    }
}
