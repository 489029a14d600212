//! `--json`: the shapes that programs rely upon.

use serde_json::Value;

use super::fixture::{Fixture, Result};

/// The names in a document, with their nesting; of an array, its first element.
fn shape(value: &Value) -> String {
    match value {
        Value::Object(object) => {
            let names: Vec<String> = object
                .iter()
                .map(|(name, value)| match value {
                    Value::Object(_) | Value::Array(_) => format!("{name}: {}", shape(value)),
                    _ => name.clone(),
                })
                .collect();
            format!("{{{}}}", names.join(", "))
        }
        Value::Array(array) => format!("[{}]", array.first().map(shape).unwrap_or_default()),
        other => other.to_string(),
    }
}

#[test]
fn every_command_prints_one_document_of_a_known_shape() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(shape(&fixture.json(&["status"])?), @"{home, home_error, sqlite_home, sqlite_version, obstacle, config: {path, exists, problems: []}, databases: [{label, path, enabled, state, detail, size, wal_size, journal_mode, application_id, application_id_ok, file_system, writable, schema, decisions, snapshots: []}], index_error, backfill, inventory, others, goals, logs, history, problems}");
    insta::assert_snapshot!(shape(&fixture.json(&["backfill"])?), @"{outcome, scanned, indexed, unchanged, copies, failed, shrunk, deleted, gone, pending, lines_skipped, bytes, elapsed_ms, problems: [], history: {scanned, indexed, unchanged, copies, failed, deleted, gone, pending, bytes, elapsed_ms}}");
    insta::assert_snapshot!(shape(&fixture.json(&["threads", "--limit", "2"])?), @"{threads: [{id, agent, rollout_path, kind, parent_thread_id, forked_from_id, attached_to_thread_id, name, name_from, title, preview, first_user_message, created_at, created_at_ms, updated_at, updated_at_ms, archived, archived_at, archived_at_ms, missing_since, missing_since_ms, cwd, source, thread_source, model_provider, model, reasoning_effort, cli_version, originator, history_mode, sandbox_policy, approval_mode, own_tokens, inherited_tokens, git_sha, git_branch, git_origin_url, agent_nickname, agent_role, agent_path, memory_mode, run_outcome, goal, agent_goal, gone_since, gone_since_ms, agents: {count, own_tokens}}], next_cursor, backwards_cursor, others: {subagent}, missing, unreadable}");
    insta::assert_snapshot!(shape(&fixture.json(&["audit"])?), @"{files, threads, unseen, agrees, behind, repaired, differences: [], problems: []}");
    insta::assert_snapshot!(shape(&fixture.json(&["status"])?), @"{home, home_error, sqlite_home, sqlite_version, obstacle, config: {path, exists, problems: []}, databases: [{label, path, enabled, state, detail, size, wal_size, journal_mode, application_id, application_id_ok, file_system, writable, schema: {applied, known, needs, pending: [], unknown: [], mismatched: []}, decisions: {in_database, in_file, different, damaged_lines}, snapshots: []}], index_error, backfill: {status, watermark, last_success_at, last_success_at_ms, lease}, inventory: {current, archived, missing, deleted, files, lines_skipped, files_with_problems, unreadable}, others: {subagent}, goals, logs: {rows, bytes, logged_bytes, dropped_rows, oldest_at, oldest_at_ms, newest_at, newest_at_ms}, history: {files, bytes, failed, status, last_success_at, last_success_at_ms}, problems: []}");
    let id = "01a2036c-de71-77f1-a9e3-3c28701bba61";
    let show = fixture.json(&["threads", "show", id])?;
    insta::assert_snapshot!(shape(&show["agent"]), @"null");
    fixture.json(&["goals", "set", id, "x"])?;
    let thread = shape(&fixture.json(&["threads", "show", id])?["thread"]);
    for edit in [&["archive", id][..], &["unarchive", id], &["rename", id, "n"], &["memory", id, "disabled"]]
    {
        assert_eq!(shape(&fixture.json(&[&["threads"], edit].concat())?["thread"]), thread);
    }
    insta::assert_snapshot!(shape(&fixture.json(&["goals", "list"])?), @"{goals: [{thread_id, goal_id, objective, status, token_budget, tokens_used, seconds_used, created_at, created_at_ms, updated_at, updated_at_ms}], agent_goals: [], more}");
    insta::assert_snapshot!(shape(&fixture.json(&["goals", "pause", id])?), @"{thread_id, goal: {thread_id, goal_id, objective, status, token_budget, tokens_used, seconds_used, created_at, created_at_ms, updated_at, updated_at_ms}, results: [{thread_id, goal: {thread_id, goal_id, objective, status, token_budget, tokens_used, seconds_used, created_at, created_at_ms, updated_at, updated_at_ms}}]}");
    insta::assert_snapshot!(shape(&fixture.json(&["threads", "tree"])?), @"{agents: [{thread_id, parent_thread_id, depth, name, nickname, role, path, forked_from_id, is_fork, lifecycle, closed_by, outcome, updated_at, updated_at_ms}], deeper, next_before}");
    insta::assert_snapshot!(shape(&fixture.json(&["threads", "delete", id, "--yes"])?), @r#"{thread_id, deleted, rollout_path, files: ["sessions/2026/11/22/rollout-2026-11-22T13-23-16-01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl"], forks: [], pending: [], results: [{thread_id, deleted, rollout_path, files: ["sessions/2026/11/22/rollout-2026-11-22T13-23-16-01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl"], forks: [], pending: []}]}"#);
    insta::assert_snapshot!(shape(&fixture.json(&["completions", "bash"])?), @"{shell, script}");
    Ok(())
}

#[test]
fn times_are_given_twice() -> Result {
    let fixture = Fixture::bundled()?;
    let thread = &fixture.json(&["threads", "show", "01a2036c-de71"])?["thread"];
    assert_eq!(thread["created_at"], "2019-11-22T13:23:16.213Z");
    assert_eq!(thread["created_at_ms"], 1_574_428_996_213_i64);
    assert_eq!(thread["archived"], false);
    assert_eq!(thread["archived_at"], Value::Null);
    Ok(())
}

#[test]
fn an_error_is_an_object_on_stderr() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["--json", "threads", "show", "zzz"])?.all(), @r#"
    exit 2
    --- stderr
    {"error":{"message":"no thread has the id or the name `zzz`","hint":"`threadkeep threads` lists the threads that exist, and `threadkeep search` finds what was said in them"}}
    "#);
    insta::assert_snapshot!(fixture.run(&["--json", "--home", "nowhere", "threads"])?.all(), @r#"
    exit 2
    --- stderr
    {"error":{"message":"there is no agent home at nowhere","hint":"pass the agent's home with --home DIR, or set CODEX_HOME; `threadkeep agents` lists other agents"}}
    "#);
    insta::assert_snapshot!(fixture.run(&["threads", "--limt", "--json"])?.all(), @r#"
    exit 2
    --- stderr
    {"error":{"message":"there is no option `--limt`","hint":"`--limit` is an option"}}
    "#);
    Ok(())
}
