//! Identity of a file.

use std::fs::Metadata;

/// Identity of a file: another file that took its place has another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId(u64, u64);

impl FileId {
    #[cfg(unix)]
    pub(crate) fn of(metadata: &Metadata) -> FileId {
        use std::os::unix::fs::MetadataExt as _;
        FileId(metadata.dev(), metadata.ino())
    }

    /// Elsewhere all files are taken for the same.
    #[cfg(not(unix))]
    pub(crate) fn of(_: &Metadata) -> FileId {
        FileId(0, 0)
    }
}
