//! Goals that are kept in a file next to the database, and how a new database takes them over.
//!
//! The view `decisions` of migration 0002 says what is kept.

use threadkeep_sqlite::DecisionKind;

/// Goals and deleted threads.
pub(super) static DECISIONS: &[DecisionKind] = &[
    DecisionKind {
        name: "goal",
        put: &[SET],
        clear: &[DROP],
        volatile: &["tokens_used", "seconds_used", "updated_at_ms"],
    },
    DecisionKind {
        name: "deleted",
        put: &[
            DROP,
            "INSERT INTO goal_tombstones (thread_id, deleted_at_ms) \
             SELECT value ->> 0, value ->> '$[1].deleted_at_ms' FROM jsonb_each(?1) WHERE true \
             ON CONFLICT (thread_id) DO UPDATE SET deleted_at_ms = excluded.deleted_at_ms",
        ],
        clear: &["DELETE FROM goal_tombstones WHERE thread_id IN (SELECT value ->> 0 FROM jsonb_each(?1))"],
        volatile: &[],
    },
];

/// The usage of the same goal is kept if it is higher: the file has it as of the last decision.
const SET: &str = "INSERT INTO thread_goals \
       (thread_id, goal_id, objective, status, token_budget, tokens_used, seconds_used, created_at_ms, updated_at_ms) \
     SELECT value ->> 0, value ->> '$[1].goal_id', value ->> '$[1].objective', value ->> '$[1].status', \
       value ->> '$[1].token_budget', value ->> '$[1].tokens_used', value ->> '$[1].seconds_used', \
       value ->> '$[1].created_at_ms', value ->> '$[1].updated_at_ms' FROM jsonb_each(?1) WHERE true \
     ON CONFLICT (thread_id) DO UPDATE SET goal_id = excluded.goal_id, objective = excluded.objective, \
       status = CASE WHEN thread_goals.goal_id = excluded.goal_id AND excluded.status = 'active' \
         AND thread_goals.tokens_used >= excluded.token_budget THEN 'budget_limited' ELSE excluded.status END, \
       token_budget = excluded.token_budget, \
       tokens_used = iif(thread_goals.goal_id = excluded.goal_id, max(thread_goals.tokens_used, excluded.tokens_used), \
         excluded.tokens_used), \
       seconds_used = iif(thread_goals.goal_id = excluded.goal_id, max(thread_goals.seconds_used, excluded.seconds_used), \
         excluded.seconds_used), \
       created_at_ms = excluded.created_at_ms, updated_at_ms = excluded.updated_at_ms";
const DROP: &str = "DELETE FROM thread_goals WHERE thread_id IN (SELECT value ->> 0 FROM jsonb_each(?1))";
