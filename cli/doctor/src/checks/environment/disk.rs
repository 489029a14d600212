//! `system.disk`: free space where the agent and Threadkeep write.

use std::path::Path;

use threadkeep_app::dirs::path_word;

use crate::check::{Finding, Status};
use crate::context::Context;

const GIB: u64 = 1 << 30;
/// Free bytes below which there is a warning.
const WARNING: u64 = 5 * GIB;
/// Free bytes below which there is a failure: databases and rollouts may be cut.
const FAILURE: u64 = GIB;

pub(super) fn check(context: &Context) -> Finding {
    let places = [
        ("agent home", &context.dirs.home),
        ("threadkeep home", &context.dirs.sqlite_home),
        ("current folder", &context.machine.cwd),
    ];
    let free = places.map(|(label, path)| (label, path.as_path(), free_bytes(path)));
    let least =
        free.iter().filter_map(|(_, path, free)| Some(((*free)?, *path))).min_by_key(|(free, _)| *free);
    let finding = match least {
        None => Finding::ok("free space is unknown"),
        Some((free, path)) => of_least(free, path),
    };
    let shown = free.map(|(label, _, free)| {
        let free = free.map_or_else(|| "unknown".to_owned(), |free| format!("{} free", gib(free)));
        (label.to_owned(), crate::Value::Text(free))
    });
    finding.details(shown).detail("warning below", gib(WARNING)).detail("failure below", gib(FAILURE))
}

/// Makes the finding of the place with the least free space.
fn of_least(free: u64, path: &Path) -> Finding {
    let remedy = || format!("du -xh -d 1 {} | sort -h", path_word(path));
    match status(free) {
        Status::Fail => Finding::fail(format!("only {} free", gib(free)), remedy()),
        Status::Warning => Finding::warning(format!("only {} free", gib(free)), remedy()),
        _ => Finding::ok(format!("{} free", gib(free))),
    }
}

fn status(free: u64) -> Status {
    match free {
        0..FAILURE => Status::Fail,
        FAILURE..WARNING => Status::Warning,
        _ => Status::Ok,
    }
}

/// Returns the bytes that this user may still write there, or where it would be created.
#[cfg(unix)]
fn free_bytes(path: &Path) -> Option<u64> {
    let found = path.ancestors().find_map(|folder| rustix::fs::statvfs(folder).ok())?;
    // File systems without a disk, such as `/proc`, have no blocks.
    (found.f_blocks > 0).then(|| found.f_bavail.saturating_mul(found.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> Option<u64> {
    None
}

fn gib(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / GIB as f64)
}

#[cfg(test)]
#[path = "../../../tests/unit/disk.rs"]
mod tests;
