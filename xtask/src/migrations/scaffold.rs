//! Makes the next migration: its file, its number, its hook, its line in the lock.

use anyhow::{Result, bail};

use crate::house::Room;
use crate::migrations::folder::{Folder, file_name, is_snake_case};
use crate::migrations::lock;
use crate::repo::Repo;

/// Writes the next migration of a crate and locks it; returns the new file's path.
///
/// The lock's line follows the file while it is being written: `cargo xtask migrations lock CRATE
/// --rewrite-unreleased` once the SQL is done.
///
/// # Errors
///
/// When the name is not snake case or is taken, or when the folder is not in order already.
pub fn new(repo: &Repo, room: &'static Room, name: &str) -> Result<String> {
    if !is_snake_case(name) {
        bail!(
            "`{name}` is no name for a migration: write lower-case words joined by `_`, like `thread_tags`"
        );
    }
    let folder = Folder::read(repo, room)?;
    if let Some(taken) = folder.migrations.iter().find(|one| one.name == name) {
        bail!("{} has that name already: choose another", folder.place(&taken.file()));
    }
    // Before anything is written: a folder that is out of order would number the new file wrongly.
    if !folder.migrations.is_empty() {
        lock::update(repo, room, false)?;
    }
    let version = folder.migrations.last().map_or(1, |last| last.version + 1);
    let (file, title) = (file_name(version, name), name.replace('_', " "));
    let place = folder.place(&file);
    std::fs::create_dir_all(repo.path(&folder.path))?;
    std::fs::write(repo.path(&place), format!("-- {title}: say what changes, and why.\n"))?;
    let fixtures = format!("{}/fixtures", room.folder);
    std::fs::create_dir_all(repo.path(&fixtures))?;
    std::fs::write(repo.path(&format!("{fixtures}/{file}")), hook(&title))?;
    lock::update(repo, room, false)?;
    Ok(place)
}

/// Writes the beginning of a hook: what each of its sections is for.
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
