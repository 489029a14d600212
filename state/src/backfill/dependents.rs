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

/// Files that build on one of the bases `?1`, and files that miss the same base as one of the files
/// `?2`: a row has the base that is missing, which another file of the chain may build on.
///
/// `?3` says how much of a row counts: 0 if it lacks a part of its chain, 1 if its chain may lack
/// something or depends on all files of a thread, 2 always. The row of a copy, of an older part and
/// of a deleted thread does not say that its base is missing.
const DEPENDENTS: &str = "SELECT path FROM rollouts WHERE base IN (SELECT value FROM json_each(?1)) AND ( \
       ?3 = 2 OR problem IN ('base_missing', 'base_cut') \
       OR (?3 = 1 AND (base >= '~' OR problem = 'shrunk' OR outcome IN ('duplicate', 'deleted')))) \
     UNION SELECT path FROM rollouts WHERE base IN (SELECT base FROM rollouts \
         WHERE path IN (SELECT value FROM json_each(?2)) AND base < '~') \
       AND (problem IN ('base_missing', 'base_cut', 'shrunk') OR (?3 > 0 AND outcome IN ('duplicate', 'deleted')))";

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
    let grew = |path: &str| matches!(change, Change::Read { known } if known.contains_key(path));
    let (grown, changed): (Vec<&str>, Vec<&str>) = files.iter().partition(|path| grew(path));
    let changed: Vec<String> = changed.into_iter().map(str::to_owned).collect();
    let mut seen: HashSet<String> = changed.iter().cloned().collect();
    let mut next = Vec::new();
    if !grown.is_empty() {
        let bases: Vec<String> =
            grown.iter().filter_map(|path| Some(uuid_text(name_of(path)?.file_id()))).collect();
        next = fetch(conn, &bases, &grown, 0).await?;
    }
    if !changed.is_empty() {
        let least = if matches!(change, Change::Gone) { 2 } else { 1 };
        next.extend(fetch_all(conn, &changed, least).await?);
    }
    // A file that builds on a file that builds on a third needs all of them. Files of the batch
    // have been read, but others may depend on them.
    let batch: HashSet<&str> = files.iter().copied().collect();
    let mut found = Vec::new();
    loop {
        next.retain(|path| seen.insert(path.clone()));
        if next.is_empty() {
            return Ok(found);
        }
        found.extend(next.iter().filter(|path| !batch.contains(path.as_str())).cloned());
        next = fetch_all(conn, &next, 2).await?;
    }
}

/// Finds the files that depend on files and on the threads of these.
async fn fetch_all(
    conn: &mut SqliteConnection,
    files: &[String],
    least: u8,
) -> Result<Vec<String>, sqlx::Error> {
    let names = files.iter().filter_map(|path| name_of(path));
    let bases: Vec<String> =
        names.flat_map(|name| [uuid_text(name.file_id()), copied_from(name.thread_id)]).collect();
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    fetch(conn, &bases, &files, least).await
}

async fn fetch(
    conn: &mut SqliteConnection,
    bases: &[String],
    files: &[&str],
    least: u8,
) -> Result<Vec<String>, sqlx::Error> {
    let query = sqlx::query_scalar(DEPENDENTS).bind(json(bases)).bind(json(files)).bind(least);
    query.fetch_all(conn).await
}
