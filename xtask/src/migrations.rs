//! Audits the folders of SQL that databases on users' machines were made from.
//!
//! Released SQL is never edited: a database remembers the checksum of every migration it ran. So
//! each crate commits a [`lock`] next to its [`folder`]. Both are compared here, together with what
//! makes git, Cargo and the crate treat the folder right ([`wiring`]).
//!
//! SQLite says what the SQL does: [`replay`] runs it statement by statement, [`audit`] refuses what
//! would harm, [`lint`] checks the resulting schema, and [`schema`] shows it to reviewers.
//! [`upgrade`], [`crash`] and [`scenarios`] try migrations on real files with real processes.
//!
//! A part is one function over a [`Task`]. [`STATIC`] and [`DYNAMIC`] list them.

mod allow;
pub mod audit;
pub mod child;
pub mod crash;
pub mod fixtures;
pub mod folder;
pub mod freeze;
pub mod lint;
pub mod lock;
pub mod plans;
pub mod replay;
pub mod scaffold;
pub mod scenarios;
pub mod schema;
pub mod sql;
pub mod statements;
pub mod stores;
pub mod tables;
mod task;
pub mod test_database;
pub mod upgrade;
pub mod wiring;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use crate::crates::{CRATES, CrateRule, find};
use crate::finding::Finding;
use crate::repo::Repo;
use folder::Folder;
use stores::Store;
pub use task::Task;

/// Crate that owns a database, with its migrations as they are on the disk.
#[derive(Clone)]
pub struct Owner {
    pub krate: &'static CrateRule,
    pub folder: Folder,
    /// Store that is built into this tool, if any.
    pub store: Option<&'static Store>,
}

/// Part of the check: a crate in, findings out.
#[derive(Clone, Copy)]
pub struct Part {
    /// Name, as it is printed.
    pub name: &'static str,
    /// Property that it proves.
    pub about: &'static str,
    pub run: fn(&Task<'_>) -> Result<Vec<Finding>>,
}

/// Parts that look at files and at databases in memory: seconds, so that every `lint` runs them.
pub const STATIC: &[Part] = &[
    part("numbering", "numbers, names and bytes", |task| Ok(folder::audit(task.owner))),
    part("lock", "nothing that was locked changed", |task| lock::audit(task.run.repo, task.owner)),
    part("wiring", "git, Cargo and the crate know the folder", wiring::audit),
    part("audit", "effect of every statement, and the resulting schema", audit::audit),
    part("schema", "schema.sql is that of a fresh database", schema::audit),
    part("plans", "SQLite's plan for every statement of the store", plans::audit),
];

/// Parts that put real files and real processes to work.
pub const DYNAMIC: &[Part] = &[
    part("fixtures", "every fixture is used, and none is missing", fixtures::audit),
    part("upgrade", "rows of every release survive, step by step", upgrade::audit),
    part("twice", "a second run changes no byte", scenarios::twice),
    part("crash", "a killed process leaves the state before or after", crash::crash),
    part("forward", "today's program on a database of the future", scenarios::forward),
    part("backward", "earlier programs on today's database", scenarios::backward),
    part("race", "eight processes at once", scenarios::race),
    part("mix", "old and new programs at once", scenarios::mix),
];

const fn part(name: &'static str, about: &'static str, run: fn(&Task<'_>) -> Result<Vec<Finding>>) -> Part {
    Part { name, about, run }
}

#[derive(Debug, Clone, Copy)]
pub struct Run<'a> {
    pub repo: &'a Repo,
    /// Folder or package of one crate; `None` for all.
    pub only: Option<&'a str>,
    /// True to rewrite snapshots.
    pub bless: bool,
    /// Path of this tool, which starts itself again as another process.
    pub program: &'a Path,
    pub rounds: u32,
}

/// Checks the migrations of every crate, as far as files and memory go.
pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    Run::new(repo, Path::new("")).check(STATIC, |_, _| ())
}

impl<'a> Run<'a> {
    /// Returns the options for every crate, without blessing.
    pub fn new(repo: &'a Repo, program: &'a Path) -> Self {
        Self { repo, only: None, bless: false, program, rounds: scenarios::ROUNDS }
    }

    /// Runs parts of the check; `timed` receives the time of each.
    pub fn check(&self, parts: &[Part], mut timed: impl FnMut(&Part, Duration)) -> Result<Vec<Finding>> {
        let owners = Owner::all(self.repo, self.only)?;
        let tasks: Vec<Task<'_>> = owners.iter().map(|owner| Task::new(self, owner)).collect();
        let mut found = Vec::new();
        if self.only.is_none() {
            found.extend(misplaced(self.repo)?);
            found.extend(lint::shared(&tasks)?);
        }
        for part in parts {
            let start = Instant::now();
            for task in &tasks {
                found.extend((part.run)(task)?);
            }
            timed(part, start.elapsed());
        }
        found.sort();
        Ok(found)
    }
}

impl Owner {
    pub fn read(repo: &Repo, krate: &'static CrateRule) -> Result<Self> {
        // The stores that are built in here are not those of another checkout.
        let is_ours = Repo::find().is_ok_and(|ours| ours.root() == repo.root());
        let store = stores::store(krate.package).filter(|_| is_ours);
        Ok(Self { krate, folder: Folder::read(repo, krate)?, store })
    }

    pub fn all(repo: &Repo, only: Option<&str>) -> Result<Vec<Self>> {
        owners(repo, only)?.into_iter().map(|krate| Self::read(repo, krate)).collect()
    }

    /// Returns the newest version; 0 when there is none.
    pub fn newest(&self) -> u32 {
        self.folder.migrations.last().map_or(0, |last| last.version)
    }
}

/// Lists the crates that own a database and are built already.
///
/// Fails if `only` is none of them.
pub fn owners(repo: &Repo, only: Option<&str>) -> Result<Vec<&'static CrateRule>> {
    let all = CRATES.iter().filter(|krate| krate.database.is_some());
    let built: Vec<&CrateRule> = all.filter(|krate| repo.has_file(&krate.manifest())).collect();
    let Some(only) = only else { return Ok(built) };
    match find(only).filter(|krate| built.iter().any(|built| built.package == krate.package)) {
        Some(krate) => Ok(vec![krate]),
        None => {
            let names: Vec<&str> = built.iter().map(|krate| krate.folder).collect();
            bail!("`{only}` owns no database; those that do are: {}", names.join(", "));
        }
    }
}

/// Finds migrations in crates that own no database.
fn misplaced(repo: &Repo) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for krate in CRATES.iter().filter(|krate| krate.database.is_none()) {
        if !repo.files_under(&format!("{}/migrations", krate.folder))?.is_empty() {
            found.push(Finding::new(
                format!("{}/migrations/", krate.folder),
                "migrations/owner",
                format!("{} owns no database, so it has no migrations", krate.package),
                "move them to the crate that owns the database they are for",
            ));
        }
    }
    Ok(found)
}
