//! Checks that the folders and crates are those of the design, and no others.

use anyhow::Result;

use crate::cargo::Workspace;
use crate::crates::{CRATES, OTHER_FOLDERS, find};
use crate::finding::Finding;
use crate::repo::Repo;

/// Checks the top-level folders, and that every crate has a row in the table.
pub fn check(repo: &Repo, workspace: &Workspace) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    let mut refuse = |place: String, reason: String, fix: &str| {
        found.push(Finding::new(place, "layers/folders", reason, fix));
    };
    let entries = repo.entries("")?.into_iter();
    let top: Vec<String> = entries.filter(|(_, is_folder)| *is_folder).map(|(name, _)| name).collect();
    for name in &top {
        if !name.starts_with('.') && find(name).is_none() && !OTHER_FOLDERS.contains(&&**name) {
            refuse(
                format!("{name}/"),
                "the design fixes the top-level folders, and this is none of them".to_owned(),
                "move it into the crate that it belongs to (see the table in xtask/src/crates.rs)",
            );
        }
    }
    for krate in CRATES.iter().filter(|krate| !krate.folder.contains('/')) {
        if !top.iter().any(|name| name == krate.folder) {
            refuse(
                format!("{}/", krate.folder),
                format!("the design has this folder, for {}, and it is missing", krate.package),
                "restore it; before the crate is built, a README.md in it says what it will own",
            );
        }
    }
    for manifest in repo.files()?.iter().filter_map(|path| path.strip_suffix("/Cargo.toml")) {
        if !CRATES.iter().any(|krate| krate.folder == manifest) {
            refuse(
                format!("{manifest}/Cargo.toml"),
                "this crate is not in the table of the design".to_owned(),
                "make it a module of a crate that is, or give it a row in xtask/src/crates.rs",
            );
        }
    }
    for member in &workspace.members {
        let (name, folder) = (&member.name, workspace.folder(member));
        match CRATES.iter().find(|krate| krate.package == name) {
            Some(krate) if krate.folder != folder => refuse(
                format!("{folder}/Cargo.toml"),
                format!("{name} lives in {}/ by the design", krate.folder),
                &format!("git mv {folder} {}", krate.folder),
            ),
            Some(_) => {}
            None => refuse(
                format!("{folder}/Cargo.toml"),
                format!("no package of the design is named {name}"),
                "take the name that xtask/src/crates.rs has for this folder",
            ),
        }
    }
    Ok(found)
}
