//! Why a rollout could not be read at all.

use std::io;
use std::path::PathBuf;

/// Why nothing could be taken from a rollout file. What is in its lines is never a reason: bad lines are skipped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExtractError {
    /// The file cannot be opened or read.
    #[error("cannot read {}: {source}; check that it exists and that you may read it", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// It is a folder, a pipe or a device.
    #[error("{} is not a regular file; move it out of the sessions folder", path.display())]
    NotAFile {
        /// Where it is.
        path: PathBuf,
    },
    /// The file holds no line.
    #[error("{} is empty; it can be deleted, or will be read once its agent writes to it", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
    /// Nothing says which thread this is.
    #[error(
        "{} names no thread: it has no session_meta line and no id in its name; \
         rename it to rollout-YYYY-MM-DDThh-mm-ss-<uuid>.jsonl",
        path.display()
    )]
    NoThread {
        /// The file.
        path: PathBuf,
    },
    /// The file is compressed and this build cannot decompress.
    #[error(
        "{} is compressed with zstd, which this build cannot read; build with the feature `zstd` or run `zstd -d`",
        path.display()
    )]
    CompressionUnsupported {
        /// The file.
        path: PathBuf,
    },
    /// To decompress the file would take more memory than reading one may: its window is larger than 32 MiB. `zstd` makes
    /// such files only when told to, with `--ultra` or `--long`.
    #[error(
        "{} needs more than 32 MiB of memory to be decompressed; compress it anew: `zstd -d --long=31`, then `zstd`",
        path.display()
    )]
    WindowTooLarge {
        /// The file.
        path: PathBuf,
    },
}
