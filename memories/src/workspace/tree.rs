//! Git's trees, made of a snapshot's entries and read back into them.

use std::io;

use gix_hash::Kind as Hash;
use gix_hash::ObjectId;
use gix_object::tree::{Entry as TreeEntry, EntryKind};
use gix_object::{FindExt as _, Tree, WriteTo as _};

use super::snapshot::{Entries, Entry, Kind};

/// A stack of folders deeper than any that we write is damage.
const DEEPEST: usize = 128;

/// Builds the tree of `entries` and all trees in it. `put` stores an encoded tree.
pub(super) fn write(
    entries: &[(&[u8], Entry)],
    put: &mut dyn FnMut(&[u8]) -> io::Result<ObjectId>,
) -> io::Result<ObjectId> {
    write_folder(entries, 0, put)
}

/// Builds the tree of the folder that the first `prefix` bytes of each path name.
fn write_folder(
    entries: &[(&[u8], Entry)],
    prefix: usize,
    put: &mut dyn FnMut(&[u8]) -> io::Result<ObjectId>,
) -> io::Result<ObjectId> {
    let mut tree = Tree::empty();
    let mut rest = entries;
    while let Some((path, entry)) = rest.first() {
        let name = &path[prefix..];
        if name.is_empty() {
            // The entry of an empty folder stands for the folder itself.
            rest = &rest[1..];
            continue;
        }
        let (name, mode, oid) = match name.iter().position(|byte| *byte == b'/') {
            None => {
                rest = &rest[1..];
                (name, mode(entry.kind), entry.id)
            }
            Some(end) => {
                let folder = &path[..=prefix + end];
                let inside = rest.iter().take_while(|(path, _)| path.starts_with(folder)).count();
                let (inside, after) = rest.split_at(inside);
                rest = after;
                (&name[..end], EntryKind::Tree, write_folder(inside, folder.len(), put)?)
            }
        };
        tree.entries.push(TreeEntry { mode: mode.into(), filename: name.into(), oid });
    }
    let mut encoded = Vec::new();
    tree.write_to(&mut encoded)?;
    put(&encoded)
}

/// Reads a tree and all trees in it.
pub(super) fn read(objects: &gix_odb::Handle, tree: ObjectId) -> gix_error::Result<Entries> {
    let mut entries = Entries::new();
    read_folder(objects, tree, &mut Vec::new(), 0, &mut entries)?;
    Ok(entries)
}

fn read_folder(
    objects: &gix_odb::Handle,
    tree: ObjectId,
    path: &mut Vec<u8>,
    depth: usize,
    entries: &mut Entries,
) -> gix_error::Result {
    let mut buffer = Vec::new();
    let tree = objects.find_tree(&tree, &mut buffer)?;
    if tree.entries.is_empty() && !path.is_empty() {
        entries.insert(path.clone(), Entry::folder());
    }
    for entry in tree.entries {
        let length = path.len();
        path.extend_from_slice(entry.filename);
        let kind = match entry.mode.kind() {
            EntryKind::Tree if depth < DEEPEST => {
                path.push(b'/');
                read_folder(objects, entry.oid.to_owned(), path, depth + 1, entries)?;
                None
            }
            // We write no commits of submodules.
            EntryKind::Tree | EntryKind::Commit => None,
            EntryKind::Blob => Some(Kind::File),
            EntryKind::BlobExecutable => Some(Kind::Executable),
            EntryKind::Link => Some(Kind::Link),
        };
        if let Some(kind) = kind {
            entries.insert(path.clone(), Entry { kind, id: entry.oid.to_owned() });
        }
        path.truncate(length);
    }
    Ok(())
}

/// Computes the id of an encoded tree or commit.
pub(super) fn id_of(kind: gix_object::Kind, encoded: &[u8]) -> io::Result<ObjectId> {
    gix_object::compute_hash(Hash::Sha1, kind, encoded).map_err(|error| io::Error::other(error.to_string()))
}

fn mode(kind: Kind) -> EntryKind {
    match kind {
        Kind::File => EntryKind::Blob,
        Kind::Executable => EntryKind::BlobExecutable,
        Kind::Link => EntryKind::Link,
        Kind::Folder => EntryKind::Tree,
    }
}
