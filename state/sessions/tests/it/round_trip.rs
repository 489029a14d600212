//! Items of Codex's threads: the mirrored rollout has the same as the thread.

use std::collections::BTreeSet;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use serde_json::{Value, json};
use threadkeep_redact::redact;
use threadkeep_rollout::{AgentHome, Chain, ItemsView, TurnItem, TurnItemKind, command_line, read_turns};
use threadkeep_sessions::{Session, ThreadIds, store, to_rollout};

use crate::codex::{HOMES, example};
use crate::facts::Result;

const DAY: &str = "sessions/2026/01/01";
const NAME: &str = "rollout-2026-01-01T00-00-00-01a2210d-9acc-7093-ac93-51f122512875.jsonl";

/// Items of every kind that newer versions of Codex write, and an unknown one.
fn items() -> Vec<Value> {
    vec![
        json!({"type": "UserMessage", "content": [{"type": "text", "text": "Hi"}, {"type": "image"}]}),
        json!({"type": "AgentMessage", "content": [{"type": "Text", "text": "Ho"}], "phase": "final_answer"}),
        json!({"type": "Reasoning", "summary_text": ["one", "two"]}),
        json!({"type": "CommandExecution", "command": ["ls", "-l"], "cwd": "/p", "status": "completed",
            "exit_code": 0, "duration": {"secs": 1, "nanos": 5_000_000}, "aggregated_output": "a\n"}),
        json!({"type": "FileChange", "changes": {"/p/a": {"type": "add", "content": "a\n"},
            "/p/b": {"type": "update", "unified_diff": "@@\n-a\n+b\n", "move_path": "/p/c"},
            "/p/d": {"type": "delete", "content": "d\n"}}, "status": "failed", "stderr": "no"}),
        json!({"type": "Plan", "text": "so", "steps": [{"step": "first", "status": "pending"}, {"step": "b"}]}),
        json!({"type": "CollabAgentToolCall", "tool": "wait", "status": "completed", "prompt": "look",
            "receiver_thread_ids": ["t1", "t2", "t3"],
            "receiver_agents": [{"thread_id": "t2", "agent_nickname": "Ada"}],
            "agents_states": {"t1": "running", "t2": {"completed": "all is well"}}}),
        json!({"type": "SubAgentActivity", "kind": "started", "agent_thread_id": "t1", "agent_path": "a/b"}),
        json!({"type": "McpToolCall", "server": "s", "tool": "t", "arguments": {"a": 1}, "status": "completed",
            "result": {"content": [{"text": "one"}, {"text": "two"}]}, "duration": {"secs": 0, "nanos": 7_000_000}}),
        json!({"type": "ToolCall", "name": "n", "arguments": "{}", "output": "o"}),
        json!({"type": "WebSearch", "query": "rust"}),
        json!({"type": "ImageView", "path": "/p/a.png"}),
        json!({"type": "ImageGeneration", "status": "completed", "revised_prompt": "a cat",
            "saved_path": "/p/cat.png"}),
        json!({"type": "ContextCompaction"}),
        json!({"type": "EnteredReviewMode", "user_facing_hint": "changes"}),
        json!({"type": "ExitedReviewMode", "review_output": {"overall_explanation": "good"}}),
        json!({"type": "Dream", "of": ["sheep", 7]}),
    ]
}

/// Returns the session of a thread with these items, as it is read.
fn session(items: &[Value]) -> Result<Session> {
    let home = tempfile::tempdir()?;
    let event = |payload: Value| {
        json!({"timestamp": "2026-01-01T00:00:01Z", "type": "event_msg", "payload": payload}).to_string()
    };
    let mut lines = vec![event(json!({"type": "task_started", "turn_id": "1"}))];
    for (number, item) in items.iter().enumerate() {
        let mut item = item.clone();
        item["id"] = json!(format!("item-{number}"));
        lines.push(event(json!({"type": "item_completed", "turn_id": "1", "item": item})));
    }
    fs::create_dir_all(home.path().join(DAY))?;
    fs::write(home.path().join(DAY).join(NAME), lines.join("\n") + "\n")?;
    let open = store("codex").ok_or("known")?.open(home.path())?;
    Ok(open.read(&open.sessions()[0])?)
}

