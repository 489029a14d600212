//! Takes a thread's metadata out of its rollout, parsing only the lines that can change it.

use std::fmt;
use std::io::{self, Read};
use std::path::Path;

use super::checkpoint::Checkpoint;
use super::kept::Kept;
use super::pass::{Pass, StartOver};
use super::state::State;
use super::thread::ThreadMetadata;
use crate::home::name::RolloutName;
use crate::lines::block::{Buffer, GUARD};
use crate::lines::error::ExtractError;
use crate::lines::reader::LineReader;
use crate::lines::skipped::SkippedLines;
use crate::lines::source::{self, Source, is_damage};

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
    /// [`ExtractError::Io`], [`ExtractError::NotAFile`], [`ExtractError::Empty`], [`ExtractError::NoThread`],
    /// [`ExtractError::WindowTooLarge`], and [`ExtractError::CompressionUnsupported`] without the feature `zstd`. What
    /// stands in a line is never an error.
    pub fn extract(
        &mut self,
        file: &Path,
        compressed: bool,
        name: Option<&RolloutName>,
        from: Option<&Checkpoint>,
    ) -> Result<Extraction, ExtractError> {
        let from = from.filter(|from| from.is_current() && !compressed);
        // A pass that keeps no lines for later needs no other: this ends.
        let mut keep = true;
        loop {
            match self.run(file, compressed, name, from, keep) {
                Ok(extraction) => return Ok(extraction),
                Err(Stop::Failed(error)) => return Err(error),
                Err(Stop::StartOver) => keep = false,
            }
        }
    }

    fn run(
        &mut self,
        path: &Path,
        compressed: bool,
        name: Option<&RolloutName>,
        from: Option<&Checkpoint>,
        keep: bool,
    ) -> Result<Extraction, Stop> {
        let (mut source, length) = Source::open(path, compressed)?;
        let before = resume(&mut source, length, from).map_err(source::failed)?;
        let (resumed, before) = (before.as_ref().and(from), before.unwrap_or_default());
        let start = resumed.map_or(0, Checkpoint::offset);
        let lines = resumed.map_or(0, Checkpoint::lines);
        let mut reader = LineReader::new(source, std::mem::take(&mut self.buffer), start, lines, &before);
        let pass = Pass::new(&mut self.kept, keep, resumed);
        let found = read(&mut reader, pass, compressed, lines);
        let extraction = found.and_then(|found| {
            if found.blank {
                return Err(ExtractError::Empty.into());
            }
            let Some(metadata) = found.state.metadata(name) else {
                return Err(ExtractError::NoThread.into());
            };
            let all_lines = found.lines + u64::from(found.tail.is_some());
            let (state, skipped) = found.tail.unwrap_or_else(|| (found.state, found.skipped.clone()));
            Ok(Extraction {
                metadata,
                checkpoint: Checkpoint::new(reader.offset(), found.lines, skipped, reader.before(), state),
                lines: all_lines,
                skipped: found.skipped,
                bytes_read: reader.position() - start + before.len() as u64,
                resumed: resumed.is_some(),
            })
        });
        self.buffer = reader.into_buffer();
        self.kept.clear();
        extraction
    }
}

/// Why a pass gave nothing.
enum Stop {
    /// A line that was kept for later says nothing; another pass must keep none.
    StartOver,
    /// The file cannot be read.
    Failed(ExtractError),
}

impl From<StartOver> for Stop {
    fn from(StartOver: StartOver) -> Self {
        Self::StartOver
    }
}

impl From<ExtractError> for Stop {
    fn from(error: ExtractError) -> Self {
        Self::Failed(error)
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
) -> Result<Found, Stop> {
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
                    pass.settle()?;
                    tail = Some((pass.state.clone(), pass.skipped.clone()));
                    pass.read_tail(&line);
                }
            }
            Err(error) if is_damage(&error, compressed) => {
                blank = false;
                pass.skipped.add(reader.truncated());
                break;
            }
            Err(error) => return Err(source::failed(error).into()),
        }
    }
    pass.settle()?;
    let Pass { state, skipped, .. } = pass;
    Ok(Found { state, skipped, lines, tail, blank })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_long_line_took_is_given_back() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("rollout.jsonl");
        let id = "01a2036e-72f3-74e0-aaf8-16e5fd86f01a";
        let line = |line_type: &str, payload: &str| {
            let at = "2026-11-22T10:00:00.000Z";
            format!("{{\"timestamp\":\"{at}\",\"type\":\"{line_type}\",\"payload\":{{{payload}}}}}\n")
        };
        let long = "x".repeat(10_000_000);
        for (line_type, start) in [("turn_context", ""), ("event_msg", "\"type\":\"token_count\",")] {
            let meta = line("session_meta", &format!("\"id\":\"{id}\""));
            std::fs::write(
                &path,
                meta + &line(line_type, &format!("{start}\"cwd\":\"/w\",\"x\":\"{long}\"")),
            )?;
            let mut extractor = Extractor::new();
            let extraction = extractor.extract(&path, false, None, None)?;
            assert_eq!((extraction.lines, extraction.metadata.thread_id.to_string().as_str()), (2, id));
            let retained = extractor.buffer.retained() + extractor.kept.retained();
            assert!(retained < 512 * 1024, "{line_type}: {retained}");
        }
        Ok(())
    }
}
