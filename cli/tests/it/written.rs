//! Rollouts that tests write line by line.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::fixture::{Fixture, Result};

/// A rollout with one turn.
pub(crate) struct Rollout<'a> {
    /// The last digits of the thread's id.
    pub(crate) n: u32,
    /// Time of its first line: `2026-10-01T10:00`.
    pub(crate) at: &'a str,
    pub(crate) cwd: &'a str,
    /// Words of the user; none in an empty session.
    pub(crate) said: Option<&'a str>,
    pub(crate) source: Value,
    pub(crate) model: &'a str,
    pub(crate) tokens: i64,
    /// Further fields of the first line.
    pub(crate) meta: Value,
    pub(crate) ends: bool,
}

impl Default for Rollout<'_> {
    fn default() -> Self {
        Self {
            n: 1,
            at: "2026-10-01T10:00",
            cwd: "/srv/code",
            said: Some("Say hello"),
            source: json!("cli"),
            model: "model-one",
            tokens: 100,
            meta: json!({}),
            ends: true,
        }
    }
}

/// The id of a thread with these last digits.
pub(crate) fn id(n: u32) -> String {
    format!("01a21000-{n:04x}-7000-8000-{n:012x}")
}

impl Rollout<'_> {
    /// Writes it into the home, and returns its path.
    pub(crate) fn write(&self, fixture: &Fixture) -> Result<PathBuf> {
        self.write_to(&fixture.home())
    }

    pub(crate) fn write_to(&self, home: &std::path::Path) -> Result<PathBuf> {
        let (id, at) = (id(self.n), self.at);
        let mut meta = json!({
            "id": id, "session_id": id, "timestamp": format!("{at}:00.000Z"), "cwd": self.cwd,
            "originator": "codex_cli_rs", "cli_version": "0.171.0", "source": self.source,
            "model_provider": "openai",
        });
        for (name, value) in self.meta.as_object().ok_or("an object")? {
            meta[name] = value.clone();
        }
        let event = |payload: Value| ("event_msg", payload);
        let mut lines = vec![("session_meta", meta)];
        if let Some(said) = self.said {
            let info = json!({
                "total_token_usage": { "total_tokens": self.tokens },
                "last_token_usage": { "total_tokens": self.tokens },
            });
            lines.extend([
                event(json!({ "type": "task_started", "turn_id": "t1" })),
                (
                    "turn_context",
                    json!({ "turn_id": "t1", "cwd": self.cwd, "model": self.model,
                    "approval_policy": "never", "sandbox_policy": { "type": "read-only" } }),
                ),
                event(json!({ "type": "user_message", "message": said })),
                event(json!({ "type": "token_count", "info": info })),
            ]);
            if self.ends {
                lines.push(event(
                    json!({ "type": "task_complete", "turn_id": "t1", "last_agent_message": "ok" }),
                ));
            }
        }
        let line = |(n, (kind, payload)): (usize, (&str, Value))| {
            let line = json!({ "timestamp": format!("{at}:{n:02}.000Z"), "type": kind, "payload": payload });
            format!("{line}\n")
        };
        let text: String = lines.into_iter().enumerate().map(line).collect();
        let folder = home.join("sessions").join(at[..10].replace('-', "/"));
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("rollout-{}-00-{id}.jsonl", at.replace(':', "-")));
        fs::write(&path, text)?;
        Ok(path)
    }
}

/// The source of a sub-agent.
pub(crate) fn spawned_by(n: u32, nickname: &str) -> Value {
    json!({ "subagent": { "thread_spawn": {
        "parent_thread_id": id(n), "depth": 1, "agent_nickname": nickname } } })
}
