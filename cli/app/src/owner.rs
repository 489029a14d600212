//! The agent home that a SQLite home belongs to, in a file next to the databases.
//!
//! Only a SQLite home outside of the agent home has the file. Without it, a run on another home
//! would take every thread of the first for vanished.

use std::fs;
use std::path::{Path, PathBuf};

use threadkeep_rollout::untouched;

/// Name of the file.
const FILE: &str = "agent_home";

/// Longest path that is read, in bytes.
const MOST_BYTES: u64 = 1 << 16;

/// Returns the home that a SQLite home belongs to, if that is known and still a folder.
pub(crate) fn of(sqlite_home: &Path) -> Option<PathBuf> {
    let home = String::from_utf8(untouched::read(&sqlite_home.join(FILE), MOST_BYTES).ok()?).ok()?;
    Some(PathBuf::from(home.trim_end_matches('\n'))).filter(|home| home.is_dir())
}

/// Returns true if two paths lead to different folders.
pub(crate) fn differs(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    // A path that cannot be followed is no reason to refuse.
    real(one).zip(real(other)).is_some_and(|(one, other)| one != other)
}

/// Records the home, unless it is recorded, or stands for that of an agent that has none. Such an
/// agent may get a home.
pub(crate) fn record(sqlite_home: &Path, home: &Path) {
    let is_known = || home.starts_with(sqlite_home) || of(sqlite_home).as_deref() == Some(home);
    let Some(text) = home.to_str().filter(|_| !is_known()) else { return };
    // Without the record everything works: it only guards against a slip.
    let _ = fs::write(sqlite_home.join(FILE), format!("{text}\n"));
}
