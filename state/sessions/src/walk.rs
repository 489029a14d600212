//! Walk over the files of a place.

use std::fs::metadata;
use std::io::{self, ErrorKind};
use std::path::Path;

use threadkeep_rollout::Fingerprint;
use threadkeep_rollout::untouched::{Folder, Kind};

/// The deepest nesting of folders in a place. `OpenHands` has two for each of 16 levels of
/// sub-agents.
pub const MAX_DEPTH: usize = 40;

/// Gives each regular file below a path to `take`, in the order of names; also a file or folder
/// that cannot be looked at, with the reason. Leaves out `-shm` files. Follows a link at the path,
/// but none below it.
pub fn each_file(path: &Path, take: &mut dyn FnMut(&Path, io::Result<Fingerprint>)) {
    match metadata(path) {
        Ok(metadata) if metadata.is_dir() => below(path, MAX_DEPTH, take),
        metadata => give(path, metadata.map(|metadata| Fingerprint::of(&metadata)), take),
    }
}

fn below(path: &Path, depth: usize, take: &mut dyn FnMut(&Path, io::Result<Fingerprint>)) {
    let listed = Folder::open(path).and_then(|folder| Ok((folder.entries()?, folder)));
    let (mut entries, folder) = match listed {
        Ok(listed) => listed,
        Err(error) => return give(path, Err(error), take),
    };
    entries.sort_by(|one, other| one.name.cmp(&other.name));
    for entry in entries {
        let path = path.join(&entry.name);
        match entry.kind {
            Kind::Folder if depth > 0 => below(&path, depth - 1, take),
            // Readers of a database change this one.
            Kind::File if !entry.name.to_string_lossy().ends_with("-shm") => {
                give(&path, folder.look(&entry.name).map(|(_, fingerprint)| fingerprint), take);
            }
            _ => {}
        }
    }
}

/// Gives a file to `take`, unless it is gone: agents remove files at any time.
fn give(path: &Path, looked: io::Result<Fingerprint>, take: &mut dyn FnMut(&Path, io::Result<Fingerprint>)) {
    if !looked.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        take(path, looked);
    }
}
