//! Facts about the databases, found on a private copy of them.

use std::path::PathBuf;

use threadkeep_app::dirs::Dirs;
use threadkeep_sqlite::file_system::{self, FileSystem};
use threadkeep_sqlite::{DbPaths, DbState, DbStatus, Depth, writer_of};
use threadkeep_state::{DATABASES, StateOptions, Stores, health};

use super::Facts;
use crate::mirror::{Absent, Mirror};
use crate::scratch::Scratch;

/// Facts about the databases of a SQLite home, none of whose files was changed or locked.
#[derive(Debug)]
pub(crate) struct Copied {
    /// Facts about the copy.
    pub(crate) facts: Facts,
    /// Each database in its own place.
    pub(crate) places: Vec<Place>,
    /// The two directories, with the folder of the copies in the place of the SQLite home.
    pub(crate) dirs: Dirs,
    mirror: Mirror,
}

/// A database's place in the SQLite home.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) label: &'static str,
    pub(crate) paths: DbPaths,
    pub(crate) file_system: FileSystem,
    pub(crate) writable: bool,
    /// Process that is writing.
    pub(crate) writer: Option<String>,
    /// Reason why it was not copied.
    pub(crate) absent: Option<Absent>,
    /// Size in bytes, and that of its log.
    pub(crate) size: Option<u64>,
    pub(crate) log_size: Option<u64>,
    /// Problems that a check found. A database that cannot be opened has none: its state says why.
    pub(crate) problems: Vec<String>,
}

impl Copied {
    /// Copies the databases and collects the facts. Blocks.
    ///
    /// # Errors
    ///
    /// There is no folder for a copy.
    pub(crate) fn read(dirs: &Dirs, full: bool) -> std::io::Result<Copied> {
        let mirror = Mirror::take(&dirs.sqlite_home, full, &Scratch::places())?;
        let copies = Dirs { sqlite_home: mirror.path().to_owned(), ..dirs.clone() };
        let mut places: Vec<Place> = DATABASES.iter().map(|spec| place(spec, dirs, &mirror)).collect();
        let facts = tokio::runtime::Handle::current().block_on(async {
            // SQLite writes the log of an open database back, here into the copy. What opening
            // would do to the original, such as an upgrade, is no news of it.
            let first = health::status(&copies.sqlite_home).await;
            let stores = Stores::new(&StateOptions::new(&copies.sqlite_home));
            stores.clear_up().await;
            let mut facts = Facts::gather(&copies).await;
            for (found, first) in facts.databases.iter_mut().zip(first) {
                if first.state != DbState::Current {
                    *found = first;
                }
            }
            // Problems of the home are the same, wherever its databases are.
            facts.obstacle = facts.obstacle.and_then(|_| dirs.obstacle());
            let stores = threadkeep_app::opening::stores_as_they_are(&copies);
            for integrity in stores.integrity(if full { Depth::Full } else { Depth::Quick }).await {
                if let Some(place) = places.iter_mut().find(|place| place.label == integrity.label) {
                    place.problems = integrity.found.unwrap_or_default();
                }
            }
            facts
        });
        Ok(Copied { facts, places, dirs: copies, mirror })
    }

    /// Returns a database's place and the status of its copy.
    pub(crate) fn databases(&self) -> impl Iterator<Item = (&Place, &DbStatus)> {
        self.places.iter().zip(&self.facts.databases)
    }

    /// Returns the path for one more copy.
    pub(crate) fn path_for(&self, name: &str) -> PathBuf {
        self.mirror.path().join(name)
    }

    /// Replaces the folder of the copies in a text by the real one.
    pub(crate) fn in_place(&self, text: &str, dirs: &Dirs) -> String {
        let copies = self.mirror.path().display().to_string();
        text.replace(&copies, &dirs.sqlite_home.display().to_string())
    }
}

fn place(spec: &'static threadkeep_sqlite::DbSpec, dirs: &Dirs, mirror: &Mirror) -> Place {
    let paths = DbPaths::new(spec, &dirs.sqlite_home);
    let size = |path| std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
    let absent = mirror.absent.iter().find(|(label, _)| *label == spec.label);
    Place {
        label: spec.label,
        file_system: file_system::of(&paths.folder),
        writable: paths.are_writable(),
        writer: writer_of(&paths),
        absent: absent.map(|(_, why)| why.clone()),
        size: size(&paths.database),
        log_size: size(&paths.wal),
        problems: Vec::new(),
        paths,
    }
}
