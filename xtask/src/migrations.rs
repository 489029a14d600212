//! Audits the folders of SQL that databases in the field were made from.
//!
//! SQL that has left the house is never edited: databases remember the checksum of every migration they ran. So each
//! crate commits a [`lock`] beside its [`folder`], and the two are compared here, together with what makes
//! Cargo and git treat the folder right ([`wiring`]).
//!
//! What the SQL does is asked of SQLite: [`replay`] runs it statement by statement, [`audit`] refuses what would hurt,
//! [`lint`] looks at the schema that is left, and [`schema`] shows it to reviewers.
//!
//! A part is one function over a [`Task`]; [`STATIC`] and [`DYNAMIC`] list them, and a further one is one more line there.

mod allow;
pub mod audit;
pub mod backward;
pub mod child;
pub mod crash;
pub mod fixtures;
pub mod folder;
pub mod forward;
pub mod freeze;
pub mod lab;
pub mod lint;
pub mod lock;
pub mod mix;
pub mod plans;
pub mod race;
pub mod released;
pub mod replay;
pub mod scaffold;
pub mod schema;
pub mod sql;
pub mod statements;
pub mod status;
pub mod stores;
pub mod tables;
pub mod tag;
mod task;
pub mod twice;
pub mod upgrade;
pub mod wiring;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::finding::Finding;
use crate::house::{HOUSE, Room, room};
use crate::repo::Repo;
use fixtures::Fixtures;
use folder::Folder;
use stores::Store;
pub use task::Task;

/// Stands for a crate that owns a database, with its migrations as they lie on the disk.
#[derive(Clone)]
pub struct Owner {
    /// The crate's row.
    pub room: &'static Room,
    /// Its migrations.
    pub folder: Folder,
    /// The store that is built into this tool, if it is.
    pub store: Option<&'static Store>,
}

/// Describes one part of the check: one crate in, findings out.
#[derive(Clone, Copy)]
pub struct Part {
    /// Its name, as it is printed.
    pub name: &'static str,
    /// What it proves, in a few words.
    pub about: &'static str,
    /// Does it.
    pub run: fn(&Task<'_>) -> Result<Vec<Finding>>,
}

/// Lists the parts that look at files and at databases in memory: seconds at most, so that every `lint` runs them.
pub const STATIC: &[Part] = &[
    part("numbering", "numbers, names and bytes", |task| folder::audit(task.repo, task.owner)),
    part("lock", "nothing that was locked changed", |task| lock::audit(task.repo, task.owner)),
    part("wiring", "git, Cargo and the crate know the folder", |task| wiring::audit(task.repo, task.owner)),
    part("audit", "what every statement does, and the schema that is left", |task| {
        audit::audit(task.repo, task.owner)
    }),
    part("schema", "schema.sql is that of a fresh database", schema::audit),
    part("plans", "how SQLite answers every statement of the store", plans::audit),
];

/// Lists the parts that put real files and real processes to work.
pub const DYNAMIC: &[Part] = &[
    part("fixtures", "every fixture is used, and none is missing", fixtures::audit),
    part("upgrade", "rows of every release survive, step by step", upgrade::audit),
    part("twice", "a second run changes no byte", twice::audit),
    part("crash", "a process that is killed leaves before or after", crash::audit),
    part("forward", "today's program on a database of the future", forward::audit),
    part("backward", "earlier programs on today's database", backward::audit),
    part("race", "eight processes at once", race::audit),
    part("mix", "old and new programs at once", mix::audit),
];

/// Lists the parts that are asked for: they build the last release from its tag.
pub const RELEASED: &[Part] =
    &[part("released", "the last release itself on today's database", released::audit)];

const fn part(name: &'static str, about: &'static str, run: fn(&Task<'_>) -> Result<Vec<Finding>>) -> Part {
    Part { name, about, run }
}

/// Says what to check, and how.
#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    /// The checkout.
    pub repo: &'a Repo,
    /// One crate, by folder or package; all of them when left out.
    pub only: Option<&'a str>,
    /// Whether snapshots are written anew.
    pub bless: bool,
    /// This tool, to be started again as another process.
    pub program: &'a Path,
    /// How often processes race; [`race::ROUNDS`] unless something else is being tried.
    pub rounds: u32,
}

/// Checks the migrations of one crate, or of all, as far as files and memory go.
///
/// # Errors
///
/// When the crate owns no database, or a file cannot be read.
pub fn check(repo: &Repo, only: Option<&str>) -> Result<Vec<Finding>> {
    Run { repo, only, bless: false, program: Path::new(""), rounds: race::ROUNDS }.check(STATIC, |_, _| ())
}

impl Run<'_> {
    /// Runs parts of the check; `timed` hears how long each took.
    ///
    /// # Errors
    ///
    /// As [`check`], and when there is no room for databases, or processes cannot be started.
    pub fn check(&self, parts: &[Part], mut timed: impl FnMut(&Part, Duration)) -> Result<Vec<Finding>> {
        let Self { repo, only, bless, program, rounds } = *self;
        let rooms = owners(repo, only)?.into_iter();
        let owners = rooms.map(|room| Owner::read(repo, room)).collect::<Result<Vec<_>>>()?;
        let mut found = Vec::new();
        if only.is_none() {
            found.extend(squatters(repo)?);
            found.extend(lint::shared(&owners)?);
        }
        for part in parts {
            let start = Instant::now();
            for owner in &owners {
                found.extend((part.run)(&Task { repo, owner, bless, program, rounds })?);
            }
            timed(part, start.elapsed());
        }
        found.sort();
        Ok(found)
    }
}

