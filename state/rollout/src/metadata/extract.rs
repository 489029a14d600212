//! Extracts a thread's metadata from its rollout.

use std::fmt;
use std::path::Path;

use uuid::Uuid;

use super::base::{BaseReader, CopiedPart};
use super::checkpoint::Checkpoint;
use super::kept::Kept;
use super::pass::{Pass, Stop};
use super::state::State;
use super::thread::ThreadMetadata;
use crate::chain::copied::Copied;
use crate::chain::header::Header;
use crate::chain::link::BaseProblem;
use crate::home::AgentHome;
use crate::home::name::RolloutName;
use crate::lines::block::Buffer;
use crate::lines::error::ExtractError;
use crate::lines::guard::{FileIdentity, resume};
use crate::lines::raw_line::RawLine;
use crate::lines::reader::LineReader;
use crate::lines::skipped::SkippedLines;
use crate::lines::source::{self, Source, is_damage};

/// Result of reading one rollout.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Extraction {
    /// Metadata of the thread.
    pub metadata: ThreadMetadata,
    /// State from which to continue when the file has grown.
    pub checkpoint: Checkpoint,
    /// Id of the file that this one builds on.
    pub base: Option<Uuid>,
    /// Reason why the metadata lacks something of that file, or of a file that it builds on.
    pub base_problem: Option<BaseProblem>,
    /// Number of lines in the whole file, with blank and skipped ones.
    pub lines: u64,
    /// Skipped lines of the whole file.
    pub skipped: SkippedLines,
    /// True if lines were skipped and no line was read that has a time or an id: the metadata is
    /// only that of the file's name.
    pub is_unreadable: bool,
    /// Bytes that this extraction read; of a compressed file, decompressed bytes.
    pub bytes_read: u64,
    /// True if it continued from the given checkpoint.
    pub resumed: bool,
}

/// Reader of rollouts, one after the other, in the same memory.
#[derive(Default)]
pub struct Extractor {
    pub(super) buffer: Buffer,
    pub(super) kept: Kept,
    /// Reader of the files that a rollout builds on; `None` outside a home.
    bases: Option<BaseReader>,
}

// Not derived: its memory holds lines as they are written, with credentials in remotes.
impl fmt::Debug for Extractor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Extractor").finish_non_exhaustive()
    }
}

impl Extractor {
    /// Creates an extractor for single files, which owns about 256 KiB. Use one for each worker
    /// thread. It finds no file that another one builds on.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an extractor for the rollouts of a home. It remembers where the home's files are,
    /// and the state after each base: use it for one pass over the home.
    pub fn of_home(home: &AgentHome) -> Self {
        Self { bases: Some(BaseReader::new(home.clone())), ..Self::default() }
    }

    /// Reads the rollout `file`, from the checkpoint `from` on if that still fits. Reads the files
    /// that it builds on first: the metadata is that of its [chain](crate::Chain).
    ///
    /// `name` is the parsed file name, which gives the thread's id when no line does. A compressed
    /// file is always read from its start.
    ///
    /// # Errors
    /// [`ExtractError::Io`], [`ExtractError::NotAFile`], [`ExtractError::Empty`],
    /// [`ExtractError::NoThread`], [`ExtractError::WindowTooLarge`], and
    /// [`ExtractError::CompressionUnsupported`] without the feature `zstd`. The content of a line
    /// is never an error.
    pub fn extract(
        &mut self,
        file: &Path,
        compressed: bool,
        name: Option<&RolloutName>,
        from: Option<&Checkpoint>,
    ) -> Result<Extraction, ExtractError> {
        let from = from.filter(|from| from.is_current() && !compressed && from.is_whole());
        // A pass that keeps no lines never starts over: this ends.
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
        let (mut source, file) = Source::open(path, compressed)?;
        let before = from.map(|from| resume(&mut source, &file, from.offset, from.guard));
        let before = before.transpose().map_err(source::failed)?.flatten();
        let (resumed, before) = (before.as_ref().and(from), before.unwrap_or_default());
        let start = resumed.map_or(0, Checkpoint::offset);
        let lines = resumed.map_or(0, Checkpoint::lines);
        let mut reader = LineReader::new(source, std::mem::take(&mut self.buffer), start, lines, &before);
        let pass = Pass::new(&mut self.kept, keep, resumed);
        let own = name.map(RolloutName::file_id);
        let mut base =
            Base { folder: self.bases.as_mut(), own, problem: None, copied: CopiedPart::default() };
        let found = read(&mut reader, pass, compressed, lines, &mut base);
        let extraction = found.and_then(|found| {
            if found.blank {
                return Err(ExtractError::Empty.into());
            }
            let own = base.copied.goes_on().then(|| base.copied.finish(found.state.clone()));
            let Some(metadata) = own.as_ref().unwrap_or(&found.state).metadata(name) else {
                return Err(ExtractError::NoThread.into());
            };
            let all_lines = found.lines + u64::from(found.tail.is_some());
            let (base_id, is_empty) = (found.state.base(), found.state.is_empty());
            let (state, skipped) = found.tail.unwrap_or_else(|| (found.state, found.skipped.clone()));
            let guard = FileIdentity::of(&file).guard(reader.before());
            let mut checkpoint = Checkpoint::new(reader.offset(), found.lines, skipped, guard, state);
            checkpoint.base_problem = base.problem;
            checkpoint.is_copied = base.copied.goes_on();
            Ok(Extraction {
                metadata,
                checkpoint,
                base: base_id,
                base_problem: base.problem,
                lines: all_lines,
                is_unreadable: is_empty && !found.skipped.is_empty(),
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

/// Result of a pass over all lines.
struct Found {
    state: State,
    skipped: SkippedLines,
    /// Number of lines that a newline ended.
    lines: u64,
    /// State and skipped lines before the last line, if it has no newline.
    tail: Option<(State, SkippedLines)>,
    /// True if every line was blank.
    blank: bool,
}

/// The files that a rollout builds on, as its first line says.
struct Base<'f> {
    folder: Option<&'f mut BaseReader>,
    own: Option<Uuid>,
    problem: Option<BaseProblem>,
    copied: CopiedPart,
}

impl Base<'_> {
    /// Reads a line. Before the own part of a fork with copied lines, begins that part.
    fn read(&mut self, line: &RawLine<'_>, pass: &mut Pass<'_>) {
        let is_first = pass.state.is_empty();
        self.copied.take(line, pass);
        pass.read(line);
        if let Some(header) = is_first.then(|| pass.state.header()).filter(Header::has_origin) {
            self.begin(&header, pass);
            self.copied.take(line, pass);
            pass.read(line);
        }
    }

    /// Puts the state after the bases before the first line, which alone names one.
    fn begin(&mut self, header: &Header, pass: &mut Pass<'_>) {
        self.copied = CopiedPart(Copied::of(header, self.folder.as_mut().map(|folder| folder.bases())));
        let (state, problem) = match (header.base, &mut self.folder) {
            (None, _) => (State::default(), None),
            (Some(base), Some(folder)) => folder.state_before(header, base, self.own),
            (Some(base), None) => BaseReader::state_without(header, base),
        };
        pass.start_over_with(state);
        self.problem = problem;
    }
}

fn read(
    reader: &mut LineReader<Source>,
    mut pass: Pass<'_>,
    compressed: bool,
    mut lines: u64,
    base: &mut Base<'_>,
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
                } else if !line.is_blank() {
                    pass.settle()?;
                    tail = Some((pass.state.clone(), pass.skipped.clone()));
                }
                base.read(&line, &mut pass);
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
