//! Checks manifests: what all crates share is said once, in the workspace's own.

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::finding::Finding;
use crate::house::HOUSE;
use crate::repo::Repo;

/// What each package takes from the workspace.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// Checks the manifest of every crate that is built.
///
/// # Errors
///
/// When a manifest cannot be read, or is not TOML.
pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for room in HOUSE {
        let path = format!("{}/Cargo.toml", room.folder);
        if !repo.has_file(&path) {
            continue;
        }
        let manifest: Table = repo.text(&path)?.parse().with_context(|| format!("{path} is not TOML"))?;
        found.extend(inheritance(&path, &manifest));
        found.extend(dependencies(&path, &manifest));
        found.extend(test_binaries(repo, room.folder)?);
    }
    Ok(found)
}

fn is_inherited(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}

fn inheritance(path: &str, manifest: &Table) -> Vec<Finding> {
    let package = manifest.get("package");
    let mut found = Vec::new();
    for key in INHERITED {
        if !is_inherited(package.and_then(|package| package.get(key))) {
            found.push(Finding::new(
                path,
                "tidy/inherit",
                format!("`{key}` is not taken from the workspace"),
                format!("write `{key}.workspace = true` under [package]"),
            ));
        }
    }
    if !is_inherited(manifest.get("lints")) {
        found.push(Finding::new(
            path,
            "tidy/inherit",
            "the lints are not taken from the workspace",
            "write `workspace = true` under [lints]",
        ));
    }
    found
}

fn dependencies(path: &str, manifest: &Table) -> Vec<Finding> {
    let mut found = Vec::new();
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    for table in std::iter::once(manifest).chain(targets.filter_map(Value::as_table)) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let dependencies = table.get(kind).and_then(Value::as_table).into_iter().flatten();
            // A crate that turns on its own features for its tests cannot differ from itself.
            let is_itself = |value: &Value| value.get("path").and_then(Value::as_str) == Some(".");
            for (name, _) in dependencies.filter(|(_, value)| !is_inherited(Some(value)) && !is_itself(value))
            {
                found.push(Finding::new(
                    path,
                    "tidy/dependency",
                    format!("`{name}` is not taken from the workspace, so that two crates may differ on it"),
                    format!("declare it in [workspace.dependencies], and write `{name}.workspace = true` in [{kind}]"),
                ));
            }
        }
    }
    found
}

/// Every file directly under `tests/` is a program of its own, and takes its time to link.
fn test_binaries(repo: &Repo, folder: &str) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for (name, is_folder) in repo.entries(&format!("{folder}/tests"))? {
        let place = format!("{folder}/tests/{name}");
        let is_binary =
            if is_folder { repo.has_file(&format!("{place}/main.rs")) } else { name.ends_with(".rs") };
        if is_binary && name != "it" {
            found.push(Finding::new(
                place,
                "tidy/tests",
                "it is a second test binary of its crate, and each is linked apart",
                format!("make it a module of {folder}/tests/it"),
            ));
        }
    }
    Ok(found)
}
