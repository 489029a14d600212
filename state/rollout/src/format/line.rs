//! Reads every line of a rollout, one after the other.

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::envelope::Envelope;
use super::fact::Fact;
use super::kind::{Kind, type_of};
use crate::lines::block::Buffer;
use crate::lines::error::ExtractError;
use crate::lines::raw_line::RawLine;
use crate::lines::reader::{Found, LineReader};
use crate::lines::skipped::{BadLine, SkippedLines};
use crate::lines::source::{self, Source, is_damage};

/// Line of a rollout (`{"timestamp", "type", "payload"}`), as it is written. [`Line::fact`] is its
/// meaning.
#[derive(Clone)]
#[non_exhaustive]
pub struct Line<'a> {
    /// Byte where the line starts; of a compressed file, the decompressed byte.
    pub offset: u64,
    /// The line's number, from 1.
    pub line_number: u64,
    /// Time when the line was written.
    pub timestamp: Option<Timestamp>,
    /// The line's own `type`: `event_msg`, … `None` for the bare lines of the oldest files.
    pub line_type: Option<Cow<'a, str>>,
    /// The payload's JSON as it is written; of a bare line, all of it.
    pub payload: &'a str,
    /// The whole line's JSON as it is written.
    pub json: &'a str,
    /// Byte where the next line starts.
    pub(crate) end: u64,
    envelope: Envelope<'a>,
}

impl<'a> Line<'a> {
    fn read(line: &RawLine<'a>) -> Result<Self, BadLine> {
        let envelope = line.parse(|text| Envelope::read(text).ok()).map_err(|reason| line.bad(reason))?;
        Ok(Self {
            offset: line.offset,
            end: line.end,
            line_number: line.number,
            timestamp: envelope.time().and_then(|time| time.timestamp()),
            line_type: envelope.line_type(),
            payload: envelope.payload(),
            json: envelope.json,
            envelope,
        })
    }

    /// Returns the payload's own `type`, where it has one: `user_message`, …
    pub fn payload_type(&self) -> Option<Cow<'a, str>> {
        type_of(self.payload)
    }

    pub(crate) fn kind(&self) -> Kind {
        self.envelope.kind()
    }

    /// Reads the line's fact. A known kind with a payload of another shape is [`Fact::Other`].
    pub fn fact(&self) -> Fact<'a> {
        self.envelope.fact().unwrap_or(Fact::Other)
    }
}

// Not derived: neither a conversation nor the credentials in a remote may reach debug output.
impl fmt::Debug for Line<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line")
            .field("offset", &self.offset)
            .field("line_number", &self.line_number)
            .field("timestamp", &self.timestamp)
            .field("line_type", &self.line_type)
            .finish_non_exhaustive()
    }
}

/// Reads every line of a rollout, one after the other, in memory bounded by the longest, at most
/// [`MAX_LINE`](crate::MAX_LINE).
///
/// Skips blank lines. Returns a bad line as a [`BadLine`], and reads on after it.
///
/// # Example
///
/// Counts the messages that a user wrote.
///
/// ```
/// use threadkeep_rollout::{Fact, Lines};
///
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("rollout.jsonl");
/// # let user = r#"{"type":"event_msg","payload":{"type":"user_message","message":"Hi"}}"#;
/// # std::fs::write(&path, [user, &user.replace("user", "agent"), user].join("\ntorn\n"))?;
/// let mut messages = 0;
/// let mut lines = Lines::open(&path, false)?;
/// while let Some(line) = lines.next_line()? {
///     match line {
///         Ok(line) => messages += usize::from(matches!(line.fact(), Fact::UserMessage { .. })),
///         Err(bad) => eprintln!("skipped {bad}"),
///     }
/// }
/// assert_eq!((messages, lines.skipped().count), (2, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Lines {
    path: PathBuf,
    compressed: bool,
    reader: LineReader<Source>,
    skipped: SkippedLines,
    ended: bool,
}

impl Lines {
    /// Opens the rollout `path`.
    ///
    /// # Errors
    /// [`ExtractError::Io`], [`ExtractError::NotAFile`], and
    /// [`ExtractError::CompressionUnsupported`] without the feature `zstd`.
    pub fn open(path: &Path, compressed: bool) -> Result<Self, ExtractError> {
        let (source, _) = Source::open(path, compressed)?;
        Ok(Self::new(path, compressed, source, 0))
    }

    /// Opens the plain rollout `path` at the byte `offset`, where a line starts: [`Lines::offset`]
    /// of an earlier run, [`Line::offset`] or [`Turn::offset`](crate::Turn::offset). Numbers the
    /// lines from there. Returns no lines if the file is shorter.
    ///
    /// # Errors
    /// [`ExtractError::Io`] and [`ExtractError::NotAFile`].
    pub fn open_at(path: &Path, offset: u64) -> Result<Self, ExtractError> {
        Self::open_from(path, false, offset)
    }

