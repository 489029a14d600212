//! `thread/search`, and its form that answers in parts.

use super::list::{Folders, SortKey, SourceKind, ThreadListParams};
use super::message::RequestId;
use super::order::SortDirection;
use super::protocol;
use super::thread::Thread;

protocol! {
    /// Parameters of `thread/search` and `thread/search/stream`. The filters are those of
    /// `thread/list`.
    pub struct ThreadSearchParams {
        /// Words and phrases in quotes, at most 65,536 bytes. A passage must have all of them.
        pub search_term: String,
        /// `nextCursor` or `backwardsCursor` of an earlier page.
        pub cursor: Option<String>,
        /// Number of threads on the page, from 1 to 100. Default: 25.
        pub limit: Option<u32>,
        /// Sort key. Default: `created_at`.
        pub sort_key: Option<SortKey>,
        /// Direction. Default: `desc`.
        pub sort_direction: Option<SortDirection>,
        /// Only threads of these model providers.
        pub model_providers: Option<Vec<String>>,
        /// Only threads of these sources. Default: the interactive ones.
        pub source_kinds: Option<Vec<SourceKind>>,
        /// The archived threads instead of the current ones.
        pub archived: Option<bool>,
        /// Only threads of this folder, or of one of these.
        pub cwd: Option<Folders>,
    }

    /// Answer of `thread/search` and `thread/search/stream`.
    pub struct ThreadSearchResponse {
        /// Threads, in the order of the list.
        pub data: Vec<SearchResult>,
        /// Cursor that goes on after the last thread; `null` at the end.
        pub next_cursor: Option<String>,
        /// Cursor that goes back before the first thread.
        pub backwards_cursor: Option<String>,
        /// Reason why not everything was searched.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub incomplete: Option<String>,
    }

    /// Thread that was found.
    pub struct SearchResult {
        /// The thread.
        pub thread: Thread,
        /// Text around the words, in the passage that matches best.
        pub snippet: Option<String>,
    }

    /// Parameters of `thread/search/cancel`.
    pub struct SearchCancelParams {
        /// Id of the request that searches.
        pub request_id: RequestId,
    }
}

impl From<ThreadSearchParams> for ThreadListParams {
    fn from(params: ThreadSearchParams) -> ThreadListParams {
        ThreadListParams {
            cursor: params.cursor,
            limit: params.limit,
            sort_key: params.sort_key,
            sort_direction: params.sort_direction,
            model_providers: params.model_providers,
            source_kinds: params.source_kinds,
            archived: params.archived,
            cwd: params.cwd,
            ..ThreadListParams::default()
        }
    }
}
