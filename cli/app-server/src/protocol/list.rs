//! `thread/list`.

use std::collections::BTreeMap;

use serde_json::Value;

use super::order::SortDirection;
use super::protocol;
use super::thread::Thread;

protocol! {
    /// Parameters of `thread/list`.
    #[derive(Default)]
    #[serde(default)]
    pub struct ThreadListParams {
        /// `nextCursor` or `backwardsCursor` of an earlier page with the same filters. It has its
        /// own direction. Also a cursor of the agent's own server, with the request's direction: a
        /// time and a thread (`2026-11-22T13:24:58Z|ID`), or a bare time.
        pub cursor: Option<String>,
        /// Number of threads on the page, from 1 to 100. Default: 25.
        pub limit: Option<u32>,
        /// Sort key. Default: `created_at`.
        pub sort_key: Option<SortKey>,
        /// Direction. Default: `desc`.
        pub sort_direction: Option<SortDirection>,
        /// Only threads of these model providers. Default, also if it is empty: any.
        pub model_providers: Option<Vec<String>>,
        /// Only threads of these sources. Default, also if it is empty: the interactive ones, `cli`
        /// and `vscode`.
        pub source_kinds: Option<Vec<SourceKind>>,
        /// The archived threads instead of the current ones.
        pub archived: Option<bool>,
        /// Only threads of this folder, or of one of these.
        pub cwd: Option<Folders>,
        /// Only threads with all these words in their name, title, first message, folder or branch.
        pub search_term: Option<String>,
        /// Only these threads, at most 100.
        pub included_thread_ids: Option<Vec<String>>,
        /// Leaves these threads out, at most 100.
        pub excluded_thread_ids: Option<Vec<String>>,
    }

    /// One folder or several.
    #[serde(untagged)]
    pub enum Folders {
        /// One.
        One(String),
        /// Several.
        Several(Vec<String>),
    }

    /// Source of a thread.
    pub enum SourceKind {
        /// The agent's command line.
        Cli,
        /// An editor.
        #[serde(rename = "vscode")]
        VsCode,
        /// A run without a person.
        Exec,
        /// Another client of the agent's server.
        AppServer,
        /// Any sub-agent.
        SubAgent,
        /// A review.
        SubAgentReview,
        /// A run that sums up a context.
        SubAgentCompact,
        /// An agent that another thread spawned.
        SubAgentThreadSpawn,
        /// Any other sub-agent.
        SubAgentOther,
        /// A thread that names no source.
        Unknown,
    }

    /// Answer of `thread/list`.
    pub struct ThreadListResponse {
        /// Threads, in the order of the list.
        pub data: Vec<Thread>,
        /// Not known here: always empty.
        pub read_states: BTreeMap<String, Value>,
        /// Cursor that goes on after the last thread; `null` at the end of the list. A page that
        /// was reached by a `backwardsCursor` has one whenever it has a thread.
        pub next_cursor: Option<String>,
        /// Cursor that goes back before the first thread, to what has come since.
        pub backwards_cursor: Option<String>,
        /// Reason why threads may be missing in the index. The page itself lacks none while the
        /// reason is that the home is being indexed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub incomplete: Option<String>,
    }
}

/// Sort key of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SortKey {
    /// Start of the thread.
    CreatedAt,
    /// Last line of the thread.
    UpdatedAt,
    /// Last line of the thread.
    RecencyAt,
    /// Refused: there are no sections.
    SectionPosition,
}
