//! Guard of a checkpoint: detects that the file is another one, or that the bytes before it have
//! changed.

use std::fs::Metadata;
use std::io::{self, Read};
use std::time::UNIX_EPOCH;

use super::block::GUARD;
use super::source::Source;

/// Properties of a file that another one in its place does not have.
///
/// An inode's number alone is not enough: a file system gives it to a new file once the old one is
/// gone. Some file systems have no time of birth; a new file may then go unnoticed, if the bytes
/// before the checkpoint are the same.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FileIdentity {
    inode: u64,
    born_ns: u128,
}

impl FileIdentity {
    /// Takes the identity from a file's metadata.
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        let born = metadata.created().ok().and_then(|born| born.duration_since(UNIX_EPOCH).ok());
        Self { inode, born_ns: born.map_or(0, |born| born.as_nanos()) }
    }

    /// Returns the checksum of the identity and of the bytes before a checkpoint.
    pub(crate) fn guard(self, before: &[u8]) -> u32 {
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&self.inode.to_le_bytes());
        checksum.update(&self.born_ns.to_le_bytes());
        checksum.update(before);
        checksum.finalize()
    }
}

/// Seeks to the checkpoint at `offset` and returns the bytes before it. Seeks to the start and
/// returns `None` if they, or the file, no longer have this checksum.
pub(crate) fn resume(
    source: &mut Source,
    metadata: &Metadata,
    offset: u64,
    checksum: u32,
) -> io::Result<Option<Vec<u8>>> {
    if offset == 0 || offset > metadata.len() {
        return Ok(None);
    }
    let guarded = offset.min(GUARD as u64);
    source.seek(offset - guarded)?;
    let mut before = Vec::with_capacity(GUARD);
    source.by_ref().take(guarded).read_to_end(&mut before)?;
    if FileIdentity::of(metadata).guard(&before) == checksum {
        return Ok(Some(before));
    }
    source.seek(0)?;
    Ok(None)
}
