//! Checks manifests: shared settings in the workspace's own, and a description of each crate.

use anyhow::{Context, Result};
use toml::{Table, Value};

use crate::crates::CRATES;
use crate::finding::Finding;
use crate::repo::Repo;

/// Keys that each package takes from the workspace.
const INHERITED: [&str; 5] = ["version", "edition", "rust-version", "license", "publish"];

/// Keys that each package has of its own.
const DESCRIBED: [(&str, &str); 4] = [
    ("description", "one line on what the crate is"),
    ("keywords", "one to five words"),
    ("categories", "one to five slugs of crates.io/category_slugs"),
    ("readme", "the path of a README.md of its own"),
];

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
    let lints = ("lints", manifest.get("lints"), "`workspace = true` under [lints]".to_owned());
    let keys = INHERITED.map(|key| {
        let value = package.and_then(|package| package.get(key));
        (key, value, format!("`{key}.workspace = true` under [package]"))
    });
    let missing = keys.into_iter().chain([lints]).filter(|(_, value, _)| !is_inherited(*value));
    let finding = |(key, _, fix)| {
        let reason = format!("`{key}` is not taken from the workspace");
        Finding::new(path, "tidy/inherit", reason, format!("write {fix}"))
    };
    missing.map(finding).collect()
}

/// Checks that a search finds the crate, and that its page describes it.
fn description(repo: &Repo, folder: &str, manifest: &Table) -> Vec<Finding> {
    let is_there = |key: &str| match manifest.get("package").and_then(|package| package.get(key)) {
        Some(Value::String(path)) if key == "readme" => repo.has_file(&format!("{folder}/{path}")),
        Some(Value::String(text)) => !text.trim().is_empty(),
        Some(Value::Array(list)) => (1..=5).contains(&list.len()),
        _ => false,
    };
    let finding = |(key, content): &(&str, &str)| {
        let reason = format!("`{key}` is missing, empty, too long, or names no file");
        let place = format!("{folder}/Cargo.toml");
        Finding::new(place, "tidy/manifest", reason, format!("write `{key}`: {content}"))
    };
    DESCRIBED.iter().filter(|(key, _)| !is_there(key)).map(finding).collect()
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
