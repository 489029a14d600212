//! The workspace: a folder of memories, and a git baseline of what the last consolidation left.
//!
//! A consolidation works on a copy. [`Workspace::diff`] compares the folder with the baseline,
//! [`Workspace::stage`] copies it for an agent, [`Workspace::publish`] brings the agent's changes
//! back, and [`Workspace::commit`] makes the copy the new baseline. An edit that the user makes
//! meanwhile stays, and is a change in the next diff.
//!
//! # Locking
//!
//! Operations that change the folder lock it, and wait for another process that does. Readers do
//! not wait.
//!
//! # File systems
//!
//! On Linux and macOS, names are exchanged in one step. Elsewhere, and where the file system
//! cannot, an edit within the instant between a look and a rename can be lost, and a reader may see
//! no baseline for that instant. A killed process never leaves the folder without its baseline.

mod area;
mod baseline;
mod diff;
mod error;
mod folder;
mod journal;
mod name;
mod pack;
mod publish;
mod repository;
mod snapshot;
mod stage;
mod sync;
mod text;
mod tree;

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use self::area::Area;
use self::baseline::State;
use self::error::At as _;

pub use self::baseline::Baseline;
pub use self::diff::change::{Change, ChangeKind};
pub use self::diff::{MOST_DIFF, WorkspaceDiff};
pub use self::error::WorkspaceError;
pub use self::publish::Published;
pub use self::snapshot::{Refusal, Refused, Snapshot};

/// A folder of memories with a git baseline. All operations block.
#[derive(Debug, Clone)]
pub struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Opens a root. Creates it if it is missing, takes other users' permissions away, and finishes
    /// what a killed process left.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::NotAFolder`] or [`WorkspaceError::Io`].
    pub fn open(root: &Path) -> Result<Self, WorkspaceError> {
        if fs::metadata(root).is_ok_and(|found| !found.is_dir()) {
            return Err(WorkspaceError::NotAFolder(root.to_owned()));
        }
        DirBuilder::new().recursive(true).mode(0o700).create(root).at("create", root)?;
        let found = fs::metadata(root).at("read", root)?;
        let is_ours = found.uid() == rustix::process::geteuid().as_raw();
        if is_ours && found.permissions().mode() & 0o077 != 0 {
            fs::set_permissions(root, Permissions::from_mode(0o700)).at("make private", root)?;
        }
        Area::recover_if_free(root)?;
        Ok(Self { root: root.to_owned() })
    }

    /// Makes a workspace of a root as it is, for looking: creates, repairs and changes nothing.
    #[must_use]
    pub fn look(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Returns the root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Looks for the baseline.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::Io`].
    pub fn baseline(&self) -> Result<Baseline, WorkspaceError> {
        Ok(State::read(&self.root)?.baseline())
    }

    /// Makes an empty baseline if there is none. A broken one of ours is moved to
    /// `.threadkeep/broken` first, in the place of an earlier one.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::ForeignBaseline`] or [`WorkspaceError::Io`].
    pub fn init(&self) -> Result<(), WorkspaceError> {
        let area = Area::open(&self.root)?;
        match State::read(&self.root)? {
            State::Ours(_) => Ok(()),
            state => self.replace(&area, state, None),
        }
    }

    /// Compares the folder with the baseline, byte by byte.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::NoBaseline`], [`WorkspaceError::BrokenBaseline`],
    /// [`WorkspaceError::ForeignBaseline`] or [`WorkspaceError::Io`].
    pub fn diff(&self) -> Result<WorkspaceDiff, WorkspaceError> {
        WorkspaceDiff::of(&self.root, &[], &State::read(&self.root)?.content(&self.root)?)
    }

    /// Compares a copy of the folder with the baseline. Names that were left out of the copy are
    /// not taken for removed.
    ///
    /// # Errors
    ///
    /// As [`diff`](Self::diff).
    pub fn diff_of(&self, copy: &Path, given: &Snapshot) -> Result<WorkspaceDiff, WorkspaceError> {
        WorkspaceDiff::of(copy, given.refused(), &State::read(&self.root)?.content(&self.root)?)
    }

    /// Copies every file, link and folder to the folder `into`, which is created or empty. Returns
    /// what was copied.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::NotEmpty`] or [`WorkspaceError::Io`].
    pub fn stage(&self, into: &Path) -> Result<Snapshot, WorkspaceError> {
        stage::copy(&self.root, into)
    }

    /// Brings each file that differs between `given` and the copy `staged` into the folder, where
    /// the folder still has what was given. Text of changed files goes through `redact` first, in
    /// the copy.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::StillWritten`] or [`WorkspaceError::Io`].
    pub fn publish(
        &self,
        staged: &Path,
        given: &Snapshot,
        redact: impl Fn(&str) -> String,
    ) -> Result<Published, WorkspaceError> {
        publish::publish(&self.root, staged, given, &redact)
    }

    /// Makes `content` the baseline. A new repository with one commit takes the place of the old
    /// one when all of it is on the disk.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::ForeignBaseline`], [`WorkspaceError::TooLarge`] or [`WorkspaceError::Io`].
    pub fn commit(&self, content: &Path) -> Result<(), WorkspaceError> {
        let area = Area::open(&self.root)?;
        self.replace(&area, State::read(&self.root)?, Some(content))
    }

    fn replace(&self, area: &Area, state: State, content: Option<&Path>) -> Result<(), WorkspaceError> {
        match state {
            State::Foreign(found) => {
                return Err(WorkspaceError::ForeignBaseline { root: self.root.clone(), found });
            }
            State::Broken(_) => area.set_aside()?,
            State::Missing | State::Ours(_) => {}
        }
        repository::create(&area.join("new"), content)?;
        area.swap()
    }
}
