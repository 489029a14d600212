//! Keeps the text of the repository in order: headers, sizes, manifests, documentation, English.
//!
//! [`text`] looks at bytes, [`rust`] at syntax, [`manifests`] at `Cargo.toml`s, [`docs`] at what
//! people read and [`paths`] at the files it names. [`commits`] looks at subjects. [`english`] and
//! [`circles`] are measured by crate and compared with the table in [`figures`].

pub mod circles;
pub mod commits;
pub mod docs;
pub mod english;
pub mod figures;
pub mod manifests;
pub mod paths;
pub mod rust;
pub mod text;

use anyhow::Result;

use crate::finding::Finding;
use crate::repo::Repo;

pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let files = repo.files()?;
    let mut found = text::check(repo, &files)?;
    found.extend(rust::check(repo, &files)?);
    found.extend(manifests::check(repo)?);
    found.extend(docs::check(repo)?);
    found.extend(paths::check(repo)?);
    found.extend(commits::check(repo));
    found.extend(figures::check(repo)?);
    found.sort();
    Ok(found)
}
