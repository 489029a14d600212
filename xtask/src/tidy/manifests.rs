//! Checks manifests: shared settings in the workspace's own, and a description of each crate.

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::crates::CRATES;
use crate::finding::Finding;
use crate::repo::Repo;

/// Keys that each package takes from the workspace.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// Checks the manifest of every crate that is built.
pub fn check(repo: &Repo) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    for krate in CRATES {
        let path = format!("{}/Cargo.toml", krate.folder);
        if !repo.has_file(&path) {
            continue;
        }
        let manifest: Table = repo.text(&path)?.parse().with_context(|| format!("{path} is not TOML"))?;
        found.extend(inheritance(&path, &manifest));
        found.extend(description(repo, krate.folder, &manifest));
        found.extend(dependencies(&path, &manifest));
        found.extend(test_binaries(repo, krate.folder)?);
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

/// Checks that a search finds the crate, and that its page says what it is.
fn description(repo: &Repo, folder: &str, manifest: &Table) -> Vec<Finding> {
    let package = manifest.get("package");
    let value = |key: &str| package.and_then(|package| package.get(key));
    let text = |key: &str| value(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let list = |key: &str| value(key).and_then(Value::as_array).map_or(0, Vec::len);
    let has_readme = text("readme").is_some_and(|path| repo.has_file(&format!("{folder}/{path}")));
    [
        ("description", text("description").is_some(), "one line on what the crate is"),
        ("keywords", (1..=5).contains(&list("keywords")), "one to five words"),
        (
            "categories",
            (1..=5).contains(&list("categories")),
            "one to five slugs of crates.io/category_slugs",
        ),
        ("readme", has_readme, "the path of a README.md of its own"),
    ]
    .into_iter()
    .filter(|(_, is_there, _)| !is_there)
    .map(|(key, _, what)| {
        let reason = format!("`{key}` is missing, empty, too long, or names no file");
        Finding::new(
            format!("{folder}/Cargo.toml"),
            "tidy/manifest",
            reason,
            format!("write `{key}`: {what}"),
        )
    })
    .collect()
}

fn dependencies(path: &str, manifest: &Table) -> Vec<Finding> {
    let mut found = Vec::new();
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(Table::values);
    for table in std::iter::once(manifest).chain(targets.filter_map(Value::as_table)) {
        for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
            let dependencies = table.get(kind).and_then(Value::as_table).into_iter().flatten();
            // A crate may name itself to turn on features for its tests.
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

/// Refuses a second test binary: each file directly under `tests/` is linked on its own.
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
                "it is a second test binary of its crate, and each is linked on its own",
                format!("make it a module of {folder}/tests/it"),
            ));
        }
    }
    Ok(found)
}
