//! Checks that git, Cargo and the crate itself treat the folder as what it is.

use anyhow::Result;

use crate::finding::Finding;
use crate::migrations::Owner;
use crate::migrations::folder::Migration;
use crate::repo::Repo;
use crate::source::{Source, arguments, strings};

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

/// A file that the crate does not list is a migration that never runs; one that is listed has to be there.
///
/// Both ways to list one count: its stem in `migrations!["0001_threads", …]`, and its path in `include_str!`.
fn table(repo: &Repo, owner: &Owner) -> Result<Vec<Finding>> {
    let files: Vec<String> = owner.folder.migrations.iter().map(Migration::file).collect();
    let mut listed: Vec<String> = Vec::new();
    let mut found = Vec::new();
    for source in Source::of_crate(repo, owner.room.folder)? {
        for (line, file) in mentions(&source) {
            if !files.contains(&file) {
                found.push(Finding::new(
                    format!("{}:{line}", source.path),
                    "migrations/table",
                    format!("it lists {}, which is not there", owner.folder.place(&file)),
                    "correct the name, or add the file: released migrations are never renamed or removed",
                ));
            }
            listed.push(file);
        }
    }
    found.extend(files.iter().filter(|file| !listed.contains(file)).map(|file| {
        let stem = file.trim_end_matches(".sql");
        Finding::new(
            owner.folder.place(file),
            "migrations/table",
            format!("no source of {} lists it, so it never runs", owner.room.package),
            format!(
                "add `\"{stem}\"` to the crate's `migrations![…]`, or `include_str!(\"../migrations/{file}\")` to its table"
            ),
        )
    }));
    Ok(found)
}

/// Finds the migrations that a source lists, by their files' names.
fn mentions(source: &Source) -> Vec<(usize, String)> {
    let stems = arguments(&source.syntax, "migrations").into_iter();
    let stems = stems.map(|(line, stem)| (line, format!("{stem}.sql")));
    let paths = strings(&source.syntax).into_iter().filter_map(|(line, path)| {
        let (folder, file) = path.rsplit_once('/')?;
        let is_ours = folder == "migrations" || folder.ends_with("/migrations");
        (is_ours && file.ends_with(".sql")).then(|| (line, file.to_owned()))
    });
    stems.chain(paths).collect()
}
