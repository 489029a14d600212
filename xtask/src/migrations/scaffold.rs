//! Makes the next migration: file, number, hook, line in the lock.

use anyhow::{Result, bail};

use crate::crates::CrateRule;
use crate::migrations::folder::{Folder, file_name, is_snake_case};
use crate::migrations::lock;
use crate::repo::Repo;

/// Writes the next migration of a crate and locks it; returns the next steps for its author.
pub fn new(repo: &Repo, krate: &'static CrateRule, name: &str) -> Result<String> {
    if !is_snake_case(name) {
        bail!(
            "`{name}` is no name for a migration: write lower-case words joined by `_`, like `thread_tags`"
        );
    }
    let folder = Folder::read(repo, krate)?;
    if let Some(taken) = folder.migrations.iter().find(|one| one.name == name) {
        bail!("{} has that name already: choose another", folder.place(&taken.file()));
    }
    // A folder that is out of order would number the new file wrongly.
    if !folder.migrations.is_empty() {
        lock::update(repo, krate, false)?;
    }
    let version = folder.migrations.last().map_or(1, |last| last.version + 1);
    let (file, title) = (file_name(version, name), name.replace('_', " "));
    let place = folder.place(&file);
    std::fs::create_dir_all(repo.path(&folder.path))?;
    std::fs::write(repo.path(&place), format!("-- {title}: say what changes, and why.\n"))?;
    let fixtures = format!("{}/fixtures", krate.folder);
    std::fs::create_dir_all(repo.path(&fixtures))?;
    std::fs::write(repo.path(&format!("{fixtures}/{file}")), hook(&title))?;
    lock::update(repo, krate, false)?;
    let (folder, stem) = (krate.folder, file.trim_end_matches(".sql"));
    Ok(format!(
        "{place} is made and locked. Next:\n  \
         1. write its SQL, by the rules of state/sqlite/MIGRATIONS.md\n  \
         2. write what it is tried on into {folder}/fixtures/{file}\n  \
         3. add `\"{stem}\"` to the crate's `migrations![…]`\n  \
         4. cargo xtask migrations lock {folder} --rewrite-unreleased\n  \
         5. cargo xtask migrations check {folder} --bless, and read the diff"
    ))
}

/// Writes the beginning of a hook: its sections and their purpose.
fn hook(title: &str) -> String {
    format!(
        "-- What `{title}` is tried on. See state/sqlite/MIGRATIONS.md; a line `--! rows: TABLE +1` declares that the number\n\
         -- of rows changes.\n\
         --! before\n\
         -- Rows that it will find: the awkward ones.\n\
         --! after\n\
         -- Questions that must be answered with 1: SELECT count(*) = 1 FROM …;\n\
         --! fill\n\
         -- Rows for every table and column that it makes.\n"
    )
}
