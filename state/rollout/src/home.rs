//! The agent home: where an agent keeps its rollouts, its settings and its threads' names.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::discover::{self, Discovery};
use crate::thread_names::ThreadNames;

/// The model provider of a thread when neither its rollout nor the home's `config.toml` names one.
pub const DEFAULT_MODEL_PROVIDER: &str = "openai";

/// The file in the home that gives threads their names: see [`AgentHome::thread_names`].
pub const SESSION_INDEX: &str = "session_index.jsonl";

/// An agent's home directory, `~/.codex` for the Codex CLI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentHome {
    root: PathBuf,
}

/// What the home's `config.toml` says that concerns rollouts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct HomeConfig {
    /// `model_provider`.
    pub model_provider: Option<String>,
}

impl HomeConfig {
    /// The model provider of threads whose rollouts name none: `model_provider`, else [`DEFAULT_MODEL_PROVIDER`].
    pub fn default_model_provider(&self) -> &str {
        self.model_provider.as_deref().unwrap_or(DEFAULT_MODEL_PROVIDER)
    }
}

/// Reason why an agent home, or one of its files, cannot be used.
///
/// The messages leave out the path: [`HomeError::path`] has it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HomeError {
    /// There is nothing at this path.
    #[error("no agent home found")]
    NotFound {
        /// The path that was given.
        path: PathBuf,
    },
    /// A file stands where the home should be.
    #[error("not a directory")]
    NotADirectory {
        /// The path that was given.
        path: PathBuf,
    },
    /// The home, or a file in it, cannot be read.
    #[error("cannot be read: {source}")]
    Unreadable {
        /// What was to be read.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Something else than a regular file stands where one should be. It is never opened, for a pipe would block.
    #[error("not a regular file")]
    NotAFile {
        /// The file's path.
        path: PathBuf,
    },
    /// `config.toml` cannot be understood. What stands there is not shown, for it may be a secret.
    #[error("not valid TOML at line {line}, column {column}")]
    BrokenConfig {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in characters, from 1.
        column: usize,
    },
}

impl HomeError {
    /// Returns the path of the home, or of the file in it, that cannot be used.
    pub fn path(&self) -> &Path {
        match self {
            Self::NotFound { path }
            | Self::NotADirectory { path }
            | Self::Unreadable { path, .. }
            | Self::NotAFile { path }
            | Self::BrokenConfig { path, .. } => path,
        }
    }

    /// Returns the stable word for this kind of error: `not_found`, `not_a_directory`, `unreadable`, `not_a_file` or
    /// `broken_config`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::NotADirectory { .. } => "not_a_directory",
            Self::Unreadable { .. } => "unreadable",
            Self::NotAFile { .. } => "not_a_file",
            Self::BrokenConfig { .. } => "broken_config",
        }
    }
}

impl AgentHome {
    /// Opens the home at `root`. Reads nothing but the directory itself.
    ///
    /// # Errors
    /// [`HomeError::NotFound`], [`HomeError::NotADirectory`], [`HomeError::Unreadable`].
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, HomeError> {
        let path = root.into();
        match fs::metadata(&path) {
            Ok(metadata) if !metadata.is_dir() => Err(HomeError::NotADirectory { path }),
            Ok(_) => match fs::read_dir(&path) {
                Ok(_) => Ok(Self { root: path }),
                Err(source) => Err(HomeError::Unreadable { path, source }),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(HomeError::NotFound { path }),
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
                Err(HomeError::NotADirectory { path })
            }
            Err(source) => Err(HomeError::Unreadable { path, source }),
        }
    }

    /// Where the home is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The path of something inside the home, given with `/` between its parts.
    pub fn absolute(&self, relative: &str) -> PathBuf {
        relative.split('/').fold(self.root.clone(), |path, part| path.join(part))
    }

    /// Reads `config.toml`. A missing file says nothing.
    ///
    /// # Errors
    /// [`HomeError::NotAFile`], [`HomeError::Unreadable`], [`HomeError::BrokenConfig`].
    pub fn config(&self) -> Result<HomeConfig, HomeError> {
        let path = self.root.join("config.toml");
        let Some(mut file) = open_regular(&path)? else { return Ok(HomeConfig::default()) };
        let mut bytes = Vec::new();
        if let Err(source) = file.read_to_end(&mut bytes) {
            return Err(HomeError::Unreadable { path, source });
        }
        let broken = |path, text: &str, at: usize| {
            let before = text.get(..at).unwrap_or(text);
            let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
            let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
            HomeError::BrokenConfig { path, line, column: before[line_start..].chars().count() + 1 }
        };
        let text = match std::str::from_utf8(&bytes) {
            Ok(text) => text.trim_start_matches('\u{feff}'),
            Err(error) => {
                let at = error.valid_up_to();
                return Err(broken(path, &String::from_utf8_lossy(&bytes[..at]), at));
            }
        };
        let config = toml::from_str::<HomeConfig>(text);
        config.map_err(|error| broken(path, text, error.span().map_or(text.len(), |span| span.start)))
    }

    /// Reads the names that users have given to threads, from [`SESSION_INDEX`]. A missing file names none.
    ///
    /// # Errors
    /// [`HomeError::NotAFile`], [`HomeError::Unreadable`].
    pub fn thread_names(&self) -> Result<ThreadNames, HomeError> {
        let path = self.root.join(SESSION_INDEX);
        let Some(file) = open_regular(&path)? else { return Ok(ThreadNames::default()) };
        ThreadNames::read(file).map_err(|source| HomeError::Unreadable { path, source })
    }

    /// Finds the rollouts. What cannot be looked at is among the problems and stops nothing.
    ///
    /// A home that is gone, or has no folder for sessions, has a problem too: its path is empty, and its reason
    /// [hides files](crate::ProblemReason::hides_files), so that nobody takes the rollouts of a home that is not mounted
    /// for deleted. To a home that is merely new, that does no harm.
    pub fn discover(&self) -> Discovery {
        discover::discover(&self.root)
    }
}

/// Opens a file of the home; `None` if it is missing. To open a pipe would block until somebody writes into it.
fn open_regular(path: &Path) -> Result<Option<File>, HomeError> {
    let opened =
        fs::metadata(path).and_then(|metadata| metadata.is_file().then(|| File::open(path)).transpose());
    match opened {
        Ok(Some(file)) => Ok(Some(file)),
        Ok(None) => Err(HomeError::NotAFile { path: path.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(HomeError::Unreadable { path: path.to_owned(), source }),
    }
}
