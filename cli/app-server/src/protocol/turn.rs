//! Turns of a thread, and the methods that list them.

use super::item::ThreadItem;
use super::order::SortDirection;
use super::protocol;

protocol! {
    /// A turn: the user's request, and the agent's work on it.
    pub struct Turn {
        /// The agent's id of the turn.
        pub id: String,
        /// Turn that caused this one, possibly itself.
        pub root_turn_id: Option<String>,
        /// Items, by the view.
        pub items: Vec<ThreadItem>,
        /// The view.
        pub items_view: ItemsView,
        /// Status.
        pub status: TurnStatus,
        /// Error of a failed turn.
        pub error: Option<TurnError>,
        /// Start, in Unix seconds.
        pub started_at: Option<i64>,
        /// End, in Unix seconds.
        pub completed_at: Option<i64>,
        /// Duration in milliseconds.
        pub duration_ms: Option<u64>,
    }

    /// Selection of a turn's items.
    #[derive(Copy, Default)]
    pub enum ItemsView {
        /// The user's messages and the agent's last one.
        #[default]
        Summary,
        /// All items.
        Full,
        /// No items.
        NotLoaded,
    }

    /// Status of a turn.
    #[derive(Copy)]
    pub enum TurnStatus {
        /// The agent completed it.
        Completed,
        /// It was stopped, or its agent was killed.
        Interrupted,
        /// It has an error.
        Failed,
        /// An agent works on it.
        InProgress,
    }

    /// Error of a turn.
    pub struct TurnError {
        /// Message.
        pub message: String,
    }

    /// Parameters of `thread/turns/list`.
    pub struct TurnsListParams {
        /// The thread.
        pub thread_id: String,
        /// `nextCursor` or `backwardsCursor` of an earlier page.
        pub cursor: Option<String>,
        /// Number of turns on the page, from 1 to 100. Default: 25.
        pub limit: Option<u32>,
        /// Direction. Default: `desc`.
        pub sort_direction: Option<SortDirection>,
        /// Selection of items. Default: `summary`.
        pub items_view: Option<ItemsView>,
    }

    /// Answer of `thread/turns/list`.
    pub struct TurnsListResponse {
        /// Turns, in the order of the list.
        pub data: Vec<Turn>,
        /// Cursor that goes on after the last turn; `null` at the end.
        pub next_cursor: Option<String>,
        /// Cursor that goes back, from the first turn on: it may have changed.
        pub backwards_cursor: Option<String>,
        /// Reason why turns are missing: a file that the thread builds on is not there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pub incomplete: Option<String>,
    }

    /// Parameters of `thread/items/list`.
    pub struct ItemsListParams {
        /// The thread.
        pub thread_id: String,
        /// Only items of this turn.
        pub turn_id: Option<String>,
        /// `nextCursor` or `backwardsCursor` of an earlier page.
        pub cursor: Option<String>,
        /// Number of items on the page, from 1 to 100. Default: 25.
        pub limit: Option<u32>,
        /// Direction. Default: `asc`.
        pub sort_direction: Option<SortDirection>,
    }

    /// Answer of `thread/items/list`.
    pub struct ItemsListResponse {
        /// Items, in the order of the list.
        pub data: Vec<ListedItem>,
        /// Cursor that goes on after the last item; `null` at the end.
        pub next_cursor: Option<String>,
        /// Cursor that goes back, from the first item on.
        pub backwards_cursor: Option<String>,
    }

    /// Item of a list, with its turn.
    pub struct ListedItem {
        /// Turn of the item.
        pub turn_id: String,
        /// The item.
        pub item: ThreadItem,
        /// Start, in Unix milliseconds.
        pub started_at_ms: Option<i64>,
        /// End, in Unix milliseconds.
        pub completed_at_ms: Option<i64>,
    }
}
