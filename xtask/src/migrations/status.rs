//! Databases of a real home, compared with the locks without touching them.

use std::path::Path;

use anyhow::{Result, bail};
use serde::Serialize;
use threadkeep_sqlite::inspect;

use super::{Owner, lock, test_database};
use crate::finding::render;
use crate::repo::Repo;

/// State of one database.
#[derive(Debug, Serialize)]
pub struct Status {
    /// Path of the file.
    pub database: String,
    /// State: `missing`, `current`, `pending`, `newer`, `checksum`, `foreign`, ….
    pub state: &'static str,
    /// Detail, for states that have one.
    pub detail: Option<String>,
    pub applied: i64,
    pub locked: u32,
    /// Migrations that opening would apply.
    pub pending: Vec<i64>,
    /// Applied migrations that only a newer program knows.
    pub unknown: Vec<i64>,
    /// Applied migrations whose bytes differ from the locked ones.
    pub different: Vec<i64>,
}

impl Status {
    /// Returns true if today's program can work with it.
    pub fn is_fine(&self) -> bool {
        matches!(self.state, "missing" | "current" | "pending")
    }
}

/// Reads the state of a home's databases, or of those in the folder `threadkeep` within it.
pub fn status(repo: &Repo, home: &Path) -> Result<Vec<Status>> {
    let inner = home.join("threadkeep");
    let folder = if inner.is_dir() { inner } else { home.to_owned() };
    if !folder.is_dir() {
        bail!("{} is no folder: give an agent home, or the folder with the databases", folder.display());
    }
    let mut found = Vec::new();
    for owner in Owner::all(repo, None)? {
        let wrong = lock::audit(repo, &owner)?;
        if !wrong.is_empty() {
            bail!("the migrations are not those that are locked\n{}", render(&wrong));
        }
        let spec = test_database::spec(&owner, owner.newest())?;
        let inspected = test_database::block_on(async { Ok(inspect(spec, &folder).await) })?;
        let schema = inspected.schema.clone();
        found.push(Status {
            database: inspected.paths.database.display().to_string(),
            state: inspected.state.as_str(),
            detail: inspected.state.detail().map(str::to_owned),
            applied: schema.as_ref().map_or(0, |schema| schema.applied),
            locked: owner.newest(),
            pending: schema.as_ref().map(|schema| schema.pending.clone()).unwrap_or_default(),
            unknown: schema.as_ref().map(|schema| schema.unknown.clone()).unwrap_or_default(),
            different: schema.map(|schema| schema.mismatched).unwrap_or_default(),
        });
    }
    Ok(found)
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.database, self.state)?;
        if let Some(detail) = &self.detail {
            write!(f, " ({detail})")?;
        } else if self.state != "missing" {
            write!(f, "; applied up to {:04}, locked up to {:04}", self.applied, self.locked)?;
        }
        for (what, versions) in
            [("pending", &self.pending), ("unknown", &self.unknown), ("different", &self.different)]
        {
            let versions: Vec<String> = versions.iter().map(|version| format!("{version:04}")).collect();
            if !versions.is_empty() {
                write!(f, "; {what} {}", versions.join(", "))?;
            }
        }
        Ok(())
    }
}
