//! The first look at a file: with plain reads and no SQLite handle, so that it cannot change or create anything.
//!
//! A SQLite handle is not innocent: opening a WAL database creates `-shm` and `-wal`, and a hot journal is rolled back. So
//! whether a file is ours is decided from its 100-byte header (<https://www.sqlite.org/fileformat2.html>). The header of a
//! WAL database may lag behind its log, and the log in its place may be another database's; so the log is read too
//! ([`crate::log`]), unless a program has it open, which has read it already. The same goes for a rollback journal
//! ([`crate::rollback`]).

use std::io::{self, ErrorKind};
use std::path::Path;

use crate::file_system::{self, FileSystem};
use crate::header;
use crate::log::{LOG_HEADER, Log};
use crate::open_error::OpenError;
use crate::options::JournalMode;
use crate::paths::DbPaths;
use crate::regular;
use crate::rollback::Rollback;
use crate::spec::DbSpec;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The bytes of a database's header.
pub(crate) const HEADER: usize = 100;

/// Where the first page says of the tree of tables what it is and how many cells it has.
const FIRST_TREE: std::ops::Range<usize> = HEADER..HEADER + 5;
/// What it says there before there is a table: a leaf, no free block, no cell.
const NO_TABLES: [u8; 5] = [0x0d, 0, 0, 0, 0];

/// How often a log is read, when other programs write to it meanwhile.
const READS: u32 = 5;

