//! The facts of a thread that memories are made with.

use jiff::Timestamp;
use uuid::Uuid;

/// Facts of a thread, as the index has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ThreadFacts {
    /// The thread.
    pub id: Uuid,
    /// Title or name, for people.
    pub title: Option<String>,
    /// Working directory.
    pub cwd: Option<String>,
    /// Branch of the working directory.
    pub git_branch: Option<String>,
    /// Path of its rollout in the home.
    pub rollout_path: String,
    /// Last activity. A later one makes the thread eligible again.
    pub updated_at: Timestamp,
}
