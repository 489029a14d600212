//! Proves the layers: which crate may know which, and what must not be there.
//!
//! The table is [`crates`](crate::crates). [`dependencies`] asks Cargo, [`signatures`] and
//! [`owners`] read the source, [`folders`] the disk.

pub mod dependencies;
pub mod folders;
pub mod owners;
pub mod signatures;

use anyhow::Result;

use crate::cargo::Workspace;
use crate::finding::Finding;
use crate::repo::Repo;

pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let workspace = Workspace::load(repo.root())?;
    let mut found = folders::check(repo, &workspace)?;
    found.extend(dependencies::check(&workspace)?);
    found.extend(signatures::check(repo)?);
    found.extend(owners::check(repo)?);
    found.sort();
    Ok(found)
}
