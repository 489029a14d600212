//! Proves the layers: who may know whom, and what must not be there.
//!
//! The table is [`house`](crate::house); here is how each of its columns is proved. What Cargo can tell is asked of
//! Cargo ([`dependencies`]), the rest is read from the source ([`signatures`], [`owners`]) and the disk ([`folders`]).

pub mod dependencies;
pub mod folders;
pub mod owners;
pub mod signatures;

use anyhow::Result;

use crate::finding::Finding;
use crate::repo::Repo;

/// Checks every rule of the layers.
///
/// # Errors
///
/// When Cargo refuses the manifests, or a file cannot be read or parsed.
pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let graph = repo.graph()?;
    let mut found = folders::check(repo, &graph)?;
    found.extend(dependencies::check(&graph));
    found.extend(signatures::check(repo)?);
    found.extend(owners::check(repo)?);
    found.sort();
    Ok(found)
}
