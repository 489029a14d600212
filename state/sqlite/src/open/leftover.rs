//! Files next to a database that SQLite writes into it: a write-ahead log and a hot rollback
//! journal.
//!
//! SQLite recognises them by name, also those of another database or of another state of this one.
//! So they are read with plain reads first and compared with the database's header.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::path::Path;

use super::header::{Content, Header, content, describe_foreign, has_no_tables};
use crate::error::{DbError, OpenError};
use crate::paths::DbPaths;
use crate::system::regular_file;

/// Limit of reads while other programs write to the file.
const READS: u32 = 5;

/// A file that SQLite would write into the database next to it.
pub(crate) trait Leftover: Copy + PartialEq {
    /// Returns the file's path.
    fn path(paths: &DbPaths) -> &Path;

    /// Returns true if the file has content and no running program uses it. In use, it is the
    /// database's own.
    fn is_pending(paths: &DbPaths) -> bool;

    /// Reads the file of a database with this page size; `None` when SQLite would ignore it.
    fn read(file: &mut File, page_size: u32) -> io::Result<Option<Self>>;

    /// Returns the reason why the file is not the database's, if one is known. A `blank` database
    /// has no tables.
    fn mismatch(&self, header: &Header, blank: bool) -> Option<String>;

    /// Returns the database's header as it will be once SQLite has opened it.
    fn applied_to(&self, header: Header) -> Header;
}

/// State of a database that a leftover describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) page_size: u32,
    pub(crate) pages: u32,
    /// Header on the first page, if the leftover has that page; `None` inside when it is not
    /// SQLite's.
    pub(crate) first_page: Option<Option<Header>>,
}

impl Origin {
    /// Returns why this is not a state of the database with `header`, without looking at change
    /// counters.
    pub(crate) fn mismatch(&self, header: &Header) -> Option<String> {
        if self.page_size != header.page_size {
            let (its, ours) = (self.page_size, header.page_size);
            return Some(format!("its pages have {its} bytes, and the database's have {ours}"));
        }
        match self.first_page {
            None => {
                let other = header.pages.filter(|pages| *pages != self.pages)?;
                Some(format!("it is of a database of {} pages, and this one has {other}", self.pages))
            }
            Some(None) => Some("its first page is not SQLite's".to_owned()),
            Some(Some(its)) if its.application_id != header.application_id => {
                Some(format!("it is of {}", describe_foreign(its.application_id)))
            }
            Some(Some(_)) => None,
        }
    }
}

/// Checks that a leftover belongs to the database. Returns the header after SQLite has applied it,
/// or [`OpenError::ForeignLog`].
pub(crate) fn apply<L: Leftover>(paths: &DbPaths, mut header: Header) -> Result<Header, OpenError> {
    let failed = |error| DbError::io("read", L::path(paths), error);
    for _ in 0..READS {
        if !L::is_pending(paths) {
            break;
        }
        let Some(left) = read::<L>(paths, header.page_size)? else { break };
        let blank = has_no_tables(&paths.database).map_err(failed)?;
        let Some(found) = left.mismatch(&header, blank) else { return Ok(left.applied_to(header)) };
        // Another program may have restarted the file, written it back or rolled it back in
        // between.
        let again = read::<L>(paths, header.page_size)?;
        let Content::Sqlite(now) = content(&paths.database).map_err(failed)? else { break };
        if (Some(left), header) == (again, now) {
            return Err(mismatched::<L>(paths, found));
        }
        header = now;
    }
    Ok(header)
}

/// Reads a leftover; `None` too when another program has just deleted it.
pub(crate) fn read<L: Leftover>(paths: &DbPaths, page_size: u32) -> Result<Option<L>, DbError> {
    let path = L::path(paths);
    let read = match regular_file::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        opened => opened.and_then(|mut file| L::read(&mut file, page_size)),
    };
    read.map_err(|error| DbError::io("read", path, error))
}

/// Makes the error about a leftover that is not the database's.
pub(crate) fn mismatched<L: Leftover>(paths: &DbPaths, found: String) -> OpenError {
    OpenError::ForeignLog { path: paths.database.clone(), log: L::path(paths).to_path_buf(), found }
}

/// Reads until the buffer is full. Returns false if the file ends before that.
pub(crate) fn fill(file: &mut impl io::Read, buffer: &mut [u8]) -> io::Result<bool> {
    match file.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}
