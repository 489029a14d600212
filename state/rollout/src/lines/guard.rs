//! Guard of a checkpoint: detects that the bytes before it have changed.

use std::io::{self, Read};

use super::block::GUARD;
use super::source::Source;

/// Returns the checksum of the bytes before a checkpoint.
pub(crate) fn guard(before: &[u8]) -> u32 {
    crc32fast::hash(before)
}

/// Seeks to the checkpoint at `offset` and returns the bytes before it. Seeks to the start and
/// returns `None` if they no longer have this checksum.
pub(crate) fn resume(
    source: &mut Source,
    length: u64,
    offset: u64,
    checksum: u32,
) -> io::Result<Option<Vec<u8>>> {
    if offset == 0 || offset > length {
        return Ok(None);
    }
    let guarded = offset.min(GUARD as u64);
    source.seek(offset - guarded)?;
    let mut before = Vec::with_capacity(GUARD);
    source.by_ref().take(guarded).read_to_end(&mut before)?;
    if guard(&before) == checksum {
        return Ok(Some(before));
    }
    source.seek(0)?;
    Ok(None)
}
