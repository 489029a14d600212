//! Takes a thread's metadata out of its rollout, parsing only the lines that can change it.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use crate::checkpoint::Checkpoint;
use crate::error::ExtractError;
use crate::metadata::{State, ThreadMetadata};
use crate::name::RolloutName;
use crate::pass::{Kept, Pass, StartOver};
use crate::reader::{Buffer, GUARD, LineReader};
use crate::skipped::SkippedLines;
use crate::source::{Source, is_damage};

/// What an [`Extractor`] found in a rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extraction {
    /// What the rollout says about its thread.
    pub metadata: ThreadMetadata,
    /// From where to go on when the file has grown.
    pub checkpoint: Checkpoint,
    /// The lines of the whole file, blank and skipped ones included.
    pub lines: u64,
    /// Those lines of the whole file that were skipped.
    pub skipped: SkippedLines,
    /// How many bytes this extraction read; of a compressed file, decompressed bytes.
    pub bytes_read: u64,
    /// Whether it went on from the checkpoint it was given.
    pub resumed: bool,
}

/// Reads rollouts one after the other, in the same memory.
#[derive(Default)]
pub struct Extractor {
    buffer: Buffer,
    kept: Kept,
}

// Not derived: its memory holds lines as they are written, credentials in remotes included.
impl fmt::Debug for Extractor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extractor").finish_non_exhaustive()
    }
}

impl Extractor {
    /// Makes an extractor. It owns about 256 KiB; one a thread is enough.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the rollout `file`, from where `from` stopped if that still fits.
    ///
    /// `name` is what the file's name says, if it says something: it names the thread when no line does. A compressed
    /// file is always read from its start.
    ///
    /// # Errors
    /// [`ExtractError::Io`], [`ExtractError::NotAFile`], [`ExtractError::Empty`], [`ExtractError::NoThread`], and
    /// [`ExtractError::CompressionUnsupported`] without the feature `zstd`. Content is never an error.
    pub fn extract(
        &mut self,
        file: &Path,
        compressed: bool,
        name: Option<&RolloutName>,
        from: Option<&Checkpoint>,
    ) -> Result<Extraction, ExtractError> {
        let from = from.filter(|from| from.is_current() && !compressed);
        match self.run(file, compressed, name, from, true)? {
            Ok(extraction) => Ok(extraction),
            Err(StartOver) => match self.run(file, compressed, name, from, false)? {
                Ok(extraction) => Ok(extraction),
                Err(StartOver) => unreachable!("only a kept line starts over, and none is kept now"),
            },
        }
    }

    fn run(
        &mut self,
        path: &Path,
        compressed: bool,
        name: Option<&RolloutName>,
        from: Option<&Checkpoint>,
        keep: bool,
    ) -> Result<Result<Extraction, StartOver>, ExtractError> {
        let io = |source| ExtractError::Io { path: path.to_owned(), source };
        let (mut source, length) = Source::open(path, compressed)?;
        let before = resume(&mut source, length, from).map_err(io)?;
        let (resumed, before) = (before.as_ref().and(from), before.unwrap_or_default());
        let start = resumed.map_or(0, Checkpoint::offset);
        let lines = resumed.map_or(0, Checkpoint::lines);
        let mut reader = LineReader::new(source, std::mem::take(&mut self.buffer), start, lines, &before);
        let pass = Pass::new(&mut self.kept, keep, resumed);
        let found = read(&mut reader, pass, compressed, lines);
        let extraction = found.map_err(io).and_then(|found| {
            let Ok(found) = found else { return Ok(Err(StartOver)) };
            if found.blank {
                return Err(ExtractError::Empty { path: path.to_owned() });
            }
            let Some(metadata) = found.state.metadata(name) else {
                return Err(ExtractError::NoThread { path: path.to_owned() });
            };
            let all_lines = found.lines + u64::from(found.tail.is_some());
            let (state, skipped) = found.tail.unwrap_or_else(|| (found.state, found.skipped.clone()));
            Ok(Ok(Extraction {
                metadata,
                checkpoint: Checkpoint::new(reader.offset(), found.lines, skipped, reader.before(), state),
                lines: all_lines,
                skipped: found.skipped,
                bytes_read: reader.position() - start + before.len() as u64,
                resumed: resumed.is_some(),
            }))
        });
        self.buffer = reader.into_buffer();
        extraction
    }
}

/// What a pass over all lines has found.
struct Found {
    state: State,
    skipped: SkippedLines,
    /// The lines that a newline ended.
    lines: u64,
    /// State and skipped lines before the last line, when no newline ended it.
    tail: Option<(State, SkippedLines)>,
    /// Whether there was nothing but blank lines.
    blank: bool,
}

fn read(
    reader: &mut LineReader<Source>,
    mut pass: Pass<'_>,
    compressed: bool,
    mut lines: u64,
) -> io::Result<Result<Found, StartOver>> {
    let mut blank = lines == 0;
    let mut tail = None;
    loop {
        match reader.next(Pass::wants) {
            Ok(None) => break,
            Ok(Some(line)) => {
                blank &= line.is_blank();
                if line.terminated {
                    lines = line.number;
                    pass.read(&line);
                } else if !line.is_blank() {
                    if pass.settle().is_err() {
                        return Ok(Err(StartOver));
                    }
                    tail = Some((pass.state.clone(), pass.skipped.clone()));
                    pass.read_tail(&line);
                }
            }
            Err(error) if is_damage(&error, compressed) => {
                blank = false;
                pass.skipped.add(reader.truncated());
                break;
            }
            Err(error) => return Err(error),
        }
    }
    if pass.settle().is_err() {
        return Ok(Err(StartOver));
    }
    let Pass { state, skipped, .. } = pass;
    Ok(Ok(Found { state, skipped, lines, tail, blank }))
}

/// Goes to where `from` stopped and gives back the bytes before it; to the start and `None` if they are not those that
/// `from` has seen.
fn resume(source: &mut Source, length: u64, from: Option<&Checkpoint>) -> io::Result<Option<Vec<u8>>> {
    let Some(from) = from.filter(|from| 0 < from.offset() && from.offset() <= length) else {
        return Ok(None);
    };
    let guarded = from.offset().min(GUARD as u64);
    source.seek(from.offset() - guarded)?;
    let mut before = Vec::with_capacity(GUARD);
    source.by_ref().take(guarded).read_to_end(&mut before)?;
    if from.guards(&before) {
        return Ok(Some(before));
    }
    source.seek(0)?;
    Ok(None)
}
