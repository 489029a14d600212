//! The index for the engine, and what its reading hands to its storing.

use std::sync::Arc;

use threadkeep_rollout::{AgentHome, ClosedAgent, SkippedLines};
use threadkeep_sqlite::{Database, uuid_text};
use uuid::Uuid;

use super::IndexOptions;
use crate::home_problem::HomeProblem;
use crate::threads::ThreadUpsert;

/// Report of a commit.
pub(super) type CommitReport = threadkeep_backfill::CommitReport<HomeProblem>;

/// Index for the engine.
#[derive(Clone, Debug)]
pub struct ThreadIndex {
    pub(super) db: Database,
    pub(super) home: AgentHome,
    pub(super) options: IndexOptions,
    pub(super) default_provider: Arc<str>,
    /// True if a pass is limited to some files, and so moves no watermark.
    pub(super) is_limited: bool,
}

/// Content that was read from an item. Opaque: it goes from the reading to the storing.
#[derive(Debug)]
pub struct HomeContent(pub(super) ReadItem);

#[derive(Debug)]
pub(super) enum ReadItem {
    Thread(Box<ThreadContent>),
    Names(NamesContent),
}

#[derive(Debug)]
pub(super) struct ThreadContent {
    pub(super) upsert: ThreadUpsert,
    pub(super) lines: u64,
    pub(super) lines_skipped: u64,
    pub(super) problem: Option<HomeProblem>,
    pub(super) checkpoint: Option<String>,
    /// Time in milliseconds of the file's last change, also of its place.
    pub(super) changed_at_ms: i64,
    /// Id of the file that this one builds on, or [`copied_from`] the thread whose lines it copied.
    pub(super) base: Option<String>,
    pub(super) closed_agents: Vec<ClosedAgent>,
}

/// A thread, its name in `session_index.jsonl`, and the time of that name in milliseconds.
pub(super) type SessionName = (Uuid, String, Option<i64>);

#[derive(Debug)]
pub(super) struct NamesContent {
    pub(super) names: Vec<SessionName>,
    pub(super) skipped: SkippedLines,
}

/// Returns the base of files with lines that were copied from a thread: all files of that thread
/// show which lines these are.
pub(super) fn copied_from(thread: Uuid) -> String {
    format!("~{}", uuid_text(thread))
}
