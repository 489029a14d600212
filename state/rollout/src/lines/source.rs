//! Opens a rollout, plain or compressed, as a stream of bytes.

use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::document;
use super::error::ExtractError;
use crate::home::untouched;

/// The largest window to decompress with, as a power of two: 32 MiB. It bounds memory for every
/// file. Agents compress with the default level, whose windows have 2 MiB; every level up to 19
/// needs at most 8 MiB.
#[cfg(feature = "zstd")]
const MAX_WINDOW_LOG: u32 = 25;

/// Bytes of a rollout.
pub(crate) enum Source {
    Plain(File),
    /// A plain file, with the CRC-32 of its bytes so far.
    Summed(File, crc32fast::Hasher),
    /// The lines of a document of April 2025.
    Document(io::Cursor<Vec<u8>>),
    #[cfg(feature = "zstd")]
    Zstd(Box<zstd::stream::read::Decoder<'static, io::BufReader<File>>>),
}

impl Source {
    /// Opens a regular file. Refuses any other without opening it: a pipe would block. Returns the
    /// metadata of the file that was opened.
    pub(crate) fn open(path: &Path, compressed: bool) -> Result<(Self, Metadata), ExtractError> {
        if !std::fs::metadata(path)?.is_file() {
            return Err(ExtractError::NotAFile);
        }
        let file = untouched::open(path)?;
        let metadata = file.metadata()?;
        let source = if compressed {
            Self::decompress(file)?
        } else if path.extension().is_some_and(|extension| extension == "json") {
            Self::Document(io::Cursor::new(document::lines(file)?))
        } else {
            Self::Plain(file)
        };
        Ok((source, metadata))
    }

    #[cfg(feature = "zstd")]
    fn decompress(file: File) -> Result<Self, ExtractError> {
        let mut decoder = zstd::stream::read::Decoder::new(file)?;
        decoder.window_log_max(MAX_WINDOW_LOG)?;
        Ok(Self::Zstd(Box::new(decoder)))
    }

    #[cfg(not(feature = "zstd"))]
    fn decompress(_file: File) -> Result<Self, ExtractError> {
        Err(ExtractError::CompressionUnsupported)
    }

    /// Computes the CRC-32 of a plain file from a byte on, given that of the bytes before it.
    pub(crate) fn summed(self, offset: u64, before: u32) -> Self {
        match self {
            Self::Plain(file) => Self::Summed(file, crc32fast::Hasher::new_with_initial_len(before, offset)),
            other => other,
        }
    }

    /// Returns the CRC-32 of the bytes so far; `None` if it is not computed.
    pub(crate) fn sum(&self) -> Option<u32> {
        if let Self::Summed(_, sum) = self { Some(sum.clone().finalize()) } else { None }
    }

    /// Goes to a byte. Reads a compressed source up to it, and cannot go back there.
    pub(crate) fn seek(&mut self, offset: u64) -> io::Result<()> {
        match self {
            Self::Plain(file) | Self::Summed(file, _) => file.seek(SeekFrom::Start(offset)).map(drop),
            Self::Document(lines) => lines.seek(SeekFrom::Start(offset)).map(drop),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => io::copy(&mut decoder.take(offset), &mut io::sink()).map(drop),
        }
    }
}

impl Read for Source {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(file) => file.read(into),
            Self::Summed(file, sum) => {
                let read = file.read(into)?;
                sum.update(&into[..read]);
                Ok(read)
            }
            Self::Document(lines) => lines.read(into),
            #[cfg(feature = "zstd")]
            Self::Zstd(decoder) => decoder.read(into),
        }
    }
}

/// Returns true if a read error is about the compressed content, and not about the machine or our
/// own bounds.
pub(crate) fn is_damage(error: &io::Error, compressed: bool) -> bool {
    compressed && error.raw_os_error().is_none() && !is_window_too_large(error)
}

/// Converts a read error that is no damage.
pub(crate) fn failed(error: io::Error) -> ExtractError {
    if is_window_too_large(&error) { ExtractError::WindowTooLarge } else { ExtractError::Io(error) }
}

#[cfg(feature = "zstd")]
fn is_window_too_large(error: &io::Error) -> bool {
    use zstd::zstd_safe::zstd_sys::ZSTD_ErrorCode::ZSTD_error_frameParameter_windowTooLarge as TOO_LARGE;
    let error = error.get_ref().and_then(|error| error.downcast_ref::<zstd::Error>());
    error.is_some_and(|error| error.is(TOO_LARGE))
}

#[cfg(not(feature = "zstd"))]
fn is_window_too_large(_error: &io::Error) -> bool {
    false
}
