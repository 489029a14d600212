//! Claims of files on a thread: of several files with one thread id, one owns the thread's row.

use std::cmp::Reverse;

use threadkeep_rollout::RolloutName;
use uuid::Uuid;

/// Claim of a file on a thread.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) path: String,
    pub(crate) updated_at_ms: i64,
    pub(crate) archived: bool,
}

impl Claim {
    /// Returns true if this file should own the thread's row rather than `other`. The order is
    /// total and depends only on the files, not on which was read first. It prefers a name with the
    /// id (a copy is often renamed), then the newest segment (their ids grow with time), then the
    /// longer history, then the current sessions, then the path.
    pub(crate) fn beats(&self, other: &Claim, id: Uuid) -> bool {
        self.rank(id) > other.rank(id)
    }

    fn rank(&self, id: Uuid) -> (bool, Option<Uuid>, i64, bool, Reverse<&str>) {
        let name = name_of(&self.path).filter(|name| name.thread_id == id);
        let segment = name.and_then(|name| name.segment_id);
        (name.is_some(), segment, self.updated_at_ms, !self.archived, Reverse(&self.path))
    }
}

/// Returns true if two files of a thread are different parts of its history, by their names.
/// Otherwise they are copies.
pub(crate) fn are_parts(id: Uuid, path: &str, other: &str) -> bool {
    let file_id = |path| name_of(path).filter(|name| name.thread_id == id).map(|name| name.file_id());
    file_id(path).zip(file_id(other)).is_some_and(|(file, other)| file != other)
}

/// Returns the parsed name of the rollout at a path.
pub(crate) fn name_of(path: &str) -> Option<RolloutName> {
    RolloutName::parse(path.rsplit('/').next().unwrap_or_default()).ok()
}
