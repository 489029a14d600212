//! Goals of threads.

use uuid::Uuid;

use super::{present, protocol};

protocol! {
    /// Goal of a thread.
    pub struct ThreadGoal {
        /// The thread.
        pub thread_id: Uuid,
        /// Objective, in the user's words.
        pub objective: String,
        /// Status.
        pub status: GoalStatus,
        /// Limit of tokens.
        pub token_budget: Option<i64>,
        /// Tokens used so far.
        pub tokens_used: i64,
        /// Seconds used so far.
        pub time_used_seconds: i64,
        /// Time of its creation, in Unix seconds.
        pub created_at: i64,
        /// Time of its last change, in Unix seconds.
        pub updated_at: i64,
    }

    /// Status of a goal.
    #[derive(Copy)]
    pub enum GoalStatus {
        /// The agent works towards it.
        Active,
        /// The user paused it.
        Paused,
        /// The agent cannot go on.
        Blocked,
        /// The account's limit is reached.
        UsageLimited,
        /// The budget is used up.
        BudgetLimited,
        /// It is reached.
        Complete,
    }

    /// Parameters of `thread/goal/set`. Without an objective, the present goal is changed.
    pub struct GoalSetParams {
        /// The thread.
        pub thread_id: String,
        /// Objective of 1 to 4,000 characters.
        pub objective: Option<String>,
        /// Status.
        pub status: Option<GoalStatus>,
        /// Limit of tokens, 1 or more. `null` removes it.
        #[serde(default, deserialize_with = "present")]
        #[cfg_attr(feature = "schema", schemars(with = "Option<i64>"))]
        pub token_budget: Option<Option<i64>>,
    }

    /// Answer of `thread/goal/set`.
    pub struct GoalSetResponse {
        /// The goal.
        pub goal: ThreadGoal,
    }

    /// Answer of `thread/goal/get`.
    pub struct GoalGetResponse {
        /// The goal; `null` without one.
        pub goal: Option<ThreadGoal>,
    }

    /// Answer of `thread/goal/clear`.
    pub struct GoalClearResponse {
        /// True if there was one.
        pub cleared: bool,
    }
}
