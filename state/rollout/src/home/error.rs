//! Errors of an agent home.

use std::io;
use std::path::{Path, PathBuf};

/// Reason why an agent home, or one of its files, cannot be used.
///
/// The messages leave out the path: [`HomeError::path`] has it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HomeError {
    /// Nothing exists at this path.
    #[error("no agent home found")]
    NotFound(PathBuf),
    /// A file stands where the home should be.
    #[error("not a directory")]
    NotADirectory(PathBuf),
    /// The home, or a file in it, cannot be read.
    #[error("cannot be read: {source}")]
    Unreadable {
        /// The home's path, or the file's.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A folder, a pipe or a device stands where a file should be. It is never opened: a pipe would
    /// block.
    #[error("not a regular file")]
    NotAFile(PathBuf),
    /// The folder is a home's session folder, or lies in one.
    #[error("lies in the agent home {home:?}")]
    InsideHome {
        /// The folder.
        path: PathBuf,
        /// The home.
        home: PathBuf,
    },
    /// `config.toml` is not valid. The error leaves out its content, which may be a secret.
    #[error("not valid TOML at line {line}, column {column}")]
    BrokenConfig {
        /// The file's path.
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
            Self::NotFound(path) | Self::NotADirectory(path) | Self::NotAFile(path) => path,
            Self::Unreadable { path, .. }
            | Self::InsideHome { path, .. }
            | Self::BrokenConfig { path, .. } => path,
        }
    }

    /// Returns the stable word for this kind of error: `not_found`, `not_a_directory`,
    /// `unreadable`, `not_a_file`, `inside_home` or `broken_config`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotFound { .. } => "not_found",
            Self::NotADirectory { .. } => "not_a_directory",
            Self::Unreadable { .. } => "unreadable",
            Self::NotAFile { .. } => "not_a_file",
            Self::InsideHome { .. } => "inside_home",
            Self::BrokenConfig { .. } => "broken_config",
        }
    }
}
