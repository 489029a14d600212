//! Threads that belong together: files of one thread, forks and sub-agents.

mod endings;
#[cfg(unix)]
mod served;
mod words;

use std::fs;

use serde_json::{Value, json};

use crate::fixture::{Fixture, Result};

/// A rollout of one turn.
struct Rollout<'a> {
    thread: u8,
    segment: Option<u8>,
    day: u8,
    /// First ordinal.
    begins: u64,
    words: &'a str,
    tokens: u64,
    /// Fields of `session_meta` besides the usual ones.
    meta: Value,
    /// Payloads of further events.
    events: Vec<Value>,
}

pub(crate) fn id(n: u8) -> String {
    format!("01a21000-{n:04}-7000-8000-00000000{n:02}ab")
}

impl Rollout<'_> {
    fn path(&self) -> String {
        let segment = self.segment.map(|segment| format!("_{}", id(segment))).unwrap_or_default();
        let (day, thread) = (self.day, id(self.thread));
        format!("sessions/2019/11/{day}/rollout-2019-11-{day}T10-00-00-{thread}{segment}.jsonl")
    }

    fn write(&self, fixture: &Fixture) -> Result {
        let id = id(self.thread);
        let at = format!("2019-11-{}T10:00:00.000Z", self.day);
        let mut meta = json!({
            "session_id": id, "id": id, "timestamp": at, "cwd": "/tmp/project", "source": "cli",
            "thread_source": "user", "model_provider": "mock", "cli_version": "0.171.0",
        });
        if let (Value::Object(meta), Value::Object(more)) = (&mut meta, &self.meta) {
            meta.extend(more.clone());
        }
        let text = json!([{ "type": "text", "text": self.words }]);
        let turn = format!("t{}", self.begins);
        let usage = json!({ "total_tokens": self.tokens, "input_tokens": self.tokens });
        let mut payloads = vec![
            ("session_meta", meta),
            ("event_msg", json!({ "type": "task_started", "turn_id": turn })),
            (
                "event_msg",
                json!({ "type": "item_completed", "turn_id": turn, "item": { "type": "UserMessage", "content": text } }),
            ),
            (
                "event_msg",
                json!({ "type": "token_count", "info": { "total_token_usage": usage, "last_token_usage": usage } }),
            ),
        ];
        payloads.extend(self.events.iter().cloned().map(|event| ("event_msg", event)));
        payloads.push(("event_msg", json!({ "type": "task_complete", "turn_id": turn })));
        let lines = payloads.into_iter().zip(self.begins..).map(|((kind, payload), ordinal)| {
            format!("{}\n", json!({ "timestamp": at, "ordinal": ordinal, "type": kind, "payload": payload }))
        });
        let path = fixture.home().join(self.path());
        fs::create_dir_all(path.parent().ok_or("a folder")?)?;
        Ok(fs::write(path, lines.collect::<String>())?)
    }
}

fn root(thread: u8, day: u8, words: &str) -> Rollout<'_> {
    let meta = json!({ "history_mode": "paginated" });
    Rollout { thread, segment: None, day, begins: 0, words, tokens: 1_000, meta, events: Vec::new() }
}

/// The base of a file that builds on the whole of a root.
fn base(thread: u8) -> Value {
    json!({ "thread_id": id(thread), "end_ordinal_exclusive": 5, "end_byte_offset": 999_999 })
}

/// Writes a thread with the words of another, and an id of its own.
pub(crate) fn alike(fixture: &Fixture, thread: u8, id: &str) -> Result {
    let rollout = root(thread, 20, "");
    let (from, to) = (rollout.path(), rollout.path().replace(&self::id(thread), id));
    let text = fs::read_to_string(fixture.home().join(from))?;
    Ok(fs::write(fixture.home().join(to), text.replace(&self::id(thread), id))?)
}

/// Thread 1 has a second file and a sub-agent, thread 3; thread 4 is its fork.
pub(crate) fn family() -> Result<Fixture> {
    let fixture = Fixture::empty()?;
    root(1, 20, "Plan the greenhouse").write(&fixture)?;
    let part = json!({ "history_mode": "paginated", "history_base": base(1) });
    let more =
        Rollout { segment: Some(2), day: 21, begins: 5, tokens: 3_000, meta: part, ..root(1, 21, "Go on") };
    more.write(&fixture)?;
    let spawn = json!({
        "source": { "subagent": { "thread_spawn": { "parent_thread_id": id(1), "depth": 1, "agent_nickname": "Fern", "agent_role": "scout" } } },
        "thread_source": "subagent", "agent_nickname": "Fern", "parent_thread_id": id(1),
    });
    Rollout { meta: spawn, tokens: 200, ..root(3, 20, "Count the panes") }.write(&fixture)?;
    let fork = json!({ "history_mode": "paginated", "forked_from_id": id(1), "history_base": base(1) });
    Rollout { begins: 5, tokens: 1_500, meta: fork, ..root(4, 22, "Build it of glass") }.write(&fixture)?;
    Ok(fixture)
}