/// Returns the items of a session's rollout.
fn mirrored(session: &Session) -> Result<Vec<TurnItem>> {
    let home = tempfile::tempdir()?;
    fs::create_dir_all(home.path().join(DAY))?;
    fs::write(home.path().join(DAY).join(NAME), to_rollout(session, &ThreadIds::new("codex", [])))?;
    let home = AgentHome::open(home.path())?;
    let files = home.discover();
    let chain = Chain::resolve(&home, &files.files[0], |_| true)?;
    let mut items = Vec::new();
    read_turns(&chain, ItemsView::Full, |turn| {
        items.extend(turn.items);
        ControlFlow::Continue(())
    })?;
    Ok(items)
}

/// Returns an item as JSON with all texts redacted.
fn json_of(item: &TurnItem) -> Value {
    fn redacted(value: Value) -> Value {
        match value {
            Value::String(text) => Value::String(redact(&text).into_owned()),
            Value::Array(values) => values.into_iter().map(redacted).collect(),
            Value::Object(fields) => {
                fields.into_iter().map(|(name, value)| (name, redacted(value))).collect()
            }
            other => other,
        }
    }
    redacted(serde_json::to_value(item).unwrap_or_default())
}

fn all(items: &[TurnItem]) -> Vec<Value> {
    items.iter().map(json_of).collect()
}

fn own_items(session: &Session) -> Vec<TurnItem> {
    session.turns.iter().flat_map(|turn| turn.items.clone()).collect()
}

#[test]
fn items_of_every_kind_are_written_as_they_are_read() -> Result {
    let session = session(&items())?;
    let (original, written) = (all(&own_items(&session)), all(&mirrored(&session)?));
    assert_eq!(written, original);
    let kinds: BTreeSet<_> = original.iter().filter_map(|item| item["type"].as_str()).collect();
    // A kind that is added, and not written, is in its source alone.
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../rollout/src/format/item.rs");
    let source = fs::read_to_string(source)?;
    let (_, variants) = source.split_once("pub enum TurnItemKind {").ok_or("the kinds")?;
    let (variants, _) = variants.split_once("\n}").ok_or("their end")?;
    let names = variants.lines().filter_map(|line| line.strip_prefix("    "));
    let names = names.filter(|line| line.starts_with(|first: char| first.is_ascii_uppercase()));
    let names = names.map(|line| line.trim_end_matches([' ', '{', ',']));
    let in_camel_case = |name: &str| name[..1].to_ascii_lowercase() + &name[1..];
    assert_eq!(
        names.map(in_camel_case).collect::<BTreeSet<_>>(),
        kinds.into_iter().map(str::to_owned).collect()
    );
    Ok(())
}

#[test]
fn items_of_the_examples_are_written_as_they_are_read() -> Result {
    for name in HOMES {
        let open = store("codex").ok_or("known")?.open(&example(name))?;
        for found in open.sessions() {
            let session = open.read(found)?;
            assert_eq!(all(&mirrored(&session)?), all(&own_items(&session)), "{name}: {}", found.native_id);
        }
    }
    Ok(())
}

#[test]
fn secrets_after_an_option_are_in_no_rollout() -> Result {
    let items = [["curl", "-u", "me:hunter22x"], ["sshpass", "-p", "pw1xhunter22x"], ["git", "log", "-1"]]
        .map(|command| json!({"type": "CommandExecution", "command": command}));
    let items = mirrored(&session(&items)?)?;
    let commands: Vec<_> = items
        .iter()
        .filter_map(|item| match &item.kind {
            TurnItemKind::CommandExecution { command, .. } => Some(command_line(command)),
            _ => None,
        })
        .collect();
    assert_eq!(commands, ["curl -u [redacted:login]", "sshpass -p [redacted:login]", "git log -1"]);
    Ok(())
}
