//! A transcript as one JSON document, written turn by turn. Fields of the thread have the names of
//! the table `threads`.

use jiff::Timestamp;
use serde::{Serialize as _, Serializer};
use serde_json::{Value, json};
use threadkeep_app::text::is_hazard;

use super::Render;
use crate::head::Head;
use crate::model::Turn;
use crate::turns::Reading;

/// Renderer for programs.
#[derive(Debug, Default)]
pub struct Json {
    has_turns: bool,
}

/// Serializes the time of an item in its two forms.
pub(crate) fn item_times<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    let [at, at_ms] = times(*time);
    json!({ "at": at, "at_ms": at_ms }).serialize(serializer)
}

impl Render for Json {
    fn begin(&mut self, head: &Head) -> String {
        let [created_at, created_at_ms] = times(Some(head.created_at));
        let [updated_at, updated_at_ms] = times(Some(head.updated_at));
        let head = json!({
            "thread_id": head.id,
            "forked_from_id": head.forked_from,
            "name": head.name,
            "title": head.title,
            "cwd": head.cwd,
            "model_provider": head.model_provider,
            "model": head.model,
            "cli_version": head.version,
            "git_branch": head.branch,
            "agent_nickname": head.agent_nickname,
            "agent_path": head.agent_path,
            "created_at": created_at,
            "created_at_ms": created_at_ms,
            "updated_at": updated_at,
            "updated_at_ms": updated_at_ms,
            "redacted": head.is_redacted,
        });
        let head = text(&head);
        format!("{},\"turns\":[", head.strip_suffix('}').unwrap_or(&head))
    }

    fn turn(&mut self, turn: &Turn) -> String {
        let [started_at, started_at_ms] = times(turn.started_at);
        let [ended_at, ended_at_ms] = times(turn.ended_at);
        let status = serde_json::to_value(turn.status).ok();
        let document = json!({
            "number": turn.number,
            "id": turn.id,
            "status": status.as_ref().and_then(Value::as_str).map(snake_case),
            "error": turn.error,
            "inherited": turn.inherited,
            "started_at": started_at,
            "started_at_ms": started_at_ms,
            "ended_at": ended_at,
            "ended_at_ms": ended_at_ms,
            "duration_ms": turn.duration_ms,
            "items": turn.items,
            "omitted_items": turn.omitted,
        });
        let comma = if std::mem::replace(&mut self.has_turns, true) { "," } else { "" };
        format!("{comma}\n{}", text(&document))
    }

    fn end(&mut self, reading: &Reading) -> String {
        let problem = reading.problem.map(|problem| problem.to_string());
        let end = json!({ "turns_total": reading.total, "problem": problem });
        let end = text(&end);
        format!("\n],{}\n", end.strip_prefix('{').unwrap_or(&end))
    }
}

/// Returns a time in its two forms.
fn times(at: Option<Timestamp>) -> [Value; 2] {
    [json!(at.map(|at| format!("{at:.3}"))), json!(at.map(Timestamp::as_millisecond))]
}

fn snake_case(camel: &str) -> String {
    let mut snake = String::with_capacity(camel.len() + 1);
    for c in camel.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// Renders a value in one line. Characters that a terminal would obey occur only in strings, and
/// are escaped.
fn text(value: &Value) -> String {
    let rendered = value.to_string();
    let mut text = String::with_capacity(rendered.len());
    for c in rendered.chars() {
        if is_hazard(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text
}
