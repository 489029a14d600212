//! Passages: what a search of the history finds.

use std::fmt;
use std::path::Path;

use super::said::Said;
use super::span::MAX_FIRST_WORDS;
use super::text::searchable;
use crate::format::line::Lines;
use crate::lines::error::ExtractError;
use crate::text::bounded;
use crate::turns::shown::{Place, Receive, Shown};
use crate::turns::turn::Turn;

/// Text of one line, for search. It is not redacted.
#[derive(Clone, PartialEq, Eq)]
pub struct Passage {
    /// (Decompressed) byte where the first line of its turn starts.
    pub turn: u64,
    /// (Decompressed) byte where its line starts.
    pub offset: u64,
    /// (Decompressed) byte after its line.
    pub end: u64,
    /// Speaker.
    pub said: Said,
    /// Text.
    pub text: String,
}

// Not derived: a conversation must not reach debug output.
impl fmt::Debug for Passage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { turn, offset, end, said, .. } = self;
        write!(f, "Passage({said} at {offset}..{end} of turn {turn})")
    }
}

/// Reads the passage of the line at these bytes again. Seeks in a plain file; decompresses a
/// compressed one up to the line. Returns `None` if no such line is there, or the line has no text:
/// the file was rewritten.
///
/// # Errors
/// [`ExtractError::Io`], [`ExtractError::NotAFile`], [`ExtractError::WindowTooLarge`], and
/// [`ExtractError::CompressionUnsupported`] without the feature `zstd`.
pub fn read_passage(
    path: &Path,
    compressed: bool,
    offset: u64,
    end: u64,
) -> Result<Option<(Said, String)>, ExtractError> {
    let mut lines = Lines::open_from(path, compressed, offset)?;
    let line = lines.next_line()?.and_then(Result::ok);
    let line = line.filter(|line| (line.offset, line.end) == (offset, end));
    let shown = line.and_then(|line| Shown::of(line.fact(), line.timestamp));
    Ok(shown.and_then(|shown| searchable(&shown)))
}

/// Passages of the own turns, and each turn's first words.
#[derive(Default)]
pub(super) struct Passages {
    pub(super) all: Vec<Passage>,
    /// First words of the turn at this byte, in the turns' order.
    pub(super) first_words: Vec<(u64, String)>,
}

impl Receive for Passages {
    fn receive(&mut self, turn: &mut Turn, place: Place, shown: Shown<'_>) {
        let Some((said, text)) = searchable(&shown) else { return };
        let turn_offset = turn.offset;
        if said == Said::User && self.first_words.last().is_none_or(|(turn, _)| *turn != turn_offset) {
            self.first_words.push((turn_offset, bounded(&text, MAX_FIRST_WORDS)));
        }
        if !turn.inherited {
            let Place { offset, end, .. } = place;
            self.all.push(Passage { turn: turn_offset, offset, end, said, text });
        }
    }
}
