//! Turns of one file, as an index stores them, and reading one of them again by its bytes.

use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::chain::cut::Cut;
use crate::format::item::TurnStatus;
use crate::format::line::Lines;
use crate::format::session_meta::HistoryBase;
use crate::lines::error::ExtractError;
use crate::turns::builder::Builder;
use crate::turns::turn::{ItemsView, Turn};

/// The longest [`TurnSpan::first_words`], in characters.
pub const MAX_FIRST_WORDS: usize = 200;

/// Turn of one file, without its items. The fields that [`Turn`] has, too, have the same values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnSpan {
    /// The agent's id of the turn; `turn-<number>` in files of versions that gave none.
    pub id: String,
    /// Number of the turn in its file, from 1.
    pub number: u64,
    /// (Decompressed) byte where the turn's first line starts.
    pub offset: u64,
    /// (Decompressed) byte after the turn's last line.
    pub end: u64,
    /// Ordinal of the first line, where lines have one.
    pub ordinal: Option<u64>,
    /// Status, as far as this file says. If another thread's file builds on a part of it, a turn
    /// that is in progress there did not go on.
    pub status: TurnStatus,
    /// Error message of a failed turn.
    pub error: Option<String>,
    /// Start.
    pub started_at: Option<Timestamp>,
    /// End.
    pub completed_at: Option<Timestamp>,
    /// Duration in milliseconds.
    pub duration_ms: Option<u64>,
    /// First words of the user, not redacted, at most [`MAX_FIRST_WORDS`] characters.
    pub first_words: Option<String>,
    /// True for a turn that was copied from another thread.
    pub inherited: bool,
    /// True if the agent wrote whole items before, so that calls of tools are not pieced together.
    pub whole_items: bool,
}

/// Event that takes turns back: `thread_rolled_back`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rollback {
    /// (Decompressed) byte where its line starts.
    pub offset: u64,
    /// Ordinal of the line, where lines have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ordinal: Option<u64>,
    /// Number of the turns before it that no longer count: of this file, and then of the files that
    /// it builds on.
    pub turns: u64,
}

/// File in which a turn is read.
#[derive(Debug, Clone, Copy)]
pub struct SpanFile<'a> {
    /// Path to open.
    pub path: &'a Path,
    /// True if it is compressed.
    pub compressed: bool,
    /// Path in the home, for [`Turn::file`].
    pub file: &'a str,
    /// Id that the file's name ends with.
    pub file_id: Option<Uuid>,
}

/// Reads a turn by its bytes, and gives it as [`list_turns`](crate::list_turns) does. Seeks in a
/// plain file; decompresses a compressed one up to the turn. Returns `None` if no such turn is
/// there: the file was rewritten.
///
/// Of the span, the place, the number, the status, [`TurnSpan::inherited`] and
/// [`TurnSpan::whole_items`] are used. `cut` is the end of the part of the file that still counts;
/// a turn that goes beyond it is interrupted. Items that are certain not to be in `view` are passed
/// over unread, and not counted in [`Turn::omitted_items`].
///
/// # Errors
/// [`ExtractError::Io`], [`ExtractError::NotAFile`], [`ExtractError::WindowTooLarge`], and
/// [`ExtractError::CompressionUnsupported`] without the feature `zstd`.
pub fn read_span(
    file: &SpanFile<'_>,
    span: &TurnSpan,
    cut: Option<&HistoryBase>,
    view: ItemsView,
) -> Result<Option<Turn>, ExtractError> {
    let mut cut = cut.map(|end| begin_cut(file, end)).transpose()?;
    let mut builder = Builder::new(view);
    builder.begin_file(0, file.file.to_owned(), file.file_id);
    (builder.begun, builder.whole_items) = (span.number.saturating_sub(1), span.whole_items);
    builder.inherits = span.inherited;
    let mut lines = Lines::open_from(file.path, file.compressed, span.offset)?;
    let (mut ended, mut is_cut) = (None, false);
    while ended.is_none()
        && lines.offset() < span.end
        && let Some(line) = lines.next_wanted(|line| cut.is_some() || !builder.leaves_out(line))?
    {
        let Ok(line) = line else { continue };
        // Another file, or another version of it.
        if line.end > span.end || (line.offset == span.offset) == builder.is_open() {
            return Ok(None);
        }
        is_cut = cut.as_mut().is_some_and(|cut| !cut.takes(line.json.as_bytes(), line.offset));
        if is_cut {
            break;
        }
        ended = builder.take_line(&line);
    }
    let is_whole = ended.is_some() || is_cut || lines.offset() == span.end;
    let Some(mut turn) = ended.or_else(|| builder.close()).filter(|_| is_whole) else { return Ok(None) };
    if is_cut {
        turn.interrupt();
    } else if turn.status == TurnStatus::InProgress {
        // The next line may have interrupted it.
        turn.status = span.status;
    }
    Ok(Some(turn))
}

/// Begins a cut with the file's first line, which says if lines have ordinals.
fn begin_cut(file: &SpanFile<'_>, end: &HistoryBase) -> Result<Cut, ExtractError> {
    let (mut cut, mut lines) = (Cut::new(end), Lines::open(file.path, file.compressed)?);
    while let Some(line) = lines.next_line()? {
        if let Ok(line) = line {
            cut.takes(line.json.as_bytes(), line.offset);
            break;
        }
    }
    Ok(cut)
}
