//! A new repository with one commit, written from scratch and synced.
//!
//! Nothing is taken over from an earlier repository, so no setting, hook or attribute that a user
//! or an agent put there stays.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::time::SystemTime;

use gix_object::{Commit, Kind, WriteTo as _};

use super::error::{At, WorkspaceError};
use super::pack::Pack;
use super::snapshot::{Entry, Kind as FileKind, Snapshot};
use super::sync::sync;
use super::tree;

/// Author and committer of a baseline.
pub(super) const AUTHOR: &str = "Threadkeep";
pub(super) const EMAIL: &str = "threadkeep@localhost";

/// Message of a baseline's commit.
pub(super) const MESSAGE: &str = "Baseline of the memories\n";

/// Name of the branch.
pub(super) const BRANCH: &str = "refs/heads/main";

/// Content of `.git/description`. It marks a repository as ours even if nothing else is readable.
pub(super) const DESCRIPTION: &str = "Baseline of Threadkeep's memories, made again by each consolidation\n";

const CONFIG: &str =
    "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = false\n\tautocrlf = false\n";

/// Creates the folder `git` with a commit of everything in `content`, or of nothing.
pub(super) fn create(git: &Path, content: Option<&Path>) -> Result<(), WorkspaceError> {
    let packs = git.join("objects/pack");
    let heads = git.join("refs/heads");
    for folder in [&packs, &heads] {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).at("create", folder)?;
    }
    let mut pack = Pack::create(&packs).at("create a pack in", &packs)?;
    let snapshot = match content {
        None => Snapshot::default(),
        Some(content) => Snapshot::visit(content, &mut |item| {
            if item.entry.kind == FileKind::Folder {
                return Ok(());
            }
            pack.add(Kind::Blob, item.entry.id, item.content).map_err(|error| too_large(content, error))
        })?,
    };
    let content = content.unwrap_or(git);
    let commit = commit(&mut pack, &snapshot).map_err(|error| too_large(content, error))?;
    let mut written = pack.finish().at("write a pack in", &packs)?.to_vec();
    let files = [
        ("config", CONFIG.to_owned()),
        ("description", DESCRIPTION.to_owned()),
        ("HEAD", format!("ref: {BRANCH}\n")),
        (BRANCH, format!("{commit}\n")),
    ];
    for (name, text) in files {
        let path = git.join(name);
        fs::write(&path, text).at("write", &path)?;
        written.push(path);
    }
    written.extend(["objects/pack", "objects", "refs/heads", "refs", ""].map(|folder| git.join(folder)));
    sync(&written)
}

fn commit(pack: &mut Pack, snapshot: &Snapshot) -> io::Result<gix_hash::ObjectId> {
    let entries: Vec<(&[u8], Entry)> =
        snapshot.entries.iter().map(|(path, entry)| (path.as_slice(), *entry)).collect();
    let tree = tree::write(&entries, &mut |encoded| {
        let id = tree::id_of(Kind::Tree, encoded)?;
        pack.add(Kind::Tree, id, encoded)?;
        Ok(id)
    })?;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let seconds = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let author = gix_actor::Signature {
        name: AUTHOR.into(),
        email: EMAIL.into(),
        time: gix_date::Time::new(seconds, 0),
    };
    let commit = Commit {
        tree,
        parents: Default::default(),
        author: author.clone(),
        committer: author,
        encoding: None,
        message: MESSAGE.into(),
        extra_headers: Vec::new(),
    };
    let mut encoded = Vec::new();
    commit.write_to(&mut encoded)?;
    let id = tree::id_of(Kind::Commit, &encoded)?;
    pack.add(Kind::Commit, id, &encoded)?;
    Ok(id)
}

fn too_large(content: &Path, error: io::Error) -> WorkspaceError {
    match error.kind() {
        io::ErrorKind::FileTooLarge => WorkspaceError::TooLarge(content.to_owned()),
        _ => WorkspaceError::Io { action: "record", path: content.to_owned(), source: error },
    }
}
