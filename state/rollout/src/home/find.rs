//! Finds one rollout by its id, in its usual places first.

use std::cmp::Ordering;
use std::fs;
use std::io;
use std::path::Path;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::AgentHome;
use super::discover::FOLDERS;
use super::file::RolloutFile;
use super::fingerprint::Fingerprint;
use super::listing::discover;
use super::name::RolloutName;
use super::untouched;
use crate::time;

/// Returns the file with this id, of several copies the best.
pub(crate) fn find(home: &AgentHome, file_id: Uuid) -> io::Result<Option<RolloutFile>> {
    if let Some(file) = in_usual_places(home.root(), file_id) {
        return Ok(Some(file));
    }
    fs::read_dir(home.root())?;
    let is_meant = |file: &RolloutFile| file.file_id() == Some(file_id);
    Ok(discover(home).files.into_iter().filter(is_meant).min_by(better_first))
}

/// Looks into the folders of the days around the id's own time, which is UTC, and then into the
/// archive.
pub(crate) fn in_usual_places(root: &Path, file_id: Uuid) -> Option<RolloutFile> {
    let [sessions, archive] = FOLDERS;
    let is_meant = |name: &RolloutName| name.file_id() == file_id;
    let found = time::of_id(file_id).and_then(|at| {
        let days = [0, -24, 24].into_iter().filter_map(|hours| day(at, hours));
        days.flat_map(|day| in_folder(root, sessions, &day, file_id, &is_meant)).min_by(better_first)
    });
    let is_best = |file: &RolloutFile| !file.compressed;
    let archived = if found.as_ref().is_some_and(is_best) {
        Vec::new()
    } else {
        in_folder(root, archive, "", file_id, &is_meant)
    };
    found.into_iter().chain(archived).min_by(better_first)
}

/// Orders copies of a file: plain before compressed, current before archived, then by path.
pub(crate) fn better_first(one: &RolloutFile, other: &RolloutFile) -> Ordering {
    let rank = |file: &RolloutFile| (file.compressed, file.archived);
    rank(one).cmp(&rank(other)).then_with(|| one.path.cmp(&other.path))
}

/// Looks into the folders of the days since a time, by the clock of any zone.
pub(crate) fn recent_files_of(root: &Path, thread_id: Uuid, since: Timestamp) -> Vec<RolloutFile> {
    let [sessions, _] = FOLDERS;
    let until = Timestamp::now().as_second().saturating_add(DAY);
    let first = since.as_second().saturating_sub(DAY).max(until.saturating_sub(MOST_DAYS * DAY));
    let days = (0..=MOST_DAYS).map(|n| first.saturating_add(n * DAY)).take_while(|at| *at <= until + DAY);
    let days = days.filter_map(|at| day(Timestamp::from_second(at).ok()?, 0));
    let is_of = |name: &RolloutName| name.thread_id == thread_id;
    days.flat_map(|day| in_folder(root, sessions, &day, thread_id, &is_of)).collect()
}

/// Seconds of a day.
const DAY: i64 = 24 * 60 * 60;
/// The most days whose folders are looked into.
const MOST_DAYS: i64 = 3_660;

/// Looks at the file with a path relative to the home.
pub(crate) fn at(home: &AgentHome, path: &str) -> io::Result<RolloutFile> {
    let metadata = fs::metadata(home.absolute(path))?;
    if !metadata.is_file() {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    Ok(RolloutFile::new(path.to_owned(), Fingerprint::of(&metadata)))
}

fn day(at: Timestamp, hours: i64) -> Option<String> {
    let at = at.checked_add(SignedDuration::from_hours(hours)).ok()?;
    Some(TimeZone::UTC.to_datetime(at).strftime("/%Y/%m/%d").to_string())
}

/// Looks into one folder for files with an id in their names. Follows no link but a session folder
/// that is one; the walk knows which others may be followed.
fn in_folder(
    root: &Path,
    top: &str,
    rest: &str,
    id: Uuid,
    is_meant: &dyn Fn(&RolloutName) -> bool,
) -> Vec<RolloutFile> {
    listed(root, top, rest, id, is_meant).unwrap_or_default()
}

fn listed(
    root: &Path,
    top: &str,
    rest: &str,
    id: Uuid,
    is_meant: &dyn Fn(&RolloutName) -> bool,
) -> Option<Vec<RolloutFile>> {
    let (relative, base) = (format!("{top}{rest}"), fs::canonicalize(root.join(top)).ok()?);
    let folder = rest.split('/').filter(|part| !part.is_empty()).fold(base, |path, part| path.join(part));
    if fs::canonicalize(&folder).ok()? != folder {
        return None;
    }
    let id = id.to_string();
    let files = untouched::entries(&folder).ok()?.into_iter().filter_map(|entry| {
        let file_name = entry.name.to_str().filter(|name| name.contains(&id))?;
        RolloutName::parse(file_name).ok().filter(is_meant)?;
        let metadata = fs::symlink_metadata(folder.join(file_name)).ok().filter(fs::Metadata::is_file)?;
        Some(RolloutFile::new(format!("{relative}/{file_name}"), Fingerprint::of(&metadata)))
    });
    Some(files.collect())
}
