//! The agent home: where an agent keeps its rollouts, its settings and its threads' names.

pub(crate) mod config;
pub(crate) mod discover;
pub(crate) mod error;
pub(crate) mod file;
pub(crate) mod find;
pub(crate) mod fingerprint;
mod listing;
pub(crate) mod name;
pub(crate) mod problem;
pub(crate) mod thread_names;
pub mod untouched;
mod writers;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use uuid::Uuid;

use self::config::HomeConfig;
use self::discover::{Discovery, FOLDERS};
use self::error::HomeError;
use self::file::RolloutFile;
use self::thread_names::ThreadNames;
use self::untouched::Folder;

/// The file in the home that gives threads their names: see [`AgentHome::thread_names`].
pub const SESSION_INDEX: &str = "session_index.jsonl";

/// The folder of a home in which the rollouts of a mirror are, by their paths: see
/// [`AgentHome::with_mirror`].
pub const MIRROR: &str = "agents";
/// The folder in an agent's folder of the mirror with the rollouts of archived sessions.
pub const MIRROR_ARCHIVE: &str = "archived";

/// An agent's home directory, `~/.codex` for the Codex CLI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentHome {
    root: PathBuf,
    /// Folder with rollouts that were made of sessions of other agents.
    mirror: Option<PathBuf>,
}

