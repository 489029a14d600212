//! The last release tag: its lock is history, and no later one may tell it differently.
//!
//! A mark can be moved back in a commit that nobody looks at closely; what a tag holds cannot.

use std::process::Command;

use anyhow::Result;

use super::lock::{self, Lock};
use crate::finding::Finding;
use crate::house::Room;
use crate::repo::Repo;

/// Checks that a lock still says what it said at the last release, if there was one.
///
/// Where git or the tags are missing (an unpacked archive, a shallow clone) there is nothing to compare with.
///
/// # Errors
///
/// When the tag's lock is none.
pub fn audit(repo: &Repo, room: &Room, lock: &Lock) -> Result<Vec<Finding>> {
    let Some((tag, released)) = released(repo, room)? else { return Ok(Vec::new()) };
    let path = lock::path(room);
    let restore =
        format!("git checkout {tag} -- {path}, then `cargo xtask migrations lock {} --add`", room.folder);
    let mut found = Vec::new();
    // Whoever built the release has databases with every migration that it had, whatever its mark said.
    for (version, line) in &released.lines {
        if lock.lines.get(version) != Some(line) {
            let reason = format!("{version:04} was released in {tag}, and is not what it was there");
            found.push(Finding::new(&path, "migrations/tag", reason, &restore));
        }
    }
    let last = released.newest();
    if lock.released < last {
        let reason = format!("the mark is at {:04}, and {tag} has released {last:04}", lock.released);
        found.push(Finding::new(&path, "migrations/tag", reason, "cargo xtask migrations freeze"));
    }
    Ok(found)
}

/// Reads the lock of the last release, with its tag.
///
/// # Errors
///
/// When the tag's lock is none.
pub fn released(repo: &Repo, room: &Room) -> Result<Option<(String, Lock)>> {
    let Some(tag) = last(repo) else { return Ok(None) };
    let path = format!("{tag}:{}", lock::path(room));
    let Some(text) = git(repo, &["show", &path]) else { return Ok(None) };
    Ok(Some((tag, Lock::parse(&path, &text)?)))
}

/// Finds the last release that this commit comes after: the highest tag of the form `v1.2.3`.
pub fn last(repo: &Repo) -> Option<String> {
    // A checkout within another repository (a test's folder) has no tags of its own.
    let top = git(repo, &["rev-parse", "--show-toplevel"])?;
    let is_own = std::fs::canonicalize(top.trim()).ok()? == std::fs::canonicalize(repo.root()).ok()?;
    let tags = git(repo, &["tag", "--list", "v[0-9]*", "--merged", "HEAD", "--sort=-version:refname"])?;
    tags.lines().next().filter(|_| is_own).map(str::to_owned)
}

fn git(repo: &Repo, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).current_dir(repo.root()).output().ok()?;
    String::from_utf8(output.stdout).ok().filter(|_| output.status.success())
}