/// What the header says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) application_id: u32,
    pub(crate) user_version: u32,
    pub(crate) journal: JournalMode,
    pub(crate) page_size: u32,
    /// How often the database was changed; in WAL mode, not by every transaction.
    pub(crate) changes: u32,
    /// The pages of the database; `None` when a program that does not write this number wrote last.
    pub(crate) pages: Option<u32>,
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
    if path.to_str().is_none() {
        return Err(OpenError::NotUtf8 { path: path.clone() });
    }
    if let Some(path) = irregular(paths) {
        return Err(OpenError::NotAFile { path: path.to_path_buf() });
    }
    let content = content(path).map_err(|error| refused(paths, error))?;
    let header = match content {
        Content::Fresh if has_content(&paths.wal) => {
            // SQLite would delete this log at the first write; it may be all that is left of someone's data.
            let lost =
                format!("it is empty or missing, but its write-ahead log {} is not", paths.wal.display());
            return Err(OpenError::Corrupt { path: path.clone(), source: lost.into() });
        }
        Content::Fresh => {
            refuse_orphan(paths)?;
            None
        }
        Content::Sqlite(header) => {
            let is_ours = header.application_id == spec.application_id;
            let header = if is_ours { rolled_back(paths, header)? } else { header };
            let header = check(spec, path, header)?;
            let log = log(paths, header).map_err(|error| OpenError::io("read", &paths.wal, error))?;
            let header = log.map_err(|found| foreign(paths, &paths.wal, found))?;
            // The log may have raised the floor.
            Some(check(spec, path, header)?)
        }
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

/// Holds the log against the database's header, and returns the header as the log has it, or why the log is a stranger.
///
/// A log that is open is passed over: whoever has it open has read it, and SQLite goes by its index now.
pub(crate) fn log(paths: &DbPaths, header: Header) -> io::Result<Result<Header, String>> {
    let mut now = header;
    for _ in 0..READS {
        if !holds_pages(&paths.wal) || crate::holders::has_locks(&paths.shm) {
            return Ok(Ok(now));
        }
        let Some(log) = read_log(paths)? else { return Ok(Ok(now)) };
        let Some(found) = log.stranger(&now) else {
            let newest = log.header().unwrap_or(now);
            return Ok(Ok(Header { journal: now.journal, ..newest }));
        };
        // Another program may have begun the log anew or written it back in between: then this says nothing.
        let again = read_log(paths)?;
        let Content::Sqlite(then) = content(&paths.database)? else { return Ok(Ok(now)) };
        if (Some(log), now) == (again, then) {
            return Ok(Err(found));
        }
        now = then;
    }
    Ok(Ok(now))
}

/// Holds a hot rollback journal against the database's header, and returns the header as it will be, or why the journal is
/// a stranger.
///
/// The journal of a living writer is passed over: it is the database's, and SQLite leaves it alone.
pub(crate) fn journal(paths: &DbPaths, header: Header) -> io::Result<Result<Header, String>> {
    let mut now = header;
    for _ in 0..READS {
        if !has_content(&paths.journal) || crate::holders::has_writer(&paths.database) {
            return Ok(Ok(now));
        }
        let Some(journal) = read_journal(paths, now.page_size)? else { return Ok(Ok(now)) };
        let blank = header::read(&paths.database, FIRST_TREE.end)?.get(FIRST_TREE) == Some(&NO_TABLES[..]);
        let Some(found) = journal.stranger(&now, blank) else {
            return Ok(Ok(journal.header().unwrap_or(now)));
        };
        // Another program may have committed, or rolled this back, in between: then this says nothing.
        let again = read_journal(paths, now.page_size)?;
        let Content::Sqlite(then) = content(&paths.database)? else { return Ok(Ok(now)) };
        if (Some(journal), now) == (again, then) {
            return Ok(Err(found));
        }
        now = then;
    }
    Ok(Ok(now))
}

/// Returns the header of a database of ours as it will be when SQLite has opened it, if that may be.
fn rolled_back(paths: &DbPaths, header: Header) -> Result<Header, OpenError> {
    let held = journal(paths, header).map_err(|error| OpenError::io("read", &paths.journal, error))?;
    held.map_err(|found| foreign(paths, &paths.journal, found))
}

/// Makes the error about a log or a journal that is not the database's.
fn foreign(paths: &DbPaths, log: &Path, found: String) -> OpenError {
    OpenError::ForeignLog { path: paths.database.clone(), log: log.to_path_buf(), found }
}

/// Refuses the journal of a database that had pages, where ours is missing or empty: SQLite would delete the journal.
fn refuse_orphan(paths: &DbPaths) -> Result<(), OpenError> {
    if !has_content(&paths.journal) {
        return Ok(());
    }
    // A page size is in the journal, if anything is.
    let journal = read_journal(paths, 0).map_err(|error| OpenError::io("read", &paths.journal, error))?;
    match journal.map(|journal| journal.pages()) {
        None | Some(0) => Ok(()),
        Some(pages) => {
            let found = format!("it is of a database of {pages} pages, and this one is empty or missing");
            Err(foreign(paths, &paths.journal, found))
        }
    }
}

/// Reads what a rollback journal would be played back for; another program may just have deleted it.
fn read_journal(paths: &DbPaths, page_size: u32) -> io::Result<Option<Rollback>> {
    match regular::open(&paths.journal) {
        Ok(mut file) => Rollback::read(&mut file, page_size),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads what is committed in the log; another program may just have deleted it.
fn read_log(paths: &DbPaths) -> io::Result<Option<Log>> {
    match regular::open(&paths.wal) {
        Ok(mut file) => Log::read(&mut file),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Finds what is no regular file among those that SQLite opens: it would wait for the other end of a pipe for ever.
pub(crate) fn irregular(paths: &DbPaths) -> Option<&Path> {
    let files = [&paths.database, &paths.wal, &paths.shm, &paths.journal];
    let irregular = |path: &Path| std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file());
    files.into_iter().map(std::path::PathBuf::as_path).find(|path| irregular(path))
}

fn parse(bytes: &[u8]) -> Content {
    if bytes.is_empty() {
        Content::Fresh
    } else if bytes.len() < HEADER {
        let begins = bytes.len().min(MAGIC.len());
        if bytes[..begins] == MAGIC[..begins] { Content::Torn(bytes.len() as u64) } else { Content::Other }
    } else {
        Header::parse(bytes).map_or(Content::Other, Content::Sqlite)
    }
}

impl Header {
    /// Reads the header at the beginning of a database's first page; `None` when it is not SQLite's.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < HEADER || !bytes.starts_with(MAGIC) {
            return None;
        }
        let number = |at: usize| u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let changes = number(24);
        Some(Self {
            application_id: number(68),
            user_version: number(60),
            journal: if bytes[18] == 2 { JournalMode::Wal } else { JournalMode::Delete },
            page_size: match u16::from_be_bytes([bytes[16], bytes[17]]) {
                1 => 65_536,
                size => size.into(),
            },
            changes,
            pages: (number(92) == changes).then(|| number(28)).filter(|pages| *pages > 0),
        })
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
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() > 0)
}

/// Says whether a write-ahead log holds any page (<https://www.sqlite.org/fileformat2.html#walformat>).
///
/// A log of its header alone says nothing that the database does not; and SQLite, when it may not write, waits ten seconds
/// over such a log and then gives up.
pub(crate) fn holds_pages(log: &Path) -> bool {
    std::fs::metadata(log).is_ok_and(|metadata| metadata.len() > LOG_HEADER as u64)
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
