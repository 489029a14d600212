//! Writes a thread's rollout: appends whole lines, durably, to files of our own.

pub(crate) mod change;
pub(crate) mod error;
mod files;
pub(crate) mod new_thread;

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use memchr::memchr;
use serde::Serialize;

use self::change::{Change, Recorded};
use self::error::RecordError;
use self::files::{create_folders, lock, options, sync_folder};
use self::new_thread::NewThread;
use crate::format::envelope::Envelope;
use crate::format::kind::Kind;
use crate::format::session_meta::originator;
use crate::home::AgentHome;
use crate::home::name::RolloutName;
use crate::lines::block::Buffer;
use crate::lines::error::ExtractError;
use crate::lines::reader::LineReader;
use crate::metadata::extract::Extractor;
use crate::metadata::state::State;
use crate::metadata::thread::ThreadMetadata;

/// Line that was appended.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Appended {
    /// Byte where the line starts.
    pub offset: u64,
    /// Length in bytes, newline included.
    pub len: u64,
    /// Change of the thread's metadata.
    pub change: Change,
}

/// Writer of one rollout. While it lives, no other recorder can open the file.
pub struct Recorder {
    file: File,
    path: PathBuf,
    /// Byte where the next line starts.
    end: u64,
    /// True if a failed write may have left part of a line.
    torn: bool,
    line: Vec<u8>,
    recorded: Recorded,
}

#[derive(Serialize)]
struct Line<'a, P> {
    timestamp: String,
    #[serde(rename = "type")]
    line_type: &'a str,
    payload: &'a P,
}

impl Recorder {
    /// Creates the rollout of a new thread, with its `session_meta`, durably: it survives a power
    /// cut.
    ///
    /// Folder and file name have the thread's time in UTC.
    ///
    /// # Errors
    /// [`RecordError::Exists`], [`RecordError::Locked`], [`RecordError::Payload`],
    /// [`RecordError::Io`].
    pub fn create(home: &AgentHome, thread: &NewThread) -> Result<Self, RecordError> {
        let started = TimeZone::UTC.to_datetime(thread.timestamp);
        let name = RolloutName { started, thread_id: thread.id, segment_id: None };
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
        let recorded = Recorded::new(State::default(), Some(name)).ok_or(RecordError::NoThread)?;
        let mut this = Self { file, path: path.clone(), end: 0, torn: false, line: Vec::new(), recorded };
        this.append_at(thread.timestamp, "session_meta", thread)?;
        this.sync()?;
        sync_folder(folder)?;
        Ok(this)
    }

    /// Opens a rollout that `originator` wrote, to append to it. Ends a torn last line, so that the
    /// next one begins a line.
    ///
    /// # Errors
    /// [`RecordError::NotOurs`] if the first line is not a `session_meta` of `originator`; then not
    /// a byte is changed. [`RecordError::Locked`], [`RecordError::Compressed`],
    /// [`RecordError::NoThread`], [`RecordError::Io`].
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
        let recorded = recorded_in(&path)?;
        Ok(Self { file, path, end, torn: false, line: Vec::new(), recorded })
    }

    /// Returns the thread's metadata so far.
    pub fn metadata(&self) -> &ThreadMetadata {
        self.recorded.metadata()
    }

    /// Returns the rollout's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the byte where the next line starts: the rollout's length.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// Appends a line of the type `line_type`, with the present time, in one write.
    ///
    /// The line survives a crash of this process at once, and a crash of the machine after
    /// [`Recorder::sync`].
    ///
    /// # Errors
    /// [`RecordError::Payload`] and [`RecordError::NotOneLine`], with which nothing is written, and
    /// [`RecordError::Io`]. After a failed write the line is torn; the next one ends it first.
    pub fn append(&mut self, line_type: &str, payload: &impl Serialize) -> Result<Appended, RecordError> {
        self.append_at(Timestamp::now(), line_type, payload)
    }

    /// Syncs the file: every appended line survives a power cut.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn sync(&self) -> Result<(), RecordError> {
        Ok(self.file.sync_data()?)
    }

    /// Appends a line like [`Recorder::append`], with a given time, to replay or import a thread.
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
        // Strings have line breaks escaped; raw JSON may have some between its tokens.
        if memchr(b'\n', &self.line).is_some() {
            return Err(RecordError::NotOneLine);
        }
        self.line.push(b'\n');
        if self.torn {
            self.write(b"\n")?;
        }
        let offset = self.end;
        let line = std::mem::take(&mut self.line);
        let written = self.write(&line);
        self.line = line;
        written?;
        let change = self.recorded.take(self.line.trim_ascii_end(), offset);
        Ok(Appended { offset, len: self.line.len() as u64, change })
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

// Not derived: a conversation must not reach debug output.
impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("path", &self.path).field("end", &self.end).finish_non_exhaustive()
    }
}

impl Drop for Recorder {
    /// Unlocks at once, even if a child process that is just being started holds a copy of the open
    /// file.
    fn drop(&mut self) {
        let _ = self.file.unlock();
    }
}

/// Reads the lines that are there already, each of them ended.
fn recorded_in(path: &Path) -> Result<Recorded, RecordError> {
    let name = path.file_name().and_then(|name| RolloutName::parse(name.to_str()?).ok());
    match Extractor::new().extract(path, false, name.as_ref(), None) {
        Ok(read) => Recorded::new(read.checkpoint.state, name).ok_or(RecordError::NoThread),
        Err(ExtractError::Io(error)) => Err(error.into()),
        Err(_) => Err(RecordError::NoThread),
    }
}

/// Returns the originator that the first line names.
fn written_by(path: &Path) -> io::Result<Option<String>> {
    let mut lines = LineReader::new(File::open(path)?, Buffer::default(), 0, 0, &[]);
    let Some(line) = lines.next(|_| true)? else { return Ok(None) };
    let Ok(envelope) = line.parse(|text| Envelope::read(text).ok()) else { return Ok(None) };
    let is_meta = envelope.kind() == Kind::SessionMeta;
    Ok(originator(envelope.payload()).filter(|_| is_meta))
}
