//! Keeps the text of the repository in order: headers, sizes, manifests, documentation.
//!
//! [`text`] looks at bytes, [`rust`] at syntax, [`manifests`] at `Cargo.toml`s, [`docs`] at what people read and
//! [`paths`] at the files that it names.

pub mod docs;
pub mod manifests;
pub mod paths;
pub mod rust;
pub mod text;

use anyhow::Result;

use crate::finding::Finding;
use crate::repo::Repo;

/// Checks everything that is a matter of text.
///
/// # Errors
///
/// When a file cannot be read or parsed.
pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let files = repo.files()?;
    let mut found = text::check(repo, &files)?;
    found.extend(rust::check(repo, &files)?);
    found.extend(manifests::check(repo)?);
    found.extend(docs::check(repo)?);
    found.extend(paths::check(repo)?);
    found.sort();
    Ok(found)
}
