//! Finds one rollout by its id, in its usual places first.

use std::cmp::Ordering;
use std::fs;
use std::io;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::discover::{Discovery, FOLDERS, RolloutFile};
use super::fingerprint::Fingerprint;
use super::listing::discover;
use super::name::RolloutName;
use crate::time;

/// Returns the file with this id, of several copies the best.
pub(crate) fn find(root: &Path, file_id: Uuid) -> io::Result<Option<RolloutFile>> {
    if let Some(file) = in_usual_places(root, file_id) {
        return Ok(Some(file));
    }
    fs::read_dir(root)?;
    let is_meant = |file: &RolloutFile| file.file_id() == Some(file_id);
    Ok(discover(root).files.into_iter().filter(is_meant).min_by(better_first))
}

/// Looks into the folders of the days around the id's own time, which is UTC, and then into the
/// archive.
pub(crate) fn in_usual_places(root: &Path, file_id: Uuid) -> Option<RolloutFile> {
    let [(sessions, _), (archive, _)] = FOLDERS;
    let found = time::of_id(file_id).and_then(|at| {
        let days = [0, -24, 24].into_iter().filter_map(|hours| day(at, hours));
        days.filter_map(|day| in_folder(root, sessions, &day, file_id)).min_by(better_first)
    });
    let is_best = |file: &RolloutFile| !file.compressed;
    let archived =
        if found.as_ref().is_some_and(is_best) { None } else { in_folder(root, archive, "", file_id) };
    found.into_iter().chain(archived).min_by(better_first)
}

/// Orders copies of a file: plain before compressed, current before archived, then by path.
pub(crate) fn better_first(one: &RolloutFile, other: &RolloutFile) -> Ordering {
    let rank = |file: &RolloutFile| (file.compressed, file.archived);
    rank(one).cmp(&rank(other)).then_with(|| one.path.cmp(&other.path))
}

/// Returns the files of a listing that belong to the thread, as their names say.
pub(crate) fn files_of(found: Discovery, thread_id: Uuid) -> Vec<RolloutFile> {
    let is_of = |file: &RolloutFile| file.name.is_some_and(|name| name.thread_id == thread_id);
    found.files.into_iter().filter(is_of).collect()
}

fn day(at: Timestamp, hours: i64) -> Option<String> {
    let at = at.checked_add(SignedDuration::from_hours(hours)).ok()?;
    Some(TimeZone::UTC.to_datetime(at).strftime("/%Y/%m/%d").to_string())
}

/// Looks into one folder. Follows no link but a session folder that is one; the walk knows which
/// others may be followed.
fn in_folder(root: &Path, top: &str, rest: &str, file_id: Uuid) -> Option<RolloutFile> {
    let (relative, base) = (format!("{top}{rest}"), fs::canonicalize(root.join(top)).ok()?);
    let folder = rest.split('/').filter(|part| !part.is_empty()).fold(base, |path, part| path.join(part));
    if fs::canonicalize(&folder).ok()? != folder {
        return None;
    }
    let id = file_id.to_string();
    let files = fs::read_dir(&folder).ok()?.filter_map(|entry| {
        let entry = entry.ok()?;
        let file_name = entry.file_name();
        let file_name = file_name.to_str().filter(|name| name.contains(&id))?;
        let name = RolloutName::parse(file_name).ok().filter(|name| name.file_id() == file_id)?;
        let metadata = entry.metadata().ok().filter(fs::Metadata::is_file)?;
        Some(RolloutFile {
            path: format!("{relative}/{file_name}"),
            name: Some(name),
            archived: relative.starts_with("archived"),
            compressed: file_name.ends_with(".zst"),
            fingerprint: Fingerprint::of(&metadata),
        })
    });
    files.min_by(better_first)
}
