//! Writes a thread's rollout: appends whole lines, durably, to files of our own.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use memchr::memchr;
use serde::Serialize;
use uuid::Uuid;

use crate::error::ExtractError;
use crate::extract::Extractor;
use crate::fold::{Change, Fold};
use crate::home::AgentHome;
use crate::line::{Envelope, Kind};
use crate::metadata::{State, ThreadMetadata};
use crate::name::RolloutName;
use crate::raw;
use crate::reader::{Buffer, LineReader};
use crate::record_error::RecordError;
use crate::session_meta::RawSessionMeta;

/// A thread that begins. It becomes the rollout's first line, its `session_meta`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct NewThread {
    /// The thread's id.
    pub id: Uuid,
    /// When it begins.
    pub timestamp: Timestamp,
    /// The program that writes the rollout; only a recorder of the same name ever appends to it.
    pub originator: String,
    /// That program's version.
    pub cli_version: String,
    /// The working directory.
    pub cwd: String,
    /// What starts the thread: a name, or an object.
    pub source: serde_json::Value,
    /// The model provider's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model_provider: Option<String>,
    /// The thread that spawns this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_thread_id: Option<Uuid>,
}

impl NewThread {
    /// A thread of `originator` that begins now, with a new id.
    pub fn new(
        originator: impl Into<String>,
        cli_version: impl Into<String>,
        cwd: impl Into<String>,
    ) -> Self {
        Self {
            id: Uuid::now_v7(),
            timestamp: Timestamp::now(),
            originator: originator.into(),
            cli_version: cli_version.into(),
            cwd: cwd.into(),
            source: "exec".into(),
            model_provider: None,
            parent_thread_id: None,
        }
    }
}

/// What was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Appended {
    /// Where the line starts.
    pub offset: u64,
    /// Its length, newline included.
    pub len: u64,
    /// What an index has to know of it.
    pub change: Change,
}

/// Appends to one rollout. While it lives, no other recorder does.
pub struct Recorder {
    file: File,
    path: PathBuf,
    /// Where the next line starts.
    end: u64,
    /// Whether a failed write may have left part of a line.
    torn: bool,
    line: Vec<u8>,
    told: Fold,
}

#[derive(Serialize)]
struct Line<'a, P> {
    timestamp: String,
    #[serde(rename = "type")]
    line_type: &'a str,
    payload: &'a P,
}

