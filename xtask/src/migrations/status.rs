//! The databases of a real home, compared with the locks: looked at without a trace.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;
use threadkeep_sqlite::{DbStatus, inspect};

use super::{Owner, lab, lock, owners};
use crate::finding::render;
use crate::repo::Repo;

/// Holds what there is to say of one database.
#[derive(Debug, Serialize)]
pub struct Status {
    /// The file.
    pub database: String,
    /// What it is: `missing`, `current`, `pending`, `newer`, `checksum`, `foreign`, ….
    pub state: &'static str,
    /// What was found, where the state does not say it all.
    pub detail: Option<String>,
    /// The newest migration that was applied.
    pub applied: i64,
    /// The newest migration that is locked.
    pub locked: u32,
    /// Migrations that opening would apply.
    pub pending: Vec<i64>,
    /// Applied migrations that only a newer program knows.
    pub unknown: Vec<i64>,
    /// Applied migrations whose bytes are not those that are locked.
    pub different: Vec<i64>,
}

impl Status {
    /// Says whether today's program could work with it.
    pub fn is_fine(&self) -> bool {
        matches!(self.state, "missing" | "current" | "pending")
    }
}

/// Looks at the databases of a home, or of the folder in it that they are in.
///
/// # Errors
///
/// When the migrations on the disk are not those that are locked, so that there is nothing to compare with.
pub fn status(repo: &Repo, home: &Path) -> Result<Vec<Status>> {
    let inner = home.join("threadkeep");
    let folder = if inner.is_dir() { inner } else { home.to_owned() };
    if !folder.is_dir() {
        bail!("{} is no folder: give an agent home, or the folder with the databases", folder.display());
    }
    let mut found = Vec::new();
    for room in owners(repo, None)? {
        let owner = Owner::read(repo, room)?;
        let wrong = lock::audit(repo, &owner)?;
        if !wrong.is_empty() {
            bail!("the migrations are not those that are locked\n{}", render(&wrong));
        }
        let spec = lab::spec(&owner, owner.newest())?;
        let looked = lab::block_on(async { Ok(inspect(spec, &folder).await) })?;
        found.push(of(&looked, owner.newest()));
    }
    Ok(found)
}

fn of(looked: &DbStatus, locked: u32) -> Status {
    let schema = looked.schema.as_ref();
    Status {
        database: looked.paths.database.display().to_string(),
        state: looked.state.as_str(),
        detail: looked.state.detail().map(str::to_owned),
        applied: schema.map_or(0, |schema| schema.applied),
        locked,
        pending: schema.map_or_else(Vec::new, |schema| schema.pending.clone()),
        unknown: schema.map_or_else(Vec::new, |schema| schema.unknown.clone()),
        different: schema.map_or_else(Vec::new, |schema| schema.mismatched.clone()),
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.database, self.state)?;
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        }
        if self.state != "missing" && self.detail.is_none() {
            write!(f, "; applied up to {:04}, locked up to {:04}", self.applied, self.locked)?;
        }
        for (what, versions) in
            [("pending", &self.pending), ("unknown", &self.unknown), ("different", &self.different)]
        {
            if !versions.is_empty() {
                let versions: Vec<String> = versions.iter().map(|version| format!("{version:04}")).collect();
                write!(f, "; {what} {}", versions.join(", "))?;
            }
        }
        Ok(())
    }
}
