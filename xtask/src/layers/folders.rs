//! Checks that the house has the rooms of the design, and no other.

use anyhow::Result;

use crate::finding::Finding;
use crate::graph::Graph;
use crate::house::{FURNITURE, HOUSE, room};
use crate::repo::Repo;

const RULE: &str = "layers/folders";

/// Checks the top-level folders, and that every crate is a row of the table.
///
/// # Errors
///
/// When a folder cannot be read.
pub fn check(repo: &Repo, graph: &Graph) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let top: Vec<String> =
        repo.entries("")?.into_iter().filter(|(_, is_folder)| *is_folder).map(|(name, _)| name).collect();
    for name in &top {
        if !name.starts_with('.') && room(name).is_none() && !FURNITURE.contains(&&**name) {
            found.push(Finding::new(
                format!("{name}/"),
                RULE,
                "the top-level folders are fixed by the design, and this is none of them",
                "move it into the crate that it belongs to (see the table in xtask/src/house.rs)",
            ));
        }
    }
    for room in HOUSE.iter().filter(|room| !room.folder.contains('/')) {
        if !top.iter().any(|name| name == room.folder) {
            found.push(Finding::new(
                format!("{}/", room.folder),
                RULE,
                format!("the design has this folder, for {}, and it is missing", room.package),
                "restore it; before the crate is built, a README.md in it says what it will own",
            ));
        }
    }
    for manifest in repo.files()?.iter().filter_map(|path| path.strip_suffix("/Cargo.toml")) {
        if !HOUSE.iter().any(|room| room.folder == manifest) {
            found.push(Finding::new(
                format!("{manifest}/Cargo.toml"),
                RULE,
                "this crate is not in the table of the design",
                "make it a module of a crate that is, or give it a row in xtask/src/house.rs",
            ));
        }
    }
    for member in graph.members() {
        let name = member.name.as_str();
        let folder = folder_of(repo, member);
        match HOUSE.iter().find(|room| room.package == name) {
            Some(room) if room.folder != folder => found.push(Finding::new(
                format!("{folder}/Cargo.toml"),
                RULE,
                format!("{name} lives in {}/ by the design", room.folder),
                format!("git mv {folder} {}", room.folder),
            )),
            Some(_) => {}
            None => found.push(Finding::new(
                format!("{folder}/Cargo.toml"),
                RULE,
                format!("no package of the design is named {name}"),
                "take the name that xtask/src/house.rs has for this folder",
            )),
        }
    }
    Ok(found)
}

/// Returns a member's folder, relative to the root, with `/` between its parts.
fn folder_of(repo: &Repo, member: &cargo_metadata::Package) -> String {
    let folder = member.manifest_path.parent().map(cargo_metadata::camino::Utf8Path::as_std_path);
    let root = repo.root().canonicalize().unwrap_or_else(|_| repo.root().to_owned());
    let folder = folder.and_then(|folder| {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        folder.strip_prefix(&root).ok().map(|path| path.to_string_lossy().replace('\\', "/"))
    });
    folder.unwrap_or_else(|| member.name.to_string())
}
