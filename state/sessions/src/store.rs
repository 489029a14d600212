//! The port: a store of sessions.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use threadkeep_rollout::ThreadKind;

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files::NOT_A_FILE;
use crate::found::{FoundSession, Listing, SkippedFile, Unread};
use crate::incremental::{Checkpoint, Progress, Reading};
use crate::piece::{self, Piece};
use crate::session::Session;

/// Sessions of one coding agent.
pub trait SessionStore: fmt::Debug + Send + Sync {
    /// Returns the agent's name in an index, in filters and in JSON: `claude`. Lower case.
    fn name(&self) -> &'static str;

    /// Returns the agent's name for people: `Claude Code`.
    fn title(&self) -> &'static str;

    /// Returns the newest version of the agent whose files were read. Files of a newer one are read
    /// as far as their records are known.
    fn tested_version(&self) -> &'static str;

    /// Returns the newest format whose files were read, as [`Session::format`]; `None` if the files
    /// name none. Default: none.
    fn tested_format(&self) -> Option<&'static str> {
        None
    }

    /// Returns the folders where the agent keeps its sessions, whether or not they exist. The
    /// agent's own environment variables count.
    fn places(&self, environment: &Environment) -> Vec<PathBuf>;

    /// Returns the environment variable, with its value, that leads the agent to a place; `None` if
    /// no variable does.
    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        let _ = place;
        None
    }

    /// Returns the files and folders of a place that show every change of its sessions. A mirror
    /// opens the place only when one of them has changed, so files that change for other reasons
    /// are left out. A folder stands for everything in it. Default: the place.
    fn watched(&self, place: &Path) -> Vec<PathBuf> {
        vec![place.to_owned()]
    }

    /// Opens a place, and finds its sessions. Reads no more of a session than its identity.
    ///
    /// # Errors
    ///
    /// [`StoreError`], if the place as a whole cannot be read. What is wrong with one file is no
    /// error: see [`OpenStore::skipped`] and [`OpenStore::unread`].
    fn open(&self, place: &Path) -> Result<OpenStore, StoreError>;

    /// Returns the command that resumes a session; `None` if the agent cannot resume it. A session
    /// that was not read has only its id, kind and working directory.
    fn resume(&self, session: &Session) -> Option<ResumeCommand>;

    /// Returns the rule by which the agent deletes old sessions of this place; `None` if it deletes
    /// none.
    fn retention(&self, place: &Path) -> Option<Retention> {
        let _ = place;
        None
    }
}

/// Rule by which an agent deletes old sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Days that a session stays.
    pub days: u32,
    /// Beginning of these days.
    pub after: LastUse,
}

/// Time that an agent takes for the last use of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastUse {
    /// The last write to its file.
    Written,
    /// The time of what was said last, in its file.
    Said,
}

/// Reader of a found session.
type Read = dyn Fn(&FoundSession, &mut Progress) -> Result<Session, StoreError> + Send + Sync;

/// Maker of those pieces of a session that are not whole files of its own.
type Pieces = dyn Fn(&FoundSession) -> Result<Vec<Piece>, StoreError> + Send + Sync;

/// Returns true for a name that an agent may have: lower case letters, digits and hyphens.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Place of an agent's sessions, opened.
///
/// It may hold a private copy of a database, which is removed when it is dropped.
pub struct OpenStore {
    sessions: Vec<FoundSession>,
    skipped: Vec<SkippedFile>,
    unread: Vec<Unread>,
    read: Box<Read>,
    pieces: Box<Pieces>,
    /// Session of each file and folder that is one session's own, by its place in the list.
    owners: OnceLock<HashMap<PathBuf, usize>>,
}

impl OpenStore {
    /// Returns an open place with these sessions, and the function that reads one of them. Several
    /// are read at the same time.
    pub fn new(
        listing: Listing,
        read: impl Fn(&FoundSession) -> Result<Session, StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self::incremental(listing, move |found, _| read(found))
    }

    /// Returns an open place whose sessions can be read on from a checkpoint.
    pub(crate) fn incremental(
        listing: Listing,
        read: impl Fn(&FoundSession, &mut Progress) -> Result<Session, StoreError> + Send + Sync + 'static,
    ) -> Self {
        let Listing { sessions, skipped, unread } = listing;
        Self {
            sessions: sessions.into_values().collect(),
            skipped,
            unread,
            read: Box::new(read),
            pieces: Box::new(|_| Ok(Vec::new())),
            owners: OnceLock::new(),
        }
    }

    /// Sets the function that makes the pieces of a session which are not whole files of its own:
    /// parts of files that sessions share, and what it needs of other sessions. Default: none.
    #[must_use]
    pub fn with_pieces(
        mut self,
        pieces: impl Fn(&FoundSession) -> Result<Vec<Piece>, StoreError> + Send + Sync + 'static,
    ) -> Self {
        self.pieces = Box::new(pieces);
        self
    }

