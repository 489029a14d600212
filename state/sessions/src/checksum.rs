//! Checksum of a file's first bytes, to see that they are as they were.

use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crc32fast::Hasher;
use threadkeep_rollout::untouched;

/// Bytes that are read at once.
const BLOCK: usize = 64 * 1024;

/// CRC-32 of the bytes so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Checksum {
    hasher: Hasher,
    bytes: u64,
}

impl Checksum {
    /// Returns the checksum of some bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        let mut checksum = Self::default();
        checksum.add(bytes);
        checksum
    }

    /// Adds bytes.
    pub(crate) fn add(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
    }

    /// Adds the following bytes of a file, up to the given one. A file that is shorter is an error.
    pub(crate) fn add_file(&mut self, path: &Path, to: u64) -> io::Result<()> {
        let mut file = untouched::open(path)?;
        file.seek(SeekFrom::Start(self.bytes))?;
        let mut rest = file.take(to.saturating_sub(self.bytes));
        let mut buffer = vec![0; BLOCK];
        loop {
            match rest.read(&mut buffer)? {
                0 if self.bytes == to => return Ok(()),
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                read => self.add(&buffer[..read]),
            }
        }
    }

    /// Returns its value.
    pub(crate) fn value(&self) -> u32 {
        self.hasher.clone().finalize()
    }
}
