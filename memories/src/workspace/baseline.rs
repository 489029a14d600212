//! Reads the baseline: the only commit of the repository in the root.
//!
//! Only objects and references are read. The repository's configuration, hooks, attributes and
//! index have no say, and neither has the environment.

use std::fs;
use std::io;
use std::path::Path;

use gix_hash::Kind as Hash;
use gix_object::{Exists as _, FindExt as _};
use gix_odb::Handle;
use gix_ref::file::{ReferenceExt as _, Store};

use super::error::{At, WorkspaceError};
use super::name::GIT;
use super::repository::{AUTHOR, BRANCH, DESCRIPTION, EMAIL, MESSAGE};
use super::snapshot::{Entries, Entry, Kind};
use super::tree;

/// State of the baseline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Baseline {
    /// There is none: no `.git`, or an empty folder of that name.
    Missing,
    /// The only commit has our author and our message, and all its objects are there.
    Ours,
    /// We made it, and it cannot be read any longer.
    Broken,
    /// `.git` is a file, a link or a repository of others.
    Foreign,
}

/// A baseline as it was found.
pub(super) enum State {
    Missing,
    Ours(Box<Content>),
    /// The damage.
    Broken(String),
    /// The difference from one of ours.
    Foreign(String),
}

/// Content of a baseline.
pub(super) struct Content {
    pub(super) entries: Entries,
    objects: Handle,
}

impl State {
    /// Reads the baseline of a root.
    pub(super) fn read(root: &Path) -> Result<Self, WorkspaceError> {
        let git = root.join(GIT);
        match fs::symlink_metadata(&git) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::Missing),
            Err(error) => return Err(error).at("read", &git),
            Ok(found) if !found.is_dir() => return Ok(Self::Foreign("it is not a folder".to_owned())),
            Ok(_) => {}
        }
        if fs::read_dir(&git).at("list", &git)?.next().is_none() {
            return Ok(Self::Missing);
        }
        Ok(match open(&git) {
            Ok(state) => state,
            Err(error) => {
                let reason = error.to_string();
                let is_ours =
                    fs::read(git.join("description")).is_ok_and(|text| text == DESCRIPTION.as_bytes());
                if is_ours { Self::Broken(reason) } else { Self::Foreign(reason) }
            }
        })
    }

    pub(super) fn baseline(&self) -> Baseline {
        match self {
            Self::Missing => Baseline::Missing,
            Self::Ours(_) => Baseline::Ours,
            Self::Broken(_) => Baseline::Broken,
            Self::Foreign(_) => Baseline::Foreign,
        }
    }

    /// Returns the content of a baseline of ours.
    pub(super) fn content(self, root: &Path) -> Result<Content, WorkspaceError> {
        let root = root.to_owned();
        match self {
            Self::Ours(content) => Ok(*content),
            Self::Missing => Err(WorkspaceError::NoBaseline(root)),
            Self::Broken(reason) => Err(WorkspaceError::BrokenBaseline { root, reason }),
            Self::Foreign(found) => Err(WorkspaceError::ForeignBaseline { root, found }),
        }
    }
}

impl Content {
    /// Reads the bytes of an entry. Returns `None` if they are damaged.
    pub(super) fn read(&self, entry: &Entry) -> Option<Vec<u8>> {
        let mut buffer = Vec::new();
        self.objects.find_blob(&entry.id, &mut buffer).ok()?;
        Some(buffer)
    }
}

fn open(git: &Path) -> gix_error::Result<State> {
    let objects = gix_odb::at(git.join("objects"), Hash::Sha1).map_err(gix_error::Error::from_error)?;
    let refs = Store::at(git.to_owned(), Hash::Sha1);
    let head = refs.find("HEAD")?.peel_to_id(&refs, &objects)?;
    let foreign = |found: &str| Ok(State::Foreign(found.to_owned()));
    for reference in refs.iter()?.all().map_err(gix_error::Error::from_error)? {
        if reference?.name.as_bstr() != BRANCH {
            return foreign("it has branches or tags");
        }
    }
    let mut buffer = Vec::new();
    let commit = objects.find_commit(&head, &mut buffer)?;
    let author = commit.author()?;
    if author.name != AUTHOR || author.email != EMAIL || commit.message != MESSAGE {
        return foreign("its last commit has another author or message");
    }
    if commit.parents().next().is_some() {
        return foreign("it has more than one commit");
    }
    let entries = tree::read(&objects, commit.tree())?;
    let is_there = |entry: &Entry| entry.kind == Kind::Folder || objects.exists(&entry.id);
    if !entries.values().all(is_there) {
        return Err(gix_error::message("an object of a file is missing").into());
    }
    Ok(State::Ours(Box::new(Content { entries, objects })))
}
