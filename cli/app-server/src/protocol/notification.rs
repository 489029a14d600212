//! Notifications of the server.

use serde::Serialize;
use uuid::Uuid;

use super::goal::ThreadGoal;
use super::message::{RequestId, line, version};
use super::protocol;
use super::search::SearchResult;
use super::thread::Thread;

/// Notification of the server.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(tag = "method", content = "params")]
pub enum Notification {
    /// A thread is new, or has changed.
    #[serde(rename = "thread/updated")]
    ThreadUpdated(Box<ThreadUpdated>),
    /// A thread has another name.
    #[serde(rename = "thread/name/updated")]
    ThreadNameUpdated(ThreadNameUpdated),
    /// A thread was archived.
    #[serde(rename = "thread/archived")]
    ThreadArchived(ThreadRef),
    /// A thread is no longer archived.
    #[serde(rename = "thread/unarchived")]
    ThreadUnarchived(ThreadRef),
    /// A thread was deleted, or its rollout is gone.
    #[serde(rename = "thread/deleted")]
    ThreadDeleted(ThreadRef),
    /// A thread's goal was set or has changed.
    #[serde(rename = "thread/goal/updated")]
    GoalUpdated(Box<GoalUpdated>),
    /// A thread has no goal any more.
    #[serde(rename = "thread/goal/cleared")]
    GoalCleared(ThreadRef),
    /// A search has found more threads.
    #[serde(rename = "thread/search/partial")]
    SearchPartial(SearchPartial),
    /// Many threads have changed, or this client did not read fast enough: list the threads from
    /// the window's `backwardsCursor` on.
    #[serde(rename = "thread/list/changed")]
    ThreadListChanged(ThreadListChanged),
}

protocol! {
    /// A thread that is new or has changed.
    pub struct ThreadUpdated {
        /// The thread.
        pub thread: Thread,
    }

    /// A thread's new name.
    pub struct ThreadNameUpdated {
        /// The thread.
        pub thread_id: Uuid,
        /// Name; `null` if it has none any more.
        pub thread_name: Option<String>,
    }

    /// Reference to a thread.
    pub struct ThreadRef {
        /// The thread.
        pub thread_id: Uuid,
    }

    /// A goal that was set or has changed.
    pub struct GoalUpdated {
        /// The thread.
        pub thread_id: Uuid,
        /// Not known here.
        pub turn_id: Option<String>,
        /// The goal.
        pub goal: ThreadGoal,
    }

    /// Threads that a search has found, each once.
    pub struct SearchPartial {
        /// Request that searches.
        pub request_id: RequestId,
        /// The threads.
        pub data: Vec<SearchResult>,
    }

    /// Changes that are not reported one by one.
    pub struct ThreadListChanged {
        /// Number of changes.
        pub count: u64,
    }
}

impl Notification {
    /// Returns its line.
    pub(crate) fn line(&self, is_versioned: bool) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            #[serde(skip_serializing_if = "Option::is_none")]
            jsonrpc: Option<&'static str>,
            #[serde(flatten)]
            notification: &'a Notification,
            #[serde(rename = "emittedAtMs")]
            emitted_at_ms: i64,
        }
        let emitted_at_ms = jiff::Timestamp::now().as_millisecond();
        line(&Line { jsonrpc: version(is_versioned), notification: self, emitted_at_ms })
    }
}
