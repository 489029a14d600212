//! The same bad input gets the same error as from the agent's own server, as recorded from it.

use serde_json::json;

use super::client::Client;
use crate::fixture::{Fixture, Result};

const THREAD: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";
const UNKNOWN: &str = "01900000-0000-7000-8000-000000000000";

#[test]
fn the_same_mistakes_get_the_same_errors() -> Result {
    let fixture = Fixture::bundled()?;
    let mut client = Client::stdio(&fixture)?;
    let long = "x".repeat(4_001);
    let many = vec![THREAD; 101];
    let digit =
        "invalid character: expected an optional prefix of `urn:uuid:` followed by [0-9a-fA-F-], found";
    let cases = [
        ("thread/list", json!({ "cursor": "garbage" }), -32600, "invalid cursor: garbage"),
        ("thread/list", json!({ "cursor": "" }), -32600, "invalid cursor: "),
        (
            "thread/list",
            json!({ "sortKey": "bogus" }),
            -32600,
            "Invalid request: unknown variant `bogus`, expected one of `created_at`, `updated_at`, `recency_at`, \
             `section_position`",
        ),
        (
            "thread/list",
            json!({ "sortDirection": "sideways" }),
            -32600,
            "Invalid request: unknown variant `sideways`, expected `asc` or `desc`",
        ),
        (
            "thread/list",
            json!({ "sortKey": "section_position" }),
            -32600,
            "section-position sorting requires a section filter",
        ),
        (
            "thread/list",
            json!({ "includedThreadIds": ["x"] }),
            -32602,
            &format!("invalid included thread id: {digit} `x` at 1"),
        ),
        (
            "thread/list",
            json!({ "includedThreadIds": many }),
            -32602,
            "includedThreadIds accepts at most 100 entries",
        ),
        ("thread/read", json!({ "threadId": UNKNOWN }), -32600, &format!("thread not loaded: {UNKNOWN}")),
        (
            "thread/read",
            json!({ "threadId": "not-a-uuid" }),
            -32600,
            &format!("invalid thread id: {digit} `n` at 1"),
        ),
        (
            "thread/turns/list",
            json!({ "threadId": THREAD, "cursor": "garbage" }),
            -32600,
            "invalid cursor: garbage",
        ),
        (
            "thread/name/set",
            json!({ "threadId": THREAD, "name": "  " }),
            -32600,
            "thread name must not be empty",
        ),
        (
            "thread/archive",
            json!({ "threadId": UNKNOWN }),
            -32600,
            &format!("no rollout found for thread id {UNKNOWN}"),
        ),
        (
            "thread/unarchive",
            json!({ "threadId": THREAD }),
            -32600,
            &format!("no archived rollout found for thread id {THREAD}"),
        ),
        (
            "thread/delete",
            json!({ "threadId": UNKNOWN }),
            -32600,
            &format!("no rollout found for thread id {UNKNOWN}"),
        ),
        (
            "thread/memoryMode/set",
            json!({ "threadId": THREAD, "mode": "polluted" }),
            -32600,
            "Invalid request: unknown variant `polluted`, expected `enabled` or `disabled`",
        ),
        (
            "thread/goal/set",
            json!({ "threadId": THREAD, "status": "done" }),
            -32600,
            "Invalid request: unknown variant `done`, expected one of `active`, `paused`, `blocked`, `usageLimited`, \
             `budgetLimited`, `complete`",
        ),
        (
            "thread/goal/set",
            json!({ "threadId": THREAD, "objective": "x", "tokenBudget": 0 }),
            -32600,
            "goal budgets must be positive when provided",
        ),
        (
            "thread/goal/set",
            json!({ "threadId": THREAD, "objective": long }),
            -32600,
            "goal objective must be at most 4000 characters",
        ),
        (
            "thread/goal/set",
            json!({ "threadId": THREAD, "objective": "  " }),
            -32600,
            "goal objective must not be empty",
        ),
        (
            "thread/goal/set",
            json!({ "threadId": UNKNOWN, "objective": "x" }),
            -32600,
            &format!("thread not found: {UNKNOWN}"),
        ),
        (
            "memory/status",
            json!({ "minConsolidatedThreads": 5_000 }),
            -32602,
            "minConsolidatedThreads must be between 1 and 4096",
        ),
    ];
    for (method, params, code, message) in cases {
        let refused = client.refused(method, params.clone())?;
        assert_eq!(refused, (code, message.to_owned()), "{method} {params}");
    }
    Ok(())
}
