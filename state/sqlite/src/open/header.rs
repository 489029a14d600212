//! The 100-byte header of a database file, read without SQLite
//! (<https://www.sqlite.org/fileformat2.html>, section 1.3).

use std::io::{self, ErrorKind};
use std::ops::{Range, RangeInclusive};
use std::path::Path;

use crate::options::JournalMode;
use crate::system::kept_handle;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Length of a database's header in bytes.
pub(crate) const HEADER: usize = 100;

/// Possible page sizes in bytes: the powers of two in this range.
pub(crate) const PAGE_SIZES: RangeInclusive<u32> = 512..=65_536;

/// Kind and number of cells of the first page's B-tree, which lists the tables.
const TABLES: Range<usize> = HEADER..HEADER + 5;
/// Content of [`TABLES`] before the first table: a leaf, no free block, no cell.
const NO_TABLES: [u8; 5] = [0x0d, 0, 0, 0, 0];

/// Fields of the header that matter before SQLite opens the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) application_id: u32,
    pub(crate) user_version: u32,
    pub(crate) journal: JournalMode,
    pub(crate) page_size: u32,
    /// Change counter. In WAL mode not every transaction raises it.
    pub(crate) changes: u32,
    /// Number of pages; `None` when the program that wrote last does not maintain it.
    pub(crate) pages: Option<u32>,
}

/// Content of the file in the database's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// No file, or an empty one. An interrupted creation leaves either.
    Fresh,
    /// A whole header of a SQLite database, of any program.
    Sqlite(Header),
    /// The first bytes of a SQLite header, cut off after this many.
    Torn(u64),
    /// No SQLite database.
    Other,
}

impl Header {
    /// Parses the beginning of a database's first page; `None` when SQLite did not write it.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < HEADER || !bytes.starts_with(MAGIC) {
            return None;
        }
        let changes = word(bytes, 24);
        Some(Self {
            application_id: word(bytes, 68),
            user_version: word(bytes, 60),
            journal: if bytes[18] == 2 { JournalMode::Wal } else { JournalMode::Delete },
            page_size: match u16::from_be_bytes([bytes[16], bytes[17]]) {
                1 => 65_536,
                size => size.into(),
            },
            changes,
            pages: (word(bytes, 92) == changes).then(|| word(bytes, 28)).filter(|pages| *pages > 0),
        })
    }
}

/// Reads the file in a database's place. A missing file is [`Content::Fresh`] if its folder exists.
pub(crate) fn content(path: &Path) -> io::Result<Content> {
    let bytes = match kept_handle::read(path, 0, HEADER) {
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return match path.parent().map(std::fs::metadata) {
                Some(Ok(folder)) if folder.is_dir() => Ok(Content::Fresh),
                Some(Ok(_)) => Err(ErrorKind::NotADirectory.into()),
                _ => Err(error),
            };
        }
        read => read?,
    };
    let begins = bytes.len().min(MAGIC.len());
    Ok(match Header::parse(&bytes) {
        Some(header) => Content::Sqlite(header),
        None if bytes.is_empty() => Content::Fresh,
        None if bytes.len() < HEADER && bytes[..begins] == MAGIC[..begins] => {
            Content::Torn(bytes.len() as u64)
        }
        None => Content::Other,
    })
}

/// Returns true if a database has no tables yet.
pub(crate) fn has_no_tables(path: &Path) -> io::Result<bool> {
    Ok(kept_handle::read(path, 0, TABLES.end)?.get(TABLES) == Some(&NO_TABLES[..]))
}

/// Describes a database of another program by its application id.
pub(crate) fn describe_foreign(application_id: u32) -> String {
    match application_id {
        0 => "a SQLite database without an application id".to_owned(),
        other => format!("a SQLite database with application id {other:#010x}"),
    }
}

/// Reads a big-endian number; 0 beyond the end.
pub(crate) fn word(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}
