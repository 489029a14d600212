//! Errors of reading a rollout.

use std::io;

/// Reason why a rollout file gave nothing. Bad lines are never a reason: they are skipped.
///
/// The messages leave out the file's path, which the caller knows.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The file cannot be opened or read.
    #[error("cannot read the file: {0}")]
    Io(#[from] io::Error),
    /// A folder, a pipe or a device stands where the file should be.
    #[error("the file is not a regular file")]
    NotAFile,
    /// The file holds no line.
    #[error("the file is empty")]
    Empty,
    /// Neither a line nor the file's name gives the thread's id.
    #[error(
        "no thread id: neither a session_meta line nor a name like rollout-YYYY-MM-DDThh-mm-ss-<uuid>.jsonl"
    )]
    NoThread,
    /// The file is compressed, and the feature `zstd` is off.
    #[error("the file is compressed with zstd, which this build cannot read")]
    CompressionUnsupported,
    /// The compressed file has a window of more than 32 MiB. `zstd` makes such files only with
    /// `--ultra` or `--long`.
    #[error("the file needs more than 32 MiB of memory to be decompressed")]
    WindowTooLarge,
}

impl ExtractError {
    /// Returns the stable word for this kind of error: `unreadable`, `not_a_file`, `empty`,
    /// `no_thread`, `compression_unsupported` or `window_too_large`.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Io(_) => "unreadable",
            Self::NotAFile => "not_a_file",
            Self::Empty => "empty",
            Self::NoThread => "no_thread",
            Self::CompressionUnsupported => "compression_unsupported",
            Self::WindowTooLarge => "window_too_large",
        }
    }

    /// Returns the operating system's message, if there is one, to be stored with the code.
    pub fn detail(&self) -> Option<String> {
        if let Self::Io(error) = self { Some(error.to_string()) } else { None }
    }

    /// Restores an error from its code and detail; `None` if this version does not know the code.
    pub fn from_code(code: &str, detail: Option<&str>) -> Option<Self> {
        Some(match code {
            "unreadable" => Self::Io(io::Error::other(detail.unwrap_or_default().to_owned())),
            "not_a_file" => Self::NotAFile,
            "empty" => Self::Empty,
            "no_thread" => Self::NoThread,
            "compression_unsupported" => Self::CompressionUnsupported,
            "window_too_large" => Self::WindowTooLarge,
            _ => return None,
        })
    }

    /// Returns true if another attempt may succeed although the file does not change.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Io(_))
    }
}
