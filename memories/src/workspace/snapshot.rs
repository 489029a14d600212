//! A snapshot: path, type and content of everything in a folder.
//!
//! The walk compares bytes. It knows no `.gitignore`, no attributes and no configuration, so none
//! of them can hide a file. It never follows a link.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use gix_hash::Kind as Hash;
use gix_hash::ObjectId;
use rustix::fs::FileType;

use super::error::{At, WorkspaceError};
use super::folder::{Folder, Found, is_in_the_way};
use super::name;

/// Deepest folder that is recorded. Each level costs a file handle.
const DEEPEST: usize = 64;

/// Content of a folder: a path, a type and an id for each file, link and empty folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    pub(super) entries: Entries,
    pub(super) refused: Vec<Refused>,
}

/// Entries in the order of git's trees. The path of an empty folder ends with `/`.
pub(super) type Entries = BTreeMap<Vec<u8>, Entry>;

/// A file, a link or an empty folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) id: ObjectId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Executable,
    Link,
    Folder,
}

/// A name that was left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Path in the folder.
    pub path: PathBuf,
    /// The reason.
    pub reason: Refusal,
}

/// Reason to leave a name out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// Git refuses the name: `.git`, `git~1` and the like, or a link named `.gitmodules`.
    Name,
    /// It is a FIFO, a socket or a device.
    Special,
    /// It cannot be read.
    Unreadable,
    /// It is a file of more than 64 MiB.
    TooLarge,
    /// It is a folder below 64 others.
    TooDeep,
}

impl Refusal {
    /// Returns the reason in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Name => "git refuses the name",
            Self::Special => "it is a FIFO, a socket or a device",
            Self::Unreadable => "it cannot be read",
            Self::TooLarge => "it has more than 64 MiB",
            Self::TooDeep => "its folder is too deep",
        }
    }
}

/// A file, link or folder that the walk comes by. The path of a folder ends with `/`.
pub(super) struct Item<'a> {
    pub(super) path: &'a [u8],
    pub(super) entry: Entry,
    /// Content of a file, target of a link.
    pub(super) content: &'a [u8],
}

type Visit<'v> = dyn FnMut(Item<'_>) -> Result<(), WorkspaceError> + 'v;

impl Snapshot {
    /// Reads a folder.
    ///
    /// # Errors
    ///
    /// [`WorkspaceError::Io`].
    pub fn of(folder: &Path) -> Result<Self, WorkspaceError> {
        Self::visit(folder, &mut |_| Ok(()))
    }

    /// Reads a folder, and calls `visit` for everything in it, folders before their content.
    pub(super) fn visit(folder: &Path, visit: &mut Visit<'_>) -> Result<Self, WorkspaceError> {
        let root = Folder::open(folder).at("open", folder)?;
        let mut walk =
            Walk { folder, path: Vec::new(), content: Vec::new(), snapshot: Self::default(), visit };
        walk.walk(&root, 0)?;
        Ok(walk.snapshot)
    }

    /// Returns the paths of files, links and empty folders, in the order of bytes.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.entries.keys().map(|path| as_path(path))
    }

    /// Returns the names that were left out, in the order of the walk.
    #[must_use]
    pub fn refused(&self) -> &[Refused] {
        &self.refused
    }

    /// Returns true if the path may exist, although the snapshot has no entry: it was left out.
    pub(super) fn is_hidden(&self, path: &[u8]) -> bool {
        let hides = |refused: &Refused| {
            refused.reason != Refusal::Special && as_path(path).starts_with(&refused.path)
        };
        self.refused.iter().any(hides)
    }

    /// Returns true if the snapshot has the folder, whose path ends with `/`.
    pub(super) fn has_folder(&self, path: &[u8]) -> bool {
        self.entries.range(path.to_vec()..).next().is_some_and(|(first, _)| first.starts_with(path))
    }
}

impl Entry {
    pub(super) fn of(kind: Kind, content: &[u8]) -> io::Result<Self> {
        let id = gix_object::compute_hash(Hash::Sha1, gix_object::Kind::Blob, content);
        Ok(Self { kind, id: id.map_err(|_| io::ErrorKind::PermissionDenied)? })
    }

    pub(super) fn folder() -> Self {
        Self { kind: Kind::Folder, id: ObjectId::empty_tree(Hash::Sha1) }
    }

