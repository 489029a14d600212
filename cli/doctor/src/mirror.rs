//! A private copy of the databases, so that they can be read without a trace.
//!
//! SQLite, even when it only reads, changes access times and creates files next to a database in
//! WAL mode. So the files are read without their access times changing, and SQLite gets the copy.
//! The copy is in memory where the system has a folder for that, and room in it.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use threadkeep_rollout::untouched::{self, Kind};
use threadkeep_sqlite::{DbPaths, DbSpec};
use threadkeep_state::DATABASES;

use crate::scratch::Scratch;

/// Largest database that is copied unless all are wanted, in bytes.
const LIMIT: u64 = 512 << 20;

/// Number of copies that are tried while other programs write.
const TRIES: u32 = 5;

/// Length of the beginning of a log that names its round, in bytes.
const LOG_HEADER: u64 = 32;

/// Copy of the databases of a SQLite home.
#[derive(Debug)]
pub(crate) struct Mirror {
    folder: Scratch,
    /// Databases that are not in the copy, by label, and why.
    pub(crate) absent: Vec<(&'static str, Absent)>,
}

/// Reason why a database is not in the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Absent {
    /// It is larger than what is copied unasked, in bytes.
    TooLarge(u64),
    /// It could not be read.
    Unreadable(String),
    /// It changed during every copy.
    Changing,
}

impl Mirror {
    /// Copies the databases of a SQLite home, the large ones only if `all` are wanted. The copy is
    /// made in the first of the places that has room for it.
    ///
    /// # Errors
    ///
    /// There is no place in which a copy could be made.
    pub(crate) fn take(sqlite_home: &Path, all: bool, places: &[PathBuf]) -> io::Result<Mirror> {
        let mut trouble = io::ErrorKind::NotFound.into();
        for place in places {
            match Scratch::new(place).and_then(|folder| Mirror::fill(folder, sqlite_home, all)) {
                Ok(mirror) => return Ok(mirror),
                Err(error) => trouble = error,
            }
        }
        Err(trouble)
    }

    fn fill(folder: Scratch, sqlite_home: &Path, all: bool) -> io::Result<Mirror> {
        let mut absent = Vec::new();
        for spec in DATABASES {
            let paths = DbPaths::new(spec, sqlite_home);
            let reason = copy(spec, &paths, folder.path(), all)?;
            absent.extend(reason.map(|reason| (spec.label, reason)));
        }
        leave_marks(sqlite_home, folder.path());
        Ok(Mirror { folder, absent })
    }

    /// Returns the folder of the copies.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Reason why a file was not copied.
#[derive(Debug)]
enum Trouble {
    /// It cannot be read.
    Read(io::Error),
    /// The copy cannot be written, as when no space is left for it.
    Write(io::Error),
}

/// Copies one database with its log, journal, decisions and seal. Returns the reason if it stays
/// absent.
///
/// # Errors
///
/// The copy cannot be written.
fn copy(spec: &DbSpec, paths: &DbPaths, into: &Path, all: bool) -> io::Result<Option<Absent>> {
    let copies = DbPaths::new(spec, into);
    let length = fs::metadata(&paths.database).map_or(0, |file| file.len());
    if length > LIMIT && !all {
        return Ok(Some(Absent::TooLarge(length)));
    }
    // The log after the database: what is appended to it in the meantime belongs to the copy.
    let files = [
        (&paths.database, &copies.database),
        (&paths.journal, &copies.journal),
        (&paths.wal, &copies.wal),
        (&paths.decisions, &copies.decisions),
        (&paths.lock, &copies.lock),
    ];
    for _ in 0..TRIES {
        let before = State::of(paths);
        match files.iter().try_for_each(|(from, to)| copy_file(from, to)) {
            Ok(()) if before == State::of(paths) => return Ok(None),
            Ok(()) => {}
            Err(Trouble::Write(error)) => return Err(error),
            Err(Trouble::Read(error)) => {
                let why = threadkeep_app::messages::of_io(&error);
                return Ok(Some(Absent::Unreadable(why)));
            }
        }
    }
    for (_, copy) in files {
        let _ = fs::remove_file(copy);
    }
    Ok(Some(Absent::Changing))
}

/// State of a database that must not change while it is copied. Its log may grow, but not restart.
#[derive(PartialEq, Eq)]
struct State {
    database: Option<(u64, Option<SystemTime>)>,
    journal: bool,
    log: Vec<u8>,
}

impl State {
    fn of(paths: &DbPaths) -> State {
        let of_file = |file: fs::Metadata| (file.len(), file.modified().ok());
        State {
            database: fs::metadata(&paths.database).ok().map(of_file),
            journal: paths.journal.exists(),
            log: untouched::read(&paths.wal, LOG_HEADER).unwrap_or_default(),
        }
    }
}

/// Copies a regular file, if it is there.
fn copy_file(from: &Path, to: &Path) -> Result<(), Trouble> {
    let mut source = match untouched::open(from) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let _ = fs::remove_file(to);
            return Ok(());
        }
        source => source.map_err(Trouble::Read)?,
    };
    let metadata = source.metadata().map_err(Trouble::Read)?;
    if !metadata.is_file() {
        let error = io::Error::new(io::ErrorKind::InvalidInput, "not a regular file");
        return Err(Trouble::Read(error));
    }
    let mut copy = File::create(to).map_err(Trouble::Write)?;
    let mut buffer = vec![0; 1 << 18];
    loop {
        match source.read(&mut buffer).map_err(Trouble::Read)? {
            0 => break,
            length => copy.write_all(&buffer[..length]).map_err(Trouble::Write)?,
        }
    }
    // With its time, a database's seal fits the copy, which need not be checked at each opening.
    metadata.modified().and_then(|time| copy.set_modified(time)).map_err(Trouble::Write)
}

/// Leaves an empty file or folder for everything else that shows that there was a database: its
/// snapshots, and folders with damaged ones.
fn leave_marks(sqlite_home: &Path, into: &Path) {
    for entry in untouched::entries(sqlite_home).unwrap_or_default() {
        let name = entry.name.to_string_lossy();
        let to: PathBuf = into.join(&entry.name);
        if name.starts_with("damaged-") && entry.kind == Kind::Folder {
            let _ = fs::create_dir(&to);
            for file in untouched::entries(&sqlite_home.join(&entry.name)).unwrap_or_default() {
                let _ = File::create(to.join(file.name));
            }
        } else if DATABASES.iter().any(|spec| is_snapshot(&name, spec)) {
            let _ = File::create(&to);
        }
    }
}

fn is_snapshot(name: &str, spec: &DbSpec) -> bool {
    let rest = name.strip_prefix(spec.file_name);
    rest.is_some_and(|rest| rest.starts_with(".snapshot-") || rest.starts_with(".before-v"))
}

/// Copies any other database with its log. Returns nothing if there is none, or it is too large.
pub(crate) fn copy_any(database: &Path, to: &Path) -> Option<()> {
    let length = fs::metadata(database).ok().filter(fs::Metadata::is_file)?.len();
    if length > LIMIT {
        return None;
    }
    let with = |path: &Path, ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    copy_file(database, to).ok()?;
    copy_file(&with(database, "-wal"), &with(to, "-wal")).ok()
}

#[cfg(test)]
#[path = "../tests/unit/mirror.rs"]
mod tests;