    /// Opens the plain rollout `path` like [`Lines::open_at`], and computes the CRC-32 of the bytes
    /// that are read, given that of the bytes before `offset`: see [`Lines::bytes_read`].
    ///
    /// # Errors
    /// As [`Lines::open_at`].
    pub fn open_summing(path: &Path, offset: u64, before: u32) -> Result<Self, ExtractError> {
        let (source, _) = Source::open(path, false)?;
        let mut source = source.summed(offset, before);
        source.seek(offset).map_err(source::failed)?;
        Ok(Self::new(path, false, source, offset))
    }

    /// Opens a rollout at the byte `offset`, where a line starts. Decompresses a compressed one up
    /// to it.
    pub(crate) fn open_from(path: &Path, compressed: bool, offset: u64) -> Result<Self, ExtractError> {
        let (mut source, _) = Source::open(path, compressed)?;
        match source.seek(offset) {
            Err(error) if !is_damage(&error, compressed) => Err(source::failed(error)),
            _ => Ok(Self::new(path, compressed, source, offset)),
        }
    }

    fn new(path: &Path, compressed: bool, source: Source, offset: u64) -> Self {
        let reader = LineReader::new(source, Buffer::default(), offset, 0, &[]);
        Self { path: path.to_owned(), compressed, reader, skipped: SkippedLines::default(), ended: false }
    }

    /// Reads the next line that is not blank; `None` at the end.
    ///
    /// # Errors
    /// [`ExtractError::Io`] and [`ExtractError::WindowTooLarge`]; there are no more lines then.
    /// Content is never an error.
    pub fn next_line(&mut self) -> Result<Option<Result<Line<'_>, BadLine>>, ExtractError> {
        self.next_wanted(|_| true)
    }

    /// Reads the next line like [`Lines::next_line`]. Passes over lines whose first bytes `wanted`
    /// refuses, and does not parse them.
    pub(crate) fn next_wanted(
        &mut self,
        wanted: impl Fn(&[u8]) -> bool,
    ) -> Result<Option<Result<Line<'_>, BadLine>>, ExtractError> {
        self.next_as(wanted, Line::read)
    }

    /// Reads the next line that is not blank, with a parser of its JSON, which also gets the byte
    /// where the line starts. A line for which `parse` returns `None` is bad.
    ///
    /// # Errors
    /// As [`Lines::next_line`].
    pub fn next_with<T>(
        &mut self,
        parse: impl FnOnce(u64, &str) -> Option<T>,
    ) -> Result<Option<Result<T, BadLine>>, ExtractError> {
        let read = |line: &RawLine<'_>| {
            line.parse(|json| parse(line.offset, json)).map_err(|reason| line.bad(reason))
        };
        self.next_as(|_| true, read)
    }

    fn next_as<'l, T>(
        &'l mut self,
        wanted: impl Fn(&[u8]) -> bool,
        read: impl FnOnce(&RawLine<'l>) -> Result<T, BadLine>,
    ) -> Result<Option<Result<T, BadLine>>, ExtractError> {
        if self.ended {
            return Ok(None);
        }
        let found = loop {
            match self.reader.find_filled(&wanted) {
                Ok(Some(found)) if !self.is_wanted(&found, &wanted) => {}
                found => break found,
            }
        };
        let line = match found {
            Ok(Some(found)) => read(&self.reader.line(&found)),
            Ok(None) => {
                self.ended = true;
                return Ok(None);
            }
            Err(error) => {
                self.ended = true;
                if !is_damage(&error, self.compressed) {
                    return Err(source::failed(error));
                }
                Err(self.reader.truncated())
            }
        };
        if let Err(bad) = &line {
            self.skipped.add(bad.clone());
        }
        Ok(Some(line))
    }

    fn is_wanted(&self, found: &Found, wanted: impl Fn(&[u8]) -> bool) -> bool {
        let line = self.reader.line(found);
        line.fault(false).is_some() || wanted(line.bytes)
    }

    /// Returns the bad lines so far: their number, and the first of them.
    pub fn skipped(&self) -> &SkippedLines {
        &self.skipped
    }

    /// Returns the number of bytes from the file's beginning to the last byte that was read, and
    /// their CRC-32; `None` unless opened with [`Lines::open_summing`]. A file that has only grown
    /// begins with the same bytes.
    pub fn bytes_read(&self) -> Option<(u64, u32)> {
        Some((self.reader.position(), self.reader.source().sum()?))
    }

    /// Returns the offset after the last line that a newline ended, from where to continue when the
    /// file has grown. A last line without a newline comes again then, at the same offset.
    pub fn offset(&self) -> u64 {
        self.reader.offset()
    }
}

// Not derived, like that of a line.
impl fmt::Debug for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lines")
            .field("path", &self.path)
            .field("offset", &self.offset())
            .finish_non_exhaustive()
    }
}