impl AgentHome {
    /// Opens the home at `root`. Reads nothing but the directory itself. Any folder can be a home
    /// that no agent has used yet: see [`AgentHome::looks_like_home`].
    ///
    /// # Errors
    /// [`HomeError::NotFound`], [`HomeError::NotADirectory`], [`HomeError::Unreadable`], and
    /// [`HomeError::InsideHome`] for a home's session folder, or a folder in it.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, HomeError> {
        let path = root.into();
        match fs::metadata(&path) {
            Ok(metadata) if !metadata.is_dir() => Err(HomeError::NotADirectory(path)),
            Ok(_) => match fs::read_dir(&path) {
                Ok(_) => match home_around(&path) {
                    Some(home) => Err(HomeError::InsideHome { path, home }),
                    None => Ok(Self { root: path, mirror: None }),
                },
                Err(source) => Err(HomeError::Unreadable { path, source }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(HomeError::NotFound(path)),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(HomeError::NotADirectory(path)),
            Err(source) => Err(HomeError::Unreadable { path, source }),
        }
    }

    /// Adds a folder with rollouts that were made of sessions of other agents. It counts as the
    /// folder [`MIRROR`] of the home, wherever it lies, and need not exist.
    #[must_use]
    pub fn with_mirror(self, folder: impl Into<PathBuf>) -> Self {
        Self { mirror: Some(folder.into()), ..self }
    }

    /// Returns true if an agent has used the folder: it has session folders, settings, or thread
    /// names. A caller creates nothing in another folder.
    pub fn looks_like_home(&self) -> bool {
        is_home(&self.root)
    }

    /// Returns the home's path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder that counts as [`MIRROR`].
    pub fn mirror(&self) -> Option<&Path> {
        self.mirror.as_deref()
    }

    /// Returns the path of a place in the home, given with `/` between its parts.
    pub fn absolute(&self, relative: &str) -> PathBuf {
        let of_mirror = || {
            let rest = relative.strip_prefix(MIRROR)?.strip_prefix('/')?;
            Some((self.mirror.clone()?, rest))
        };
        let (mut path, rest) = of_mirror().unwrap_or_else(|| (self.root.clone(), relative));
        path.extend(rest.split('/'));
        path
    }

    /// Reads `config.toml`. A missing file gives the defaults.
    ///
    /// # Errors
    /// [`HomeError::NotAFile`], [`HomeError::Unreadable`], [`HomeError::BrokenConfig`].
    pub fn config(&self) -> Result<HomeConfig, HomeError> {
        let path = self.root.join("config.toml");
        match open_regular(&path)? {
            Some(file) => HomeConfig::read(file, path),
            None => Ok(HomeConfig::default()),
        }
    }

    /// Reads the names that users gave to threads, from [`SESSION_INDEX`]. A missing file has none.
    ///
    /// # Errors
    /// [`HomeError::NotAFile`], [`HomeError::Unreadable`].
    pub fn thread_names(&self) -> Result<ThreadNames, HomeError> {
        let path = self.root.join(SESSION_INDEX);
        let Some(file) = open_regular(&path)? else { return Ok(ThreadNames::default()) };
        ThreadNames::read(file).map_err(|source| HomeError::Unreadable { path, source })
    }

    /// Finds the rollouts. Places that cannot be listed are reported as problems, and the rest is
    /// listed.
    ///
    /// Lists again when files were moved meanwhile. If that does not end, a problem with an empty
    /// path reports it.
    ///
    /// A home that is gone, or has no folder for sessions, is reported with an empty path and a
    /// reason that [hides files](crate::ProblemReason::hides_files): an index must not take the
    /// rollouts of an unmounted home for deleted.
    pub fn discover(&self) -> Discovery {
        listing::discover(self)
    }

    /// Finds the rollout whose name ends with this id: a thread's id, or a segment's.
    ///
    /// Looks into the usual folders first, and then lists the home. Prefers a plain file to a
    /// compressed one, then a current one to an archived one, then the smaller path.
    ///
    /// # Errors
    /// The operating system's error if the home cannot be read.
    pub fn find_rollout(&self, file_id: Uuid) -> io::Result<Option<RolloutFile>> {
        find::find(self, file_id)
    }

    /// Returns the rollouts whose names have the thread's id in the folders of the days since a
    /// time, where an agent puts new files. Lists nothing else.
    pub fn find_recent_files_of(&self, thread_id: Uuid, since: Timestamp) -> Vec<RolloutFile> {
        find::recent_files_of(&self.root, thread_id, since)
    }

    /// Looks at one rollout, given by its path relative to the home.
    ///
    /// # Errors
    /// The operating system's error, and `InvalidInput` if it is not a regular file.
    pub fn rollout_at(&self, path: &str) -> io::Result<RolloutFile> {
        find::at(self, path)
    }

    /// Returns true if another program is writing the thread now: a process holds the lock that an
    /// agent takes for a thread, or has `rollout` open for writing. Takes no lock itself.
    ///
    /// It sees processes of this user on this machine, and only on Linux; elsewhere it returns
    /// false.
    pub fn has_writer(&self, thread_id: Uuid, rollout: &Path) -> bool {
        self.is_locked(thread_id) || writers::has_writer(rollout)
    }

    /// Returns true if a process holds the lock that an agent takes for a thread. Costs next to
    /// nothing for a thread without one, where [`has_writer`](Self::has_writer) looks at the open
    /// files of every process.
    pub fn is_locked(&self, thread_id: Uuid) -> bool {
        writers::is_locked(&self.root, thread_id)
    }
}

/// Returns true if an agent has used the folder.
fn is_home(folder: &Path) -> bool {
    let files = ["config.toml", SESSION_INDEX];
    FOLDERS.iter().any(|name| folder.join(name).is_dir())
        || files.iter().any(|name| folder.join(name).is_file())
}

/// Returns the home in whose session folders this folder lies, or is one.
fn home_around(folder: &Path) -> Option<PathBuf> {
    if is_home(folder) {
        return None;
    }
    // Not the real path: a session folder may be a link to another place.
    let folder = std::path::absolute(folder).ok()?;
    let is_top = |path: &&Path| FOLDERS.iter().any(|name| path.file_name().is_some_and(|it| it == *name));
    let top = folder.ancestors().find(is_top)?;
    // A folder of that name may be something else: only one with rollouts, or with folders of
    // years, is an agent's.
    let is_known = |name: &str| name::is_rollout(name) || name.len() == 4 && name.parse::<u16>().is_ok();
    let entries = Folder::open(top).and_then(|top| top.entries()).ok()?;
    let has_rollouts = entries.iter().any(|entry| entry.name.to_str().is_some_and(is_known));
    top.parent().filter(|_| has_rollouts).map(Path::to_owned)
}

/// Opens a file of the home; `None` if it is missing. Never opens a pipe, which would block until
/// another process writes.
fn open_regular(path: &Path) -> Result<Option<File>, HomeError> {
    let opened =
        fs::metadata(path).and_then(|metadata| metadata.is_file().then(|| untouched::open(path)).transpose());
    match opened {
        Ok(Some(file)) => Ok(Some(file)),
        Ok(None) => Err(HomeError::NotAFile(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(HomeError::Unreadable { path: path.to_owned(), source }),
    }
}
