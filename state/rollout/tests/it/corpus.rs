//! Every field of every bundled rollout, against the row that the agent itself makes of it.
//!
//! `expected.json` holds the agent's rows (Codex 0.169, its own backfill). Where ours is better,
//! [`better`] says so.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use threadkeep_rollout::{Chain, ItemsView, RunOutcome, TurnQuery, list_turns};

use crate::{Result, bundled, extract};

/// Better values than the agent's: the file, the field, and our value.
fn better(path: &str) -> Vec<(&'static str, Value)> {
    // No rollout of the bundled home says anything of memories; "enabled" is the agent's default.
    let mut better = vec![("memory_mode", Value::Null)];
    let old = |mode: &str| -> Value { json!(mode) };
    if path.contains("01a2036c-fb7e") {
        // The agent was killed before it counted its only request.
        better.push(("tokens_used", json!(9920)));
    } else if path.contains("01a2036f-a3a8") {
        // A review has no turn context: nothing says how it was approved and fenced in.
        better.extend([("approval_mode", Value::Null), ("sandbox_policy", Value::Null)]);
    } else if path.contains("01a20371-0f2e") {
        // 0.99 wrote a policy and no profile; the agent makes one up.
        let policy = r#"{"type":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false}"#;
        better.push(("sandbox_policy", old(policy)));
    } else if path.contains("01a20371-28ae") {
        better.push(("sandbox_policy", old(r#"{"type":"read-only"}"#)));
    } else if path.contains("01a20371-2e88") {
        // The counter began again when the thread was resumed.
        better.push(("tokens_used", json!(14_480 + 14_842)));
        // 0.47: the agent reads no turn context of this age.
        better.push(("model", old("mock-model")));
        better.push(("approval_mode", old("never")));
        better.push(("sandbox_policy", old(r#"{"mode":"read-only"}"#)));
        better.push(("model_provider", Value::Null));
    } else if path.contains("01a20371-2f5f") {
        better.push(("model", old("mock-model")));
        better.push(("approval_mode", old("never")));
        let policy = r#"{"mode":"workspace-write","network_access":false,"exclude_tmpdir_env_var":false,"exclude_slash_tmp":false}"#;
        better.push(("sandbox_policy", old(policy)));
        better.push(("model_provider", Value::Null));
    }
    better
}

#[test]
fn every_field_of_every_rollout_is_right() -> Result {
    let mut expected: BTreeMap<String, BTreeMap<String, Value>> =
        serde_json::from_str(include_str!("expected.json"))?;
    let home = bundled()?;
    let found = home.discover();
    assert_eq!(found.problems, []);
    assert_eq!(found.files.len(), 16);
    for file in &found.files {
        let mut wanted = expected.remove(&file.path).ok_or_else(|| file.path.clone())?;
        for (field, ours) in better(&file.path) {
            let theirs = wanted.insert(field.to_owned(), ours.clone());
            assert_ne!(theirs, Some(ours), "{}: {field} is no exception", file.path);
        }
        let extraction = extract(&home, file)?;
        assert!(extraction.skipped.is_empty(), "{}: {:?}", file.path, extraction.skipped);
        let mut got: BTreeMap<String, Value> =
            serde_json::from_value(serde_json::to_value(&extraction.metadata)?)?;
        let metadata = extraction.metadata;
        got.insert("id".to_owned(), got["thread_id"].clone());
        got.remove("thread_id");
        for (field, at) in [("created_at", metadata.created_at), ("updated_at", metadata.updated_at)] {
            got.remove(field);
            got.insert(format!("{field}_ms"), json!(at.map(jiff::Timestamp::as_millisecond)));
        }
        // No row of the agent's has these; other tests look at them.
        for field in ["run_outcome", "own_tokens", "inherited_tokens", "forked_from_id", "kind"] {
            got.remove(field);
        }
        for field in ["originator", "history_mode", "attached_to_thread_id"] {
            got.remove(field);
        }
        for field in ["name", "named_at", "goal", "closed_agents"] {
            got.remove(field);
        }
        got.insert("tokens_used".to_owned(), json!(metadata.tokens_used()));
        // The agent's preview is the title, unless a thread begins with a goal.
        got.insert("preview".to_owned(), json!(metadata.title));
        for (field, wanted) in &wanted {
            assert_eq!(got.get(field), Some(wanted), "{}: {field}", file.path);
        }
        assert_eq!(got.len(), wanted.len(), "a field is not looked at: {:?}", got.keys());
    }
    assert!(expected.is_empty(), "not found: {:?}", expected.keys());
    Ok(())
}

#[test]
fn the_outcome_is_what_the_last_turns_status_says() -> Result {
    let home = bundled()?;
    let mut outcomes = BTreeMap::new();
    for file in &home.discover().files {
        let metadata = extract(&home, file)?.metadata;
        let mut query = TurnQuery::default();
        (query.newest_first, query.limit, query.view) = (true, 1, ItemsView::None);
        let page = list_turns(&Chain::resolve(&home, file, |_| true)?, &query)?;
        let status = page.turns.first().ok_or("a turn")?.status;
        // Until 0.99, the end of a turn is nothing but the agent's last word.
        let is_old = matches!(metadata.cli_version.as_deref(), Some("0.47.0" | "0.99.0"));
        let wanted = if is_old { RunOutcome::Unknown } else { status.into() };
        assert_eq!(metadata.run_outcome, wanted, "{}", file.path);
        *outcomes.entry(wanted.as_str()).or_default() += 1;
    }
    let all = [("completed", 10), ("interrupted", 1), ("running", 1), ("unknown", 4)];
    assert_eq!(outcomes, BTreeMap::from(all));
    Ok(())
}

#[test]
fn credentials_of_a_remote_are_nowhere() -> Result {
    let home = bundled()?;
    let mut with_credentials = 0;
    for file in &home.discover().files {
        with_credentials +=
            usize::from(std::fs::read_to_string(home.absolute(&file.path))?.contains("s3cr3t"));
        let extraction = extract(&home, file)?;
        let shown = format!("{extraction:?}{}", serde_json::to_string(&extraction.checkpoint)?);
        assert!(!shown.contains("s3cr3t") && !shown.contains("alice"), "{}", file.path);
    }
    assert_eq!(with_credentials, 1);
    Ok(())
}