impl Recorder {
    /// Creates the rollout of a new thread, with its `session_meta`, durably: it is there after a power cut.
    ///
    /// Its folder and its name have the thread's time in UTC, whatever the machine's time zone.
    ///
    /// # Errors
    /// [`RecordError::Exists`], [`RecordError::Locked`], [`RecordError::Payload`], [`RecordError::Io`].
    pub fn create(home: &AgentHome, thread: &NewThread) -> Result<Self, RecordError> {
        let started = TimeZone::UTC.to_datetime(thread.timestamp);
        let name = RolloutName { started, thread_id: thread.id };
        let path = home.absolute(&format!("sessions/{}/{name}", started.strftime("%Y/%m/%d")));
        let folder = path.parent().unwrap_or(home.root());
        create_folders(home.root(), folder)?;
        let file = match options().create_new(true).open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(RecordError::Exists { path });
            }
            Err(error) => return Err(error.into()),
        };
        lock(&file)?;
        let told = Fold::new(State::default(), Some(name)).ok_or(RecordError::NoThread)?;
        let mut this = Self { file, path: path.clone(), end: 0, torn: false, line: Vec::new(), told };
        this.append_at(thread.timestamp, "session_meta", thread)?;
        this.sync()?;
        sync_folder(folder)?;
        Ok(this)
    }

    /// Opens a rollout that `originator` has written, to go on with it. A torn last line is ended, so that what is
    /// appended stands on a line of its own.
    ///
    /// # Errors
    /// [`RecordError::NotOurs`] if the first line is not a `session_meta` of `originator`; then not a byte is changed.
    /// [`RecordError::Locked`], [`RecordError::Compressed`], [`RecordError::NoThread`], [`RecordError::Io`].
    pub fn reopen(path: impl Into<PathBuf>, originator: &str) -> Result<Self, RecordError> {
        let path = path.into();
        if path.extension().is_some_and(|extension| extension == "zst") {
            return Err(RecordError::Compressed);
        }
        if !fs::metadata(&path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file").into());
        }
        if written_by(&path)?.as_deref() != Some(originator) {
            return Err(RecordError::NotOurs { originator: originator.to_owned() });
        }
        let mut file = options().open(&path)?;
        lock(&file)?;
        let mut end = file.seek(SeekFrom::End(0))?;
        let mut last = [b'\n'];
        if end > 0 {
            file.seek(SeekFrom::Start(end - 1))?;
            file.read_exact(&mut last)?;
        }
        if last != *b"\n" {
            file.write_all(b"\n")?;
            end += 1;
        }
        let told = told_by(&path)?;
        Ok(Self { file, path, end, torn: false, line: Vec::new(), told })
    }

    /// What the rollout says about its thread so far.
    pub fn metadata(&self) -> &ThreadMetadata {
        self.told.metadata()
    }

    /// Where the rollout is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long the rollout is.
    pub fn len(&self) -> u64 {
        self.end
    }

    /// Whether nothing has been written; never true of a recorder that was created or reopened without an error.
    pub fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// Appends a line of the type `line_type`, with the time it is now, in one write.
    ///
    /// It is safe from a crash of this process at once; from a crash of the machine after [`Recorder::sync`].
    ///
    /// # Errors
    /// [`RecordError::Payload`] and [`RecordError::NotOneLine`], with which nothing is written, and [`RecordError::Io`].
    /// After a failed write the line is torn; the next one ends it first.
    pub fn append(&mut self, line_type: &str, payload: &impl Serialize) -> Result<Appended, RecordError> {
        self.append_at(Timestamp::now(), line_type, payload)
    }

    /// Makes everything that was appended survive a power cut.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn sync(&self) -> Result<(), RecordError> {
        Ok(self.file.sync_data()?)
    }

    /// Appends a line like [`Recorder::append`], with a time that is given: for those who replay or import a thread.
    ///
    /// # Errors
    /// As for [`Recorder::append`].
    pub fn append_at(
        &mut self,
        at: Timestamp,
        line_type: &str,
        payload: &impl Serialize,
    ) -> Result<Appended, RecordError> {
        self.line.clear();
        let timestamp = format!("{at:.3}");
        serde_json::to_writer(&mut self.line, &Line { timestamp, line_type, payload })
            .map_err(RecordError::Payload)?;
        // Strings have theirs escaped; JSON that is passed through as it was written may have some between its tokens.
        if memchr(b'\n', &self.line).is_some() {
            return Err(RecordError::NotOneLine);
        }
        self.line.push(b'\n');
        self.end_torn_line()?;
        let offset = self.end;
        let line = std::mem::take(&mut self.line);
        let written = self.write(&line);
        self.line = line;
        written?;
        let change = self.told.take(self.line.trim_ascii_end(), offset);
        Ok(Appended { offset, len: self.line.len() as u64, change })
    }

    fn end_torn_line(&mut self) -> Result<(), RecordError> {
        if self.torn { self.write(b"\n") } else { Ok(()) }
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        self.torn = true;
        match self.file.write_all(bytes) {
            Ok(()) => {
                self.end += bytes.len() as u64;
                self.torn = false;
                Ok(())
            }
            Err(error) => {
                // Part of it may have been written.
                self.end = self.file.metadata().map_or(self.end, |metadata| metadata.len());
                Err(error.into())
            }
        }
    }
}

// Not derived: a conversation is nobody's debug output.
impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("path", &self.path).field("end", &self.end).finish_non_exhaustive()
    }
}

impl Drop for Recorder {
    /// Unlocks at once, even if a child process that is just being started holds a copy of the open file.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true);
    // A conversation is nobody else's business.
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn lock(file: &File) -> Result<(), RecordError> {
    match file.try_lock() {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(RecordError::Locked),
        // A file system without locks must not keep a thread from being recorded.
        Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => Ok(()),
        Err(TryLockError::Error(error)) => Err(error.into()),
    }
}

/// Creates `folder` under `root`, and makes each new folder's name survive a power cut.
fn create_folders(root: &Path, folder: &Path) -> io::Result<()> {
    let missing: Vec<_> = folder.ancestors().take_while(|at| *at != root && !at.exists()).collect();
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    missing.iter().filter_map(|created| created.parent()).try_for_each(sync_folder)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// What the lines say that are there already, each of them ended.
fn told_by(path: &Path) -> Result<Fold, RecordError> {
    let name = path.file_name().and_then(|name| RolloutName::parse(name.to_str()?).ok());
    match Extractor::new().extract(path, false, name.as_ref(), None) {
        Ok(read) => Fold::new(read.checkpoint.state, name).ok_or(RecordError::NoThread),
        Err(ExtractError::Io(error)) => Err(error.into()),
        Err(_) => Err(RecordError::NoThread),
    }
}

/// The originator that the first line names.
fn written_by(path: &Path) -> io::Result<Option<String>> {
    let mut lines = LineReader::new(File::open(path)?, Buffer::default(), 0, 0, &[]);
    let Some(line) = lines.next(|_| true)? else { return Ok(None) };
    let Ok((envelope, _)) = Envelope::read(&line) else { return Ok(None) };
    let payload = envelope.payload.filter(|_| envelope.kind() == Kind::SessionMeta);
    Ok(raw::parse::<RawSessionMeta<'_>>(payload).and_then(|meta| meta.originator()))
}
