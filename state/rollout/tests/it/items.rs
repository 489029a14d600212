//! Items of turns: one vocabulary for versions that write calls, and versions that write items.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde_json::{Value, json};
use threadkeep_rollout::{
    AgentHome, Chain, EditKind, ItemsView, TurnItemKind, TurnPage, TurnQuery, list_turns,
};

use crate::{NAME, Result};

fn full(chain: &Chain) -> Result<TurnPage> {
    let mut query = TurnQuery::default();
    query.view = ItemsView::Full;
    Ok(list_turns(chain, &query)?)
}

/// Returns the items of a rollout with these lines.
fn items_of(lines: &[Value]) -> Result<Vec<TurnItemKind>> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join(NAME);
    std::fs::write(&path, lines.iter().map(|line| format!("{line}\n")).collect::<String>())?;
    let turns = full(&Chain::of_file(&path, false))?.turns;
    Ok(turns.into_iter().flat_map(|turn| turn.items).map(|item| item.kind).collect())
}

fn event(payload: Value) -> Value {
    json!({"timestamp": "2026-11-29T08:00:00.000Z", "type": "event_msg", "payload": payload})
}

fn response(payload: Value) -> Value {
    json!({"timestamp": "2026-11-29T08:00:00.000Z", "type": "response_item", "payload": payload})
}

/// Returns the item of a call with these arguments, and its answer.
fn called(name: &str, arguments: &str, output: &str) -> Result<TurnItemKind> {
    let call = json!({"type": "function_call", "name": name, "arguments": arguments, "call_id": "c"});
    let answer = json!({"type": "function_call_output", "call_id": "c", "output": output});
    let user = event(json!({"type": "user_message", "message": "go"}));
    let items = items_of(&[user, response(call), response(answer)])?;
    items.into_iter().nth(1).ok_or_else(|| "the call is an item".into())
}

#[test]
fn tools_of_two_versions() -> Result {
    let home = AgentHome::open(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples/home-tools"))?;
    let mut all = String::new();
    for file in home.discover().files {
        writeln!(all, "{}", crate::extract(&home, &file)?.metadata.cli_version.unwrap_or_default())?;
        for turn in full(&Chain::of_file(&home.absolute(&file.path), false))?.turns {
            for item in turn.items {
                writeln!(all, "  {}", serde_json::to_string(&item.kind)?)?;
            }
        }
    }
    insta::assert_snapshot!(all);
    Ok(())
}

#[test]
fn a_plan_is_read_next_to_whole_items() -> Result {
    let plan = r#"{"plan": [{"step": "Read", "status": "completed"}, {"step": "", "status": "pending"}]}"#;
    let call = |name: &str, arguments: &str| {
        response(
            json!({"type": "function_call", "id": "f", "name": name, "arguments": arguments, "call_id": "c"}),
        )
    };
    let content = json!([{"type": "Text", "text": "Hi"}]);
    let items = items_of(&[
        event(json!({"type": "task_started", "turn_id": "a"})),
        event(json!({"type": "item_completed", "item": {"type": "UserMessage", "content": content}})),
        call("update_plan", plan),
        call("exec_command", r#"{"cmd": "ls"}"#),
    ])?;
    assert!(
        matches!(&items[..], [TurnItemKind::UserMessage { .. }, TurnItemKind::Plan { steps, .. }] if steps.len() == 1)
    );
    Ok(())
}

#[test]
fn a_patch_is_its_files_and_hunks() -> Result {
    let patch = "*** Begin Patch\n*** Update File: src/a.rs\n*** Move to: src/b.rs\n@@ fn a\n-x\n+y\n*** Add File: b.md\n+z\n+\n*** Delete File: c\n*** End Patch\nnot in it";
    let shell = json!({"command": ["bash", "-lc", format!("apply_patch <<'EOF'\n{patch}\nEOF")]}).to_string();
    let alone = json!({"command": ["apply_patch", patch]}).to_string();
    for (name, arguments) in [("shell", &*shell), ("shell", &*alone), ("apply_patch", patch)] {
        let TurnItemKind::FileChange { changes, status, output } = called(name, arguments, "Success.")?
        else {
            return Err("a patch changes files".into());
        };
        let short = changes.iter().map(|edit| (edit.path.as_str(), &edit.kind, edit.diff.as_str()));
        let moved = EditKind::Update { move_path: Some("src/b.rs".into()) };
        assert_eq!(
            short.collect::<Vec<_>>(),
            [
                ("src/a.rs", &moved, "@@ fn a\n-x\n+y\n"),
                ("b.md", &EditKind::Add, "z\n\n"),
                ("c", &EditKind::Delete, ""),
            ]
        );
        assert_eq!((changes[1].unified().as_ref(), changes[1].counts()), ("+z\n+\n", (2, 0)));
        assert_eq!((status.as_deref(), output.as_deref()), (Some("completed"), Some("Success.")));
    }
    let failed = called("apply_patch", patch, "apply_patch verification failed: no such line")?;
    assert!(matches!(failed, TurnItemKind::FileChange { status, .. } if status.as_deref() == Some("failed")));
    Ok(())
}

#[test]
fn arguments_of_another_shape_are_a_call() -> Result {
    for (name, arguments) in [
        ("shell", "{}"),
        ("exec_command", r#"{"cmd": 7}"#),
        ("update_plan", "not JSON"),
        ("apply_patch", "*** Begin Patch\n*** End Patch"),
        ("spawn_agent", "{}"),
        ("view_image", "[]"),
        ("mcp__", "{}"),
        ("write_stdin", r#"{"session_id": 7}"#),
    ] {
        let TurnItemKind::ToolCall { name: called, output, .. } = called(name, arguments, "ok")? else {
            return Err(format!("{name} {arguments} is a call").into());
        };
        assert_eq!((called.as_str(), output.as_deref()), (name, Some("ok")));
    }
    Ok(())
}

#[test]
fn other_agents_of_every_version() -> Result {
    let spawned =
        called("spawn_agent", r#"{"message": "Look"}"#, r#"{"agent_id": "a1", "nickname": "Newton"}"#)?;
    assert_eq!(
        serde_json::to_value(&spawned)?,
        json!({
            "type": "collabAgentToolCall", "tool": "spawn_agent", "status": null, "prompt": "Look",
            "agents": [{"threadId": "a1", "nickname": "Newton", "state": null, "message": null}],
        })
    );
    let item = json!({"type": "CollabAgentToolCall", "tool": "wait", "status": "completed",
        "receiver_thread_ids": ["a1", "a2"], "receiver_agents": [{"thread_id": "a2", "agent_nickname": "Boyle"}],
        "agents_states": {"a1": "running", "a2": {"completed": "Done"}}});
    let activity = json!({"type": "SubAgentActivity", "kind": "started", "agent_thread_id": "a3", "agent_path": "/root/h"});
    let completed = |item: Value| event(json!({"type": "item_completed", "item": item}));
    let start = event(json!({"type": "task_started", "turn_id": "a"}));
    let items = items_of(&[start, completed(item), completed(activity)])?;
    assert_eq!(
        serde_json::to_value(&items)?,
        json!([
            {"type": "collabAgentToolCall", "tool": "wait", "status": "completed", "prompt": null, "agents": [
                {"threadId": "a1", "nickname": null, "state": "running", "message": null},
                {"threadId": "a2", "nickname": "Boyle", "state": "completed", "message": "Done"},
            ]},
            {"type": "subAgentActivity", "activity": "started", "threadId": "a3", "agentPath": "/root/h"},
        ])
    );
    Ok(())
}