    /// Returns an open place with these sessions, and the function that reads one of them with what
    /// is known of it, by the agent's id. A session of which nothing is known is gone.
    pub fn with_known<K: Send + Sync + 'static>(
        listing: Listing,
        known: impl Into<Arc<BTreeMap<String, K>>>,
        read: impl Fn(&FoundSession, &K) -> Result<Session, StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self::incremental_with_known(listing, known, move |found, known, _| read(found, known))
    }

    /// As [`with_known`](Self::with_known), for sessions that can be read on from a checkpoint.
    pub(crate) fn incremental_with_known<K: Send + Sync + 'static>(
        listing: Listing,
        known: impl Into<Arc<BTreeMap<String, K>>>,
        read: impl Fn(&FoundSession, &K, &mut Progress) -> Result<Session, StoreError> + Send + Sync + 'static,
    ) -> Self {
        let known = known.into();
        Self::incremental(listing, move |found, progress| {
            read(found, known.get(&found.native_id).ok_or_else(|| found.gone())?, progress)
        })
    }

    /// Returns the sessions in the order of their ids, each once, although an agent may keep
    /// several copies of it.
    pub fn sessions(&self) -> &[FoundSession] {
        &self.sessions
    }

    /// Returns files that look like sessions and are none, with the reason.
    pub fn skipped(&self) -> &[SkippedFile] {
        &self.skipped
    }

    /// Returns the files that cannot be read, and may have sessions.
    pub fn unread(&self) -> &[Unread] {
        &self.unread
    }

    /// Returns the reason why a file that is there is not read as a session. `None` if the file is
    /// gone, or is of other sessions by now.
    pub fn obstacle(&self, file: &Path) -> Option<String> {
        match fs::symlink_metadata(file) {
            Ok(metadata) if metadata.is_file() => {
                let skipped = self.skipped.iter().map(|file| (file.path.as_path(), &file.reason));
                let unread = self.unread.iter().map(|file| (Path::new(&file.path), &file.reason));
                let mut known = skipped.chain(unread);
                known.find(|(path, _)| file.starts_with(path)).map(|(_, reason)| reason.clone())
            }
            Ok(metadata) if metadata.is_dir() => Some("it is a folder".to_owned()),
            Ok(_) => Some(NOT_A_FILE.to_owned()),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => Some(error.to_string()),
        }
    }

    /// Reads a session.
    ///
    /// # Errors
    ///
    /// [`StoreError`], if the session is gone or cannot be read. Damaged lines are no error: see
    /// [`Session::skipped_lines`].
    pub fn read(&self, found: &FoundSession) -> Result<Session, StoreError> {
        (self.read)(found, &mut Progress::default())
    }

    /// Reads a session on from a checkpoint, or whole if it has not only grown since.
    pub(crate) fn read_on(
        &self,
        found: &FoundSession,
        from: Option<Checkpoint>,
    ) -> Result<Reading, StoreError> {
        let mut progress = Progress::from(from);
        let session = (self.read)(found, &mut progress)?;
        match progress.finish(session) {
            Some(reading) => Ok(reading),
            None => self.read_on(found, None),
        }
    }

    /// Returns all that a session needs to be read alone, and that its agent needs to resume it, in
    /// the order of the paths. Links, locks, logs and files of other sessions are left out.
    ///
    /// # Errors
    ///
    /// [`StoreError`], if the session is gone, or if a file or folder of it cannot be read.
    pub fn pieces(&self, found: &FoundSession) -> Result<Vec<Piece>, StoreError> {
        let owners = self.owners.get_or_init(|| {
            let own = |(number, found): (usize, &FoundSession)| {
                let main = found.files.first().into_iter();
                main.chain(&found.more).map(|path| (path.clone(), number)).collect::<Vec<_>>()
            };
            self.sessions.iter().enumerate().flat_map(own).collect()
        });
        let of_another = |path: &Path| {
            let owner = owners.get(path).and_then(|number| self.sessions.get(*number));
            owner.is_some_and(|owner| owner.identity() != found.identity())
        };
        piece::all(found, (self.pieces)(found)?, of_another)
    }
}

impl fmt::Debug for OpenStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("OpenStore");
        shown.field("sessions", &self.sessions).field("skipped", &self.skipped);
        shown.field("unread", &self.unread).finish_non_exhaustive()
    }
}

/// Command that resumes a session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResumeCommand {
    /// Folder to run it in, where it matters and is known.
    pub cwd: Option<String>,
    /// Program.
    pub program: &'static str,
    /// Arguments.
    pub arguments: Vec<String>,
}

impl ResumeCommand {
    /// Returns the command of a program for a session, in the session's folder; `None` for a
    /// sub-agent's session, which no agent continues without its parent.
    pub fn new(program: &'static str, arguments: &[&str], session: &Session) -> Option<Self> {
        if session.kind == ThreadKind::Subagent {
            return None;
        }
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Some(Self { cwd: session.cwd.clone(), program, arguments })
    }
}
