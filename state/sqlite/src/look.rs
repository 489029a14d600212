//! The first look at a file: with plain reads and no SQLite handle, so that it cannot change or create anything.
//!
//! A SQLite handle is not innocent: opening a WAL database creates `-shm` and `-wal`, and a hot journal is rolled back. So
//! whether a file is ours is decided from its 100-byte header (<https://www.sqlite.org/fileformat2.html>). The header of a
//! WAL database may lag behind its log; that is why the application id is written before WAL is switched on, and why the
//! compatibility floor is read again through SQLite.

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::error::OpenError;
use crate::file_system::{self, FileSystem};
use crate::header;
use crate::options::JournalMode;
use crate::paths::DbPaths;
use crate::spec::DbSpec;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";
const HEADER: usize = 100;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) application_id: u32,
    pub(crate) user_version: u32,
    pub(crate) journal: JournalMode,
}

/// What is in the database's place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// No file, or one of no bytes: both are what an interrupted creation leaves.
    Fresh,
    /// A whole header of a SQLite database, of whatever program.
    Sqlite(Header),
    /// The beginning of a SQLite header, and then the end of the file.
    Torn(u64),
    /// Something else.
    Other,
}

/// What the first look found out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Look {
    /// The header of our database; `None` when it has to be created.
    pub(crate) header: Option<Header>,
    pub(crate) file_system: FileSystem,
}

/// Looks at a database's place and refuses what is not ours, without changing anything.
pub(crate) fn look(spec: &DbSpec, paths: &DbPaths, read_only: bool) -> Result<Look, OpenError> {
    let path = &paths.database;
    let content = content(path).map_err(|error| refused(paths, error))?;
    let header = match content {
        Content::Fresh if has_content(&paths.wal) => {
            // SQLite would delete this log at the first write; it may be all that is left of someone's data.
            let lost =
                format!("it is empty or missing, but its write-ahead log {} is not", paths.wal.display());
            return Err(OpenError::Corrupt { path: path.clone(), source: lost.into() });
        }
        Content::Fresh => None,
        Content::Sqlite(header) => Some(check(spec, path, header)?),
        Content::Torn(length) => {
            let torn = format!("it ends after {length} bytes, within its header");
            return Err(OpenError::Corrupt { path: path.clone(), source: torn.into() });
        }
        Content::Other => {
            let found = "the file is not a SQLite database".to_owned();
            return Err(OpenError::Foreign { path: path.clone(), label: spec.label, found });
        }
    };
    if read_only {
        if header.is_none() {
            return Err(OpenError::Missing { path: path.clone() });
        }
    } else {
        for place in [header.map(|_| path.as_path()), path.parent()].into_iter().flatten() {
            if !is_writable(place) {
                return Err(OpenError::NotWritable { path: place.to_path_buf() });
            }
        }
    }
    Ok(Look { header, file_system: file_system::of(path.parent().unwrap_or(&paths.folder)) })
}

/// Refuses a header that is not ours or that asks for a newer program.
fn check(spec: &DbSpec, path: &Path, header: Header) -> Result<Header, OpenError> {
    if header.application_id != spec.application_id {
        let found = match header.application_id {
            0 => "a SQLite database without an application id, of another program".to_owned(),
            other => format!(
                "a SQLite database with application id {other:#010x}, not {:#010x}",
                spec.application_id
            ),
        };
        return Err(OpenError::Foreign { path: path.to_path_buf(), label: spec.label, found });
    }
    let needs = i64::from(header.user_version);
    if needs > spec.newest_version() {
        return Err(OpenError::Newer { path: path.to_path_buf(), needs, knows: spec.newest_version() });
    }
    Ok(header)
}

/// Reads what is at a path.
pub(crate) fn content(path: &Path) -> io::Result<Content> {
    match header::read(path, HEADER) {
        Ok(header) => Ok(parse(&header)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            // A missing file in a folder that is there is a fresh start; a missing folder is the caller's mistake.
            match path.parent().map(std::fs::metadata) {
                Some(Ok(folder)) if folder.is_dir() => Ok(Content::Fresh),
                Some(Ok(_)) => Err(ErrorKind::NotADirectory.into()),
                _ => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

fn parse(bytes: &[u8]) -> Content {
    let number =
        |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes);
    if bytes.is_empty() {
        Content::Fresh
    } else if bytes.len() < HEADER {
        let begins = bytes.len().min(MAGIC.len());
        if bytes[..begins] == MAGIC[..begins] { Content::Torn(bytes.len() as u64) } else { Content::Other }
    } else if bytes.starts_with(MAGIC) {
        Content::Sqlite(Header {
            application_id: number(68),
            user_version: number(60),
            journal: if bytes[18] == 2 { JournalMode::Wal } else { JournalMode::Delete },
        })
    } else {
        Content::Other
    }
}

fn refused(paths: &DbPaths, error: io::Error) -> OpenError {
    let path = paths.database.clone();
    match error.kind() {
        ErrorKind::NotFound | ErrorKind::NotADirectory => {
            OpenError::NoFolder { folder: paths.folder.clone() }
        }
        ErrorKind::IsADirectory => OpenError::NotAFile { path },
        _ => OpenError::io("read", &path, error),
    }
}

/// Says whether a file is there and holds anything.
pub(crate) fn has_content(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0)
}

/// Says whether a write-ahead log holds any page (<https://www.sqlite.org/fileformat2.html#walformat>).
///
/// A log of its header alone says nothing that the database does not; and SQLite, when it may not write, waits ten seconds
/// over such a log and then gives up.
pub(crate) fn holds_pages(log: &Path) -> bool {
    const LOG_HEADER: u64 = 32;
    std::fs::metadata(log).is_ok_and(|metadata| metadata.len() > LOG_HEADER)
}

/// Asks the system whether this process may write, without writing.
pub(crate) fn is_writable(path: &Path) -> bool {
    #[cfg(unix)]
    {
        use rustix::fs::{Access, AtFlags, CWD, accessat};
        accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
    }
    #[cfg(not(unix))]
    {
        std::fs::metadata(path).is_ok_and(|metadata| metadata.is_dir() || !metadata.permissions().readonly())
    }
}