impl Owner {
    /// Reads a crate's migrations.
    ///
    /// # Errors
    ///
    /// When a file cannot be read.
    pub fn read(repo: &Repo, room: &'static Room) -> Result<Self> {
        // Of another checkout, the stores are not those that are built in here.
        let is_ours = Repo::find().is_ok_and(|ours| ours.root() == repo.root());
        let store = stores::store(room.package).filter(|_| is_ours);
        Ok(Self { room, folder: Folder::read(repo, room)?, store })
    }

    /// Returns the newest version; 0 when there is none.
    pub fn newest(&self) -> u32 {
        self.folder.migrations.last().map_or(0, |last| last.version)
    }

    /// Returns the versions between which upgrades are tried: the oldest that is out there, and today's.
    ///
    /// Where there is only one, it is upgraded to one of the future.
    pub fn versions(&self, fixtures: &Fixtures) -> (u32, u32) {
        let (oldest, newest) = (fixtures.oldest(), self.newest());
        if oldest < newest { (oldest, newest) } else { (newest, newest + 1) }
    }
}

/// Lists the crates that own a database and are built already.
///
/// # Errors
///
/// When `only` names none of them.
pub fn owners(repo: &Repo, only: Option<&str>) -> Result<Vec<&'static Room>> {
    let all = HOUSE.iter().filter(|room| room.database.is_some());
    let built: Vec<&Room> =
        all.filter(|room| repo.has_file(&format!("{}/Cargo.toml", room.folder))).collect();
    let Some(only) = only else { return Ok(built) };
    match room(only).filter(|room| built.iter().any(|built| built.package == room.package)) {
        Some(room) => Ok(vec![room]),
        None => {
            let names: Vec<&str> = built.iter().map(|room| room.folder).collect();
            bail!("`{only}` owns no database; those that do are: {}", names.join(", "));
        }
    }
}

/// Finds migrations in crates that own no database.
fn squatters(repo: &Repo) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for room in HOUSE.iter().filter(|room| room.database.is_none()) {
        if !repo.files_under(&format!("{}/migrations", room.folder))?.is_empty() {
            found.push(Finding::new(
                format!("{}/migrations/", room.folder),
                "migrations/owner",
                format!("{} owns no database, so it has no migrations", room.package),
                "move them to the crate that owns the database they are for",
            ));
        }
    }
    Ok(found)
}