    /// Reads the file or link with a name. Returns `None` if there is none that can be read.
    pub(super) fn at(folder: &Folder, name: &[u8]) -> io::Result<Option<Self>> {
        let mut content = Vec::new();
        let kind = match folder.read(name, FileType::Unknown, &mut content) {
            Ok(Found::File { executable }) => Kind::of_file(executable),
            Ok(Found::Link) => Kind::Link,
            Ok(_) => return Ok(None),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied => return Ok(None),
                _ => return Err(error),
            },
        };
        Self::of(kind, &content).map(Some)
    }
}

impl Kind {
    pub(super) fn of_file(executable: bool) -> Self {
        if executable { Self::Executable } else { Self::File }
    }

    /// Returns true if a change from one to the other keeps the type of the file.
    pub(super) fn is_like(self, other: Self) -> bool {
        let is_file = |kind| matches!(kind, Self::File | Self::Executable);
        self == other || (is_file(self) && is_file(other))
    }
}

pub(super) fn as_path(path: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(path))
}

struct Walk<'v, 'f> {
    folder: &'v Path,
    path: Vec<u8>,
    content: Vec<u8>,
    snapshot: Snapshot,
    visit: &'v mut Visit<'f>,
}

impl Walk<'_, '_> {
    fn walk(&mut self, folder: &Folder, depth: usize) -> Result<(), WorkspaceError> {
        let names = folder.names().map_err(|error| self.error("list", error))?;
        for (name, kind) in names {
            if name::is_reserved(&name, depth) {
                continue;
            }
            let length = self.path.len();
            self.path.extend_from_slice(&name);
            let result = if name::is_accepted(&name, kind == FileType::Symlink) {
                self.look(folder, &name, kind, depth)
            } else {
                self.refuse(Refusal::Name)
            };
            self.path.truncate(length);
            result?;
        }
        Ok(())
    }

    fn look(
        &mut self,
        folder: &Folder,
        name: &[u8],
        kind: FileType,
        depth: usize,
    ) -> Result<(), WorkspaceError> {
        let found = match folder.read(name, kind, &mut self.content) {
            Ok(found) => found,
            Err(error) => return self.failed(error),
        };
        match found {
            Found::File { executable } => self.record(Kind::of_file(executable)),
            Found::Link if !name::is_accepted(name, true) => self.refuse(Refusal::Name),
            Found::Link => self.record(Kind::Link),
            Found::Folder if depth == DEEPEST => self.refuse(Refusal::TooDeep),
            Found::Folder => match folder.child(name) {
                Ok(child) => self.enter(&child, depth),
                Err(error) => self.failed(error),
            },
            Found::Special => self.refuse(Refusal::Special),
            Found::TooLarge => self.refuse(Refusal::TooLarge),
        }
    }

    fn enter(&mut self, child: &Folder, depth: usize) -> Result<(), WorkspaceError> {
        self.path.push(b'/');
        let entry = Entry::folder();
        (self.visit)(Item { path: &self.path, entry, content: &[] })?;
        let before = self.snapshot.entries.len();
        self.walk(child, depth + 1)?;
        if self.snapshot.entries.len() == before {
            self.snapshot.entries.insert(self.path.clone(), entry);
        }
        Ok(())
    }

    fn record(&mut self, kind: Kind) -> Result<(), WorkspaceError> {
        let entry = match Entry::of(kind, &self.content) {
            Ok(entry) => entry,
            Err(error) => return self.failed(error),
        };
        (self.visit)(Item { path: &self.path, entry, content: &self.content })?;
        self.snapshot.entries.insert(self.path.clone(), entry);
        Ok(())
    }

    /// Leaves out a name that cannot be read, or that was removed or replaced meanwhile.
    fn failed(&mut self, error: io::Error) -> Result<(), WorkspaceError> {
        match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            io::ErrorKind::PermissionDenied => self.refuse(Refusal::Unreadable),
            _ if is_in_the_way(&error) => Ok(()),
            _ => Err(self.error("read", error)),
        }
    }

    fn refuse(&mut self, reason: Refusal) -> Result<(), WorkspaceError> {
        self.snapshot.refused.push(Refused { path: as_path(&self.path).to_owned(), reason });
        Ok(())
    }

    fn error(&self, action: &'static str, source: io::Error) -> WorkspaceError {
        WorkspaceError::Io { action, path: self.folder.join(as_path(&self.path)), source }
    }
}
