//! Rollout file of a home.

use uuid::Uuid;

use super::fingerprint::Fingerprint;
use super::name::RolloutName;
use super::{MIRROR, MIRROR_ARCHIVE};

/// Folder with archived rollouts.
pub(super) const ARCHIVE: &str = "archived_sessions";

/// Rollout file of a home.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct RolloutFile {
    /// Path in the home, with `/` between the parts.
    pub path: String,
    /// Parsed file name; `None` if it is malformed, which is also reported as a problem.
    pub name: Option<RolloutName>,
    /// True in `archived_sessions`, and in the archive of an agent in the mirror.
    pub archived: bool,
    /// True if the file is compressed (`.jsonl.zst`).
    pub compressed: bool,
    /// Length and times.
    pub fingerprint: Fingerprint,
}

impl RolloutFile {
    /// Describes the file at a path in the home.
    pub(super) fn new(path: String, fingerprint: Fingerprint) -> Self {
        let file_name = path.rsplit('/').next().unwrap_or_default();
        Self {
            name: RolloutName::parse(file_name).ok(),
            archived: is_archived(&path),
            compressed: file_name.ends_with(".zst"),
            fingerprint,
            path,
        }
    }

    /// Returns the id that the file's name ends with. A file that builds on this one names it.
    pub fn file_id(&self) -> Option<Uuid> {
        self.name.map(|name| name.file_id())
    }
}

/// Returns true for a path in the archive, or in that of an agent in the mirror.
fn is_archived(path: &str) -> bool {
    let mut folders = path.split('/');
    match folders.next() {
        Some(ARCHIVE) => true,
        Some(MIRROR) => folders.nth(1) == Some(MIRROR_ARCHIVE),
        _ => false,
    }
}
