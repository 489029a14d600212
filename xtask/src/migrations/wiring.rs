//! Checks that git, Cargo and the crate itself know the folder of migrations.

use anyhow::Result;

use super::Task;
use super::folder::Migration;
use crate::finding::Finding;
use crate::source::{Source, Text, strings};

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
    let asks = |one: &Text| one.text.replacen("cargo:r", "cargo::r", 1) == RERUN;
    if !repo.has_file(&path) || !strings(&Source::read(repo, &path)?).iter().any(asks) {
        found.push(Finding::new(
            path,
            "migrations/build-script",
            "Cargo does not rebuild when a migration is added",
            format!("write `fn main() {{ println!(\"{RERUN}\"); }}` there"),
        ));
    }
    let sources = Source::of_crate(repo, task.owner.krate.folder)?;
    let texts: Vec<String> = sources.iter().flat_map(strings).map(|one| one.text).collect();
    for file in task.owner.folder.migrations.iter().map(Migration::file) {
        let stem = file.trim_end_matches(".sql");
        // rustc refuses a listed migration that is missing.
        if !texts.iter().any(|text| text == stem || text.ends_with(&format!("migrations/{file}"))) {
            found.push(Finding::new(
                task.owner.folder.place(&file),
                "migrations/table",
                format!("{} does not list it, so it never runs", task.owner.krate.package),
                format!("add `\"{stem}\"` to the crate's `migrations![…]`"),
            ));
        }
    }
    Ok(found)
}
