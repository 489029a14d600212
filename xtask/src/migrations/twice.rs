//! A second run of the migrations changes nothing: not a byte of the file, and no file beside it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use sha2::{Digest as _, Sha384};

use super::Task;
use super::fixtures::Fixtures;
use super::lab::Lab;
use super::upgrade::Walk;
use crate::finding::Finding;

/// Opens an upgraded database again, and compares every file.
///
/// # Errors
///
/// When a fixture cannot be read, or there is no room for databases.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let fixtures = Fixtures::read(task.repo, task.owner)?;
    let walk = Walk::oldest(task.owner, &fixtures)?;
    let (from, to) = task.owner.versions(&fixtures);
    // What the walk itself has met is its finding.
    let Some(old) = walk.database(from) else { return Ok(Vec::new()) };
    let lab = Lab::with(task.owner, old)?;
    let finding = |reason: String| {
        let mend =
            "let nothing in a migration touch what the migrator keeps, and nothing run at every opening";
        Finding::new(&task.owner.folder.path, "migrations/twice", reason, mend)
    };
    if let Err(error) = lab.open(to) {
        return Ok(vec![finding(format!("the first run fails: {error:#}"))]);
    }
    let once = files(lab.folder())?;
    if let Err(error) = lab.open(to) {
        return Ok(vec![finding(format!("a second run fails: {error:#}"))]);
    }
    let twice = files(lab.folder())?;
    let names = once.keys().chain(twice.keys().filter(|name| !once.contains_key(*name)));
    let changed = names.filter(|name| once.get(*name) != twice.get(*name));
    Ok(changed.map(|name| finding(format!("{name} is not the same after a second run"))).collect())
}

/// Lists the files of a folder, each with a hash of its bytes.
fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let digest = Sha384::digest(std::fs::read(entry.path())?).to_vec();
        found.insert(entry.file_name().to_string_lossy().into_owned(), digest);
    }
    Ok(found)
}
