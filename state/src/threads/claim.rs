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
    /// id (a copy is often renamed), then the longer history, then the current sessions, then the
    /// path.
    pub(crate) fn beats(&self, other: &Claim, id: Uuid) -> bool {
        self.rank(id) > other.rank(id)
    }

    fn rank(&self, id: Uuid) -> (bool, i64, bool, Reverse<&str>) {
        let file_name = self.path.rsplit('/').next().unwrap_or_default();
        let named = RolloutName::parse(file_name).is_ok_and(|name| name.thread_id == id);
        (named, self.updated_at_ms, !self.archived, Reverse(&self.path))
    }
}
