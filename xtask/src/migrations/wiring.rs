//! Checks that git, Cargo and the crate itself know the folder of migrations.

use anyhow::Result;

use super::Task;
use super::folder::Migration;
use crate::finding::Finding;
use crate::source::{Source, strings};

/// Instruction in the build script of every owner of migrations.
const RERUN: &str = "cargo::rerun-if-changed=migrations";

/// Checks `.gitattributes`, the build script, and the crate's list of migrations.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    if task.owner.folder.migrations.is_empty() {
        return Ok(found);
    }
    let repo = task.run.repo;
    let attributes =
        if repo.has_file(".gitattributes") { repo.text(".gitattributes")? } else { String::new() };
    let is_rule = |line: &str| line.split_whitespace().eq(["*.sql", "text", "eol=lf"]);
    if !attributes.lines().any(is_rule) {
        found.push(Finding::new(
            ".gitattributes",
            "migrations/gitattributes",
            "git may turn the line endings of SQL into CRLF, and every checksum with them",
            "add the line `*.sql text eol=lf`",
        ));
    }
    let path = format!("{}/build.rs", task.owner.krate.folder);
    // Both `cargo:` and `cargo::` are Cargo's.
    let asks = |text: &str| text.replacen("cargo::", "cargo:", 1) == RERUN.replacen("cargo::", "cargo:", 1);
    let is_asked = repo.has_file(&path)
        && strings(&Source::read(repo, &path)?.syntax).iter().any(|(_, text)| asks(text));
    if !is_asked {
        found.push(Finding::new(
            path,
            "migrations/build-script",
            "Cargo does not rebuild when a migration is added",
            format!("write `fn main() {{ println!(\"{RERUN}\"); }}` there"),
        ));
    }
    found.extend(list(task)?);
    Ok(found)
}

/// Compares the crate's list with the folder: a file that is not listed never runs.
///
/// The list is that of the built-in store. Without one, the text of the source decides.
fn list(task: &Task<'_>) -> Result<Vec<Finding>> {
    let (owner, mut found) = (task.owner, Vec::new());
    let listed: Vec<String> = match owner.store.filter(|store| !store.spec.migrations.is_empty()) {
        Some(store) => store
            .spec
            .migrations
            .iter()
            .map(|file| format!("{:04}_{}.sql", file.version, file.description))
            .collect(),
        None => mentioned(task)?,
    };
    let files: Vec<String> = owner.folder.migrations.iter().map(Migration::file).collect();
    for file in listed.iter().filter(|file| !files.contains(file)) {
        found.push(Finding::new(
            owner.krate.package,
            "migrations/table",
            format!("it lists {}, which is missing", owner.folder.place(file)),
            "correct the name, or add the file: released migrations are never renamed or removed",
        ));
    }
    for file in files.iter().filter(|file| !listed.contains(file)) {
        let stem = file.trim_end_matches(".sql");
        found.push(Finding::new(
            owner.folder.place(file),
            "migrations/table",
            format!("{} does not list it, so it never runs", owner.krate.package),
            format!("add `\"{stem}\"` to the crate's `migrations![…]`"),
        ));
    }
    Ok(found)
}

/// Lists the migrations that string literals of the crate name, by stem or by path.
fn mentioned(task: &Task<'_>) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for source in Source::of_crate(task.run.repo, task.owner.krate.folder)? {
        for (_, text) in strings(&source.syntax) {
            let file = text.rsplit_once("migrations/").map_or(format!("{text}.sql"), |(_, file)| file.into());
            found.extend(Migration::parse_name(&file).map(|_| file));
        }
    }
    Ok(found)
}
