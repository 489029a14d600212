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
    for folder in repo.files()?.iter().filter_map(|path| path.strip_suffix("/Cargo.toml")) {
        let member = workspace.members.iter().find(|member| workspace.folder(member) == folder);
        let name = member.map_or("a package outside the workspace", |member| &member.name);
        if find(folder).is_none_or(|krate| krate.folder != folder || krate.package != name) {
            refuse(
                format!("{folder}/Cargo.toml"),
                format!("the design has no crate here that is named {name}"),
                "take the folder and the name of a row in xtask/src/crates.rs, or add a row",
            );
        }
    }
    Ok(found)
}
