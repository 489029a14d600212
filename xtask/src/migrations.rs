//! Audits the folders of SQL that databases in the field were made from.
//!
//! SQL that has left the house is never edited: databases remember the checksum of every migration they ran. So each
//! crate commits a [`lock`] beside its [`folder`], and the two are compared here, together with what makes
//! Cargo and git treat the folder right ([`wiring`]).
//!
//! What the SQL does is asked of SQLite: [`replay`] runs it statement by statement, [`audit`] refuses what would hurt,
//! [`lint`] looks at the schema that is left, and [`schema`] shows it to reviewers.
//!
//! A part is one function over a [`Task`]; [`PARTS`] lists them, and a further one is one more line there.

mod allow;
pub mod audit;
pub mod folder;
pub mod lint;
pub mod lock;
pub mod plans;
pub mod replay;
pub mod scaffold;
pub mod schema;
pub mod sql;
pub mod statements;
pub mod stores;
pub mod tables;
pub mod tag;
mod task;
pub mod wiring;

use anyhow::{Result, bail};

use crate::finding::Finding;
use crate::house::{HOUSE, Room, room};
use crate::repo::Repo;
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
pub const PARTS: &[Part] = &[
    Part {
        name: "numbering",
        about: "numbers, names and bytes",
        run: |task| folder::audit(task.repo, task.owner),
    },
    Part {
        name: "lock",
        about: "nothing that was locked changed",
        run: |task| lock::audit(task.repo, task.owner),
    },
    Part {
        name: "wiring",
        about: "git, Cargo and the crate know the folder",
        run: |task| wiring::audit(task.repo, task.owner),
    },
    Part {
        name: "audit",
        about: "every statement, and the schema that is left",
        run: |task| audit::audit(task.repo, task.owner),
    },
    Part { name: "schema", about: "schema.sql is that of a fresh database", run: schema::audit },
    Part { name: "plans", about: "how SQLite answers every statement of the store", run: plans::audit },
];

/// Checks the migrations of one crate, or of all, as far as files and memory go.
///
/// # Errors
///
/// When the crate owns no database, or a file cannot be read.
pub fn check(repo: &Repo, only: Option<&str>) -> Result<Vec<Finding>> {
    check_with(repo, only, false)
}

/// Does what [`check`] does; with `bless`, writes what is snapshots anew.
///
/// # Errors
///
/// As [`check`], and when a file cannot be written.
pub fn check_with(repo: &Repo, only: Option<&str>, bless: bool) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let owners =
        owners(repo, only)?.into_iter().map(|room| Owner::read(repo, room)).collect::<Result<Vec<_>>>()?;
    if only.is_none() {
        found.extend(squatters(repo)?);
        found.extend(lint::shared(&owners)?);
    }
    for owner in &owners {
        let task = Task { repo, owner, bless };
        for part in PARTS {
            found.extend((part.run)(&task)?);
        }
    }
    found.sort();
    Ok(found)
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
