//! The agent home: where an agent keeps its rollouts, its settings and its threads' names.

pub(crate) mod config;
pub(crate) mod discover;
pub(crate) mod error;
pub(crate) mod fingerprint;
pub(crate) mod name;
pub(crate) mod problem;
pub(crate) mod thread_names;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use self::config::HomeConfig;
use self::discover::Discovery;
use self::error::HomeError;
use self::thread_names::ThreadNames;

/// The file in the home that gives threads their names: see [`AgentHome::thread_names`].
pub const SESSION_INDEX: &str = "session_index.jsonl";

/// An agent's home directory, `~/.codex` for the Codex CLI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentHome {
    root: PathBuf,
}

impl AgentHome {
    /// Opens the home at `root`. Reads nothing but the directory itself.
    ///
    /// # Errors
    /// [`HomeError::NotFound`], [`HomeError::NotADirectory`], [`HomeError::Unreadable`].
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, HomeError> {
        let path = root.into();
        match fs::metadata(&path) {
            Ok(metadata) if !metadata.is_dir() => Err(HomeError::NotADirectory(path)),
            Ok(_) => match fs::read_dir(&path) {
                Ok(_) => Ok(Self { root: path }),
                Err(source) => Err(HomeError::Unreadable { path, source }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(HomeError::NotFound(path)),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Err(HomeError::NotADirectory(path)),
            Err(source) => Err(HomeError::Unreadable { path, source }),
        }
    }

    /// Returns the home's path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the path of a place in the home, given with `/` between its parts.
    pub fn absolute(&self, relative: &str) -> PathBuf {
        let mut path = self.root.clone();
        path.extend(relative.split('/'));
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
    /// A home that is gone, or has no folder for sessions, is reported with an empty path and a
    /// reason that [hides files](crate::ProblemReason::hides_files): an index must not take the
    /// rollouts of an unmounted home for deleted.
    pub fn discover(&self) -> Discovery {
        discover::discover(&self.root)
    }
}

/// Opens a file of the home; `None` if it is missing. Never opens a pipe, which would block until
/// another process writes.
fn open_regular(path: &Path) -> Result<Option<File>, HomeError> {
    let opened =
        fs::metadata(path).and_then(|metadata| metadata.is_file().then(|| File::open(path)).transpose());
    match opened {
        Ok(Some(file)) => Ok(Some(file)),
        Ok(None) => Err(HomeError::NotAFile(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(HomeError::Unreadable { path: path.to_owned(), source }),
    }
}
