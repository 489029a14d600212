//! Audits the folders of SQL that databases in the field were made from.
//!
//! SQL that has left the house is never edited: databases remember the checksum of every migration they ran. So each
//! crate commits a [`lock`] beside its [`folder`], and the two are compared here, together with what makes
//! Cargo and git treat the folder right ([`wiring`]).
//!
//! An audit is one function over an [`Owner`]; [`AUDITS`] lists them, and a further one is one more line there.

pub mod folder;
pub mod lock;
pub mod scaffold;
pub mod wiring;

use anyhow::{Result, bail};

use crate::finding::Finding;
use crate::house::{HOUSE, Room, room};
use crate::repo::Repo;
use folder::Folder;

/// Stands for a crate that owns a database, with its migrations as they lie on the disk.
#[derive(Debug)]
pub struct Owner {
    /// The crate's row.
    pub room: &'static Room,
    /// Its migrations.
    pub folder: Folder,
}

/// Has the shape of every audit: one crate in, findings out.
pub type Audit = fn(&Repo, &Owner) -> Result<Vec<Finding>>;

/// Lists the audits, by name, in the order in which they run.
pub const AUDITS: &[(&str, Audit)] =
    &[("numbering", folder::audit), ("lock", lock::audit), ("wiring", wiring::audit)];

/// Checks the migrations of one crate, or of all.
///
/// # Errors
///
/// When the crate owns no database, or a file cannot be read.
pub fn check(repo: &Repo, only: Option<&str>) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    if only.is_none() {
        found.extend(squatters(repo)?);
    }
    for room in owners(repo, only)? {
        let owner = Owner { room, folder: Folder::read(repo, room)? };
        for (_, audit) in AUDITS {
            found.extend(audit(repo, &owner)?);
        }
    }
    found.sort();
    Ok(found)
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
