//! Finds the files that must be read again because a file that they depend on came, grew or went.

use std::collections::{HashMap, HashSet};

use sqlx::SqliteConnection;
use threadkeep_sqlite::{json, uuid_text};

use super::content::copied_from;
use crate::threads::name_of;

/// Change of files that others may depend on.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    /// They were read. Files that are not `known` are new.
    Read { known: &'a HashMap<String, Option<String>> },
    /// They are gone.
    Gone,
}

/// Returns the files that depend on some files, which are not among them.
///
/// A file that grew gives something only to files that miss some of it. A file with copied lines
/// depends on all files of its source, and on the files that these build on: they show where its
/// own part begins. It depends on their being there, not on their content. A file that is read
/// again may begin its own part elsewhere, which counts for every file that builds on it.
pub(super) async fn dependents(
    conn: &mut SqliteConnection,
    files: &[&str],
    change: Change<'_>,
) -> Result<Vec<String>, sqlx::Error> {
    let mut seen: HashSet<String> = files.iter().map(|path| (*path).to_owned()).collect();
    let mut found: Vec<String> = Vec::new();
    let mut next: Vec<String> = seen.iter().cloned().collect();
    // A file that builds on a file that builds on a third needs all of them.
    let mut all = matches!(change, Change::Gone);
    while !next.is_empty() {
        let mut bases = Vec::with_capacity(2 * next.len());
        for (path, name) in next.iter().filter_map(|path| Some((path, name_of(path)?))) {
            bases.push(uuid_text(name.file_id()));
            if !matches!(change, Change::Read { known } if known.contains_key(path)) {
                bases.push(copied_from(name.thread_id));
            }
        }
        let dependents = sqlx::query_scalar(
            "SELECT path FROM rollouts WHERE base IN (SELECT value FROM json_each(?1)) \
             AND (?2 OR problem IN ('base_missing', 'base_cut') OR base >= '~')",
        );
        let dependents = dependents.bind(json(&bases)).bind(all);
        let dependents: Vec<String> = dependents.fetch_all(&mut *conn).await?;
        next = dependents.into_iter().filter(|path| seen.insert(path.clone())).collect();
        found.extend(next.iter().cloned());
        all = true;
    }
    Ok(found)
}
