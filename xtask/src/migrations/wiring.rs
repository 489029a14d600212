//! Checks that git, Cargo and the crate itself treat the folder as what it is.

use anyhow::Result;

use crate::finding::Finding;
use crate::migrations::Owner;
use crate::repo::Repo;
use crate::source::{Source, strings};

/// The build script that every owner of migrations has.
const RERUN: &str = "cargo::rerun-if-changed=migrations";

/// Checks `.gitattributes`, the build script, and the crate's table of migrations.
///
/// # Errors
///
/// When a file cannot be read or parsed.
pub fn audit(repo: &Repo, owner: &Owner) -> Result<Vec<Finding>> {
    let mut found = Vec::new();
    if owner.folder.migrations.is_empty() {
        return Ok(found);
    }
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
    found.extend(build_script(repo, owner)?);
    found.extend(table(repo, owner)?);
    Ok(found)
}

/// Cargo does not see a new file in a folder unless a build script asks it to.
fn build_script(repo: &Repo, owner: &Owner) -> Result<Option<Finding>> {
    let path = format!("{}/build.rs", owner.room.folder);
    let asks = repo.has_file(&path)
        && strings(&Source::read(repo, &path)?.syntax).iter().any(|(_, text)| {
            // Both spellings of the instruction are Cargo's.
            text.replacen("cargo::", "cargo:", 1) == RERUN.replacen("cargo::", "cargo:", 1)
        });
    Ok((!asks).then(|| {
        Finding::new(
            path,
            "migrations/build-script",
            "Cargo does not rebuild when a migration is added",
            format!("write `fn main() {{ println!(\"{RERUN}\"); }}` there"),
        )
    }))
}

/// A file that the crate does not include is a migration that never runs.
fn table(repo: &Repo, owner: &Owner) -> Result<Vec<Finding>> {
    let sources = Source::of_crate(repo, owner.room.folder)?;
    let texts: Vec<String> =
        sources.iter().flat_map(|source| strings(&source.syntax)).map(|(_, text)| text).collect();
    let is_listed = |file: &str| texts.iter().any(|text| text.ends_with(&format!("migrations/{file}")));
    let missing = owner.folder.migrations.iter().map(super::folder::Migration::file);
    let missing = missing.filter(|file| !is_listed(file)).map(|file| {
        Finding::new(
            owner.folder.place(&file),
            "migrations/table",
            format!("no source of {} includes it, so it never runs", owner.room.package),
            format!("add `include_str!(\"../migrations/{file}\")` to the crate's table of migrations"),
        )
    });
    Ok(missing.collect())
}
