//! Rollouts made of lines, and their transcripts.

use std::error::Error;
use std::ops::ControlFlow::Continue;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;
use serde_json::{Value, json};
use tempfile::TempDir;
use threadkeep_app::time::Clock;
use threadkeep_rollout::Chain;
use threadkeep_transcript::render::html::Html;
use threadkeep_transcript::render::json::Json;
use threadkeep_transcript::render::markdown::Markdown;
use threadkeep_transcript::render::terminal::Terminal;
use threadkeep_transcript::turns::{self, Reading, Selection};
use threadkeep_transcript::{Builder, Render, Secrets};

pub(crate) type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// A rollout in a folder of its own.
pub(crate) struct Rollout {
    folder: TempDir,
}

impl Rollout {
    pub(crate) fn of(lines: &[Value]) -> Result<Rollout> {
        let folder = tempfile::tempdir()?;
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        std::fs::write(folder.path().join("rollout.jsonl"), text)?;
        Ok(Rollout { folder })
    }

    pub(crate) fn chain(&self) -> Chain {
        Chain::of_file(&self.path(), false)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("rollout.jsonl")
    }
}

pub(crate) fn clock() -> Result<Clock> {
    Ok(Clock::at("2027-01-01T00:00:00Z".parse::<jiff::Timestamp>()?.to_zoned(TimeZone::UTC)))
}

/// Returns every renderer, by its name.
pub(crate) fn renderers(chain: &Chain, full: bool) -> Result<[(&'static str, Box<dyn Render>); 4]> {
    Ok([
        ("text", Box::new(Terminal { width: 80, full, clock: clock()? })),
        ("markdown", Box::new(Markdown { full, clock: clock()? })),
        ("json", Box::new(Json::default())),
        ("html", Box::new(Html { turns: turns::list(chain)?, clock: clock()? })),
    ])
}

/// Renders the turns, without a head.
pub(crate) fn render(
    chain: &Chain,
    renderer: &mut dyn Render,
    secrets: Secrets,
    selection: Selection,
) -> Result<(String, Reading)> {
    let builder = Builder { secrets, cwd: Some("/tmp/project/widget".to_owned()), is_running: false };
    let mut text = String::new();
    let reading = turns::read(chain, selection, |number, turn| {
        text.push_str(&renderer.turn(&builder.turn(number, turn)));
        Continue(())
    })?;
    text.push_str(&renderer.end(&reading));
    Ok((text, reading))
}

pub(crate) fn examples(home: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(home)
}

pub(crate) fn event(payload: Value) -> Value {
    json!({"timestamp": "2026-11-29T08:00:00.000Z", "type": "event_msg", "payload": payload})
}

pub(crate) fn started(turn: &str) -> Value {
    event(json!({"type": "task_started", "turn_id": turn}))
}

pub(crate) fn ended(turn: &str) -> Value {
    event(json!({"type": "task_complete", "turn_id": turn, "duration_ms": 1_500}))
}

pub(crate) fn item(item: Value) -> Value {
    event(json!({"type": "item_completed", "item": item}))
}

pub(crate) fn user(text: &str) -> Value {
    item(json!({"type": "UserMessage", "content": [{"type": "text", "text": text}]}))
}

pub(crate) fn agent(text: &str) -> Value {
    item(json!({"type": "AgentMessage", "content": [{"type": "Text", "text": text}]}))
}

/// Returns a turn in which each kind of item has this text wherever it can have one.
pub(crate) fn everywhere(text: &str) -> Vec<Value> {
    let call = |name: &str, arguments: Value| {
        let call = json!({"type": "function_call", "name": name, "arguments": arguments.to_string(), "call_id": "c"});
        json!({"timestamp": "2026-11-29T08:00:00.000Z", "type": "response_item", "payload": call})
    };
    let changes = json!({
        format!("/p/{text}/a"): {"type": "add", "content": text},
        "/p/d": {"type": "delete", "content": text},
        "/p/u": {"type": "update", "unified_diff": format!("@@ -1 +1 @@\n-{text}\n+{text}\n"), "move_path": format!("/p/{text}")},
    });
    let agents = json!({"id-1": {"completed": text}});
    vec![
        started("a"),
        user(&format!("# Context from my IDE setup:\n{text}\n## My request for Codex:\n{text}")),
        user(text),
        agent(text),
        item(json!({"type": "Reasoning", "summary_text": [text]})),
        item(
            json!({"type": "CommandExecution", "command": ["bash", "-lc", format!("echo {text}")], "cwd": format!("/{text}"),
            "status": "completed", "aggregated_output": text, "exit_code": 0, "duration": {"secs": 1, "nanos": 0}}),
        ),
        item(
            json!({"type": "CommandExecution", "command": ["echo", text], "status": "failed", "exit_code": 1}),
        ),
        item(json!({"type": "FileChange", "changes": changes, "status": "completed"})),
        item(json!({"type": "FileChange", "changes": changes, "status": "failed", "stderr": text})),
        call("update_plan", json!({"explanation": text, "plan": [{"step": text, "status": "pending"}]})),
        item(json!({"type": "Plan", "text": text})),
        item(json!({"type": "CollabAgentToolCall", "tool": "wait", "status": "completed", "prompt": text,
            "receiver_thread_ids": ["id-1"], "receiver_agents": [{"thread_id": "id-1", "agent_nickname": "Newton"}], "agents_states": agents})),
        item(
            json!({"type": "McpToolCall", "server": "s", "tool": "t", "arguments": {"a": text}, "status": "completed",
            "result": {"content": [{"type": "text", "text": text}]}}),
        ),
        item(
            json!({"type": "McpToolCall", "server": "s", "tool": "t", "arguments": {}, "status": "failed", "error": {"message": text}}),
        ),
        item(json!({"type": "WebSearch", "query": text})),
        item(json!({"type": "ImageView", "path": format!("/{text}.png")})),
        item(json!({"type": "ImageGeneration", "status": "completed", "revised_prompt": text})),
        item(json!({"type": "EnteredReviewMode", "user_facing_hint": text})),
        item(json!({"type": "ExitedReviewMode", "review_output": {"overall_explanation": text}})),
        item(json!({"type": "Unheard", "text": text})),
        event(json!({"type": "error", "message": text})),
        ended("a"),
    ]
}

/// Returns a turn of a version that writes calls alone, with this text in each.
pub(crate) fn called(text: &str) -> Vec<Value> {
    let response = |payload: Value| json!({"timestamp": "2026-11-29T08:00:00.000Z", "type": "response_item", "payload": payload});
    let mut lines = vec![event(json!({"type": "user_message", "message": text}))];
    let patch = format!("*** Begin Patch\n*** Add File: a-{text}\n+{text}\n*** End Patch");
    let calls = [
        ("shell", json!({"command": ["bash", "-lc", format!("echo {text}")]}).to_string()),
        ("apply_patch", patch),
        ("spawn_agent", json!({"message": text}).to_string()),
        ("mcp__s__t", json!({"a": text}).to_string()),
        ("write_stdin", json!({"chars": text}).to_string()),
    ];
    for (n, (name, arguments)) in calls.into_iter().enumerate() {
        let id = format!("c{n}");
        lines.push(response(
            json!({"type": "function_call", "name": name, "arguments": arguments, "call_id": id}),
        ));
        lines.push(response(json!({"type": "function_call_output", "call_id": id, "output": text})));
    }
    lines.push(event(json!({"type": "agent_message", "message": text})));
    lines
}
