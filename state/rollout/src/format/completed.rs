//! Items as newer versions write them whole: `event_msg` / `item_completed`.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::call::{content_texts, plan_steps, query};
use super::edit;
use super::fact::Fact;
use super::file_url::plain_path;
use super::item::{CalledAgent, TurnItem, TurnItemKind};
use super::user_message::UserMessage;
use crate::json::{self, Raw};
use crate::text::{MAX_ITEM_TEXT, MAX_NAME, bounded};

/// Reads the item of an `item_completed`.
pub(super) fn read<'a>(raw: Raw<'_>, turn_id: Option<String>, at: Option<Timestamp>) -> Option<Fact<'a>> {
    let [item_type, id, content, kind] = json::object(raw, ["type", "id", "content", "kind"]);
    let item_type = json::text(item_type)?;
    let id = json::owned(id);
    if item_type == "UserMessage" {
        let message = UserMessage::of_content(content);
        let injected = json::text(kind).map_or(message.injected, |kind| kind != "plain");
        let message = UserMessage { id, injected, ..message };
        return Some(Fact::UserMessage { turn_id, message });
    }
    let kind = of_type(&item_type, raw?)?;
    Some(Fact::TurnItem { turn_id, item: TurnItem { id, at, kind, written: None } })
}

fn of_type(item_type: &str, item: &str) -> Option<TurnItemKind> {
    let raw = Some(item);
    Some(match item_type {
        "AgentMessage" => {
            let [content, phase] = json::object(raw, ["content", "phase"]);
            let text = bounded(&UserMessage::of_content(content).text, MAX_ITEM_TEXT);
            TurnItemKind::AgentMessage { text, phase: json::owned(phase) }
        }
        "Reasoning" => {
            let [summary] = json::object(raw, ["summary_text"]);
            let summary = json::texts(summary).map(|text| bounded(&text, MAX_ITEM_TEXT));
            TurnItemKind::Reasoning { summary: summary.collect() }
        }
        "CommandExecution" => {
            #[rustfmt::skip]
            let [command, cwd, status, exit_code, duration, output] = json::object(raw, [
                "command", "cwd", "status", "exit_code", "duration", "aggregated_output",
            ]);
            TurnItemKind::CommandExecution {
                command: json::texts(command).map(Cow::into_owned).collect(),
                cwd: json::text(cwd).map(|cwd| plain_path(&cwd)),
                status: json::owned(status),
                exit_code: json::number(exit_code),
                duration_ms: milliseconds(duration),
                output: json::long(output),
            }
        }
        "FileChange" => {
            let [changes, status, stdout, stderr] =
                json::object(raw, ["changes", "status", "stdout", "stderr"]);
            let has_words = |text: &String| !text.is_empty();
            let output =
                json::long(stderr).filter(has_words).or_else(|| json::long(stdout).filter(has_words));
            TurnItemKind::FileChange { changes: edit::changes(changes), status: json::owned(status), output }
        }
        "Plan" => {
            // Only a session that was translated has steps: others have them in a call.
            let [text, steps] = json::object(raw, ["text", "steps"]);
            TurnItemKind::Plan { explanation: json::long(text), steps: plan_steps(steps) }
        }
        "CollabAgentToolCall" => called_agents(raw),
        "SubAgentActivity" => {
            let [kind, thread_id, agent_path] = json::object(raw, ["kind", "agent_thread_id", "agent_path"]);
            TurnItemKind::SubAgentActivity {
                activity: json::name(kind).unwrap_or_default(),
                thread_id: json::name(thread_id),
                agent_path: json::path(agent_path),
            }
        }
        "McpToolCall" => called_mcp(raw),
        // No agent writes these: a session of another format that was translated has them.
        "ToolCall" => {
            let [name, arguments, output] = json::object(raw, ["name", "arguments", "output"]);
            TurnItemKind::ToolCall {
                name: json::name(name).unwrap_or_default(),
                arguments: json::long(arguments).unwrap_or_default(),
                output: json::long(output),
            }
        }
        "WebSearch" => {
            let [words, action] = json::object(raw, ["query", "action"]);
            let words = json::long(words).filter(|words| !words.is_empty());
            TurnItemKind::WebSearch { query: words.unwrap_or_else(|| query(action)) }
        }
        "ImageView" => {
            let [path] = json::object(raw, ["path"]);
            TurnItemKind::ImageView { path: plain_path(&json::path(path)?) }
        }
        "ImageGeneration" => {
            let [status, prompt, path] = json::object(raw, ["status", "revised_prompt", "saved_path"]);
            TurnItemKind::ImageGeneration {
                status: json::name(status),
                prompt: json::long(prompt),
                path: json::path(path).map(|path| plain_path(&path)),
            }
        }
        "ContextCompaction" => TurnItemKind::ContextCompaction,
        "EnteredReviewMode" => {
            let [hint] = json::object(raw, ["user_facing_hint"]);
            TurnItemKind::EnteredReview { target: json::long(hint) }
        }
        "ExitedReviewMode" => {
            let [review] = json::object(raw, ["review_output"]);
            TurnItemKind::ExitedReview { review: explanation(review) }
        }
        other => TurnItemKind::Other { item_type: other.to_owned(), item: passed_through(item) },
    })
}

fn called_agents(raw: Raw<'_>) -> TurnItemKind {
    let [tool, status, prompt, ids, agents, states] = json::object(
        raw,
        ["tool", "status", "prompt", "receiver_thread_ids", "receiver_agents", "agents_states"],
    );
    let named: Vec<_> = json::items(agents)
        .into_iter()
        .map(|agent| json::object(Some(agent), ["thread_id", "agent_nickname"]).map(json::name))
        .collect();
    let states = json::entries(states);
    let agent = |thread_id: Cow<'_, str>| {
        let is_this = |id: &Option<String>| id.as_deref() == Some(&*thread_id);
        let state = states.iter().find(|(id, _)| *id == thread_id).map(|(_, state)| *state);
        let (state, message) = state_of(state);
        CalledAgent {
            nickname: named.iter().find(|[id, _]| is_this(id)).and_then(|[_, nickname]| nickname.clone()),
            thread_id: thread_id.into_owned(),
            state,
            message,
        }
    };
    TurnItemKind::CollabAgentToolCall {
        tool: json::name(tool).unwrap_or_default(),
        status: json::name(status),
        prompt: json::long(prompt),
        agents: json::texts(ids).map(agent).collect(),
    }
}

/// Reads an agent's state: a word, or an object with its last words under the word.
fn state_of(state: Raw<'_>) -> (Option<String>, Option<String>) {
    if let Some(word) = json::name(state) {
        return (Some(word), None);
    }
    match json::entries(state).into_iter().next() {
        Some((word, message)) => (Some(bounded(&word, MAX_NAME)), json::long(Some(message))),
        None => (None, None),
    }
}

fn called_mcp(raw: Raw<'_>) -> TurnItemKind {
    let [server, tool, arguments, status, result, error, duration] =
        json::object(raw, ["server", "tool", "arguments", "status", "result", "error", "duration"]);
    let [content] = json::object(result, ["content"]);
    let [message] = json::object(error, ["message"]);
    let texts = Some(content_texts(content)).filter(|texts| !texts.is_empty());
    let output = json::text(message.or(error)).map(Cow::into_owned).or(texts);
    TurnItemKind::McpToolCall {
        server: json::name(server).unwrap_or_default(),
        tool: json::name(tool).unwrap_or_default(),
        arguments: bounded(&json::plain_or_compact(arguments).unwrap_or_default(), MAX_ITEM_TEXT),
        status: json::name(status),
        output: output.map(|output| bounded(&output, MAX_ITEM_TEXT)),
        duration_ms: milliseconds(duration),
    }
}

/// Reads a duration of seconds and nanoseconds.
fn milliseconds(duration: Raw<'_>) -> Option<u64> {
    let [secs, nanos] = json::object(duration, ["secs", "nanos"]);
    let secs: u64 = json::number(secs)?;
    Some(secs.saturating_mul(1_000).saturating_add(json::number::<u64>(nanos).unwrap_or(0) / 1_000_000))
}

/// Returns the explanation of a review.
pub(super) fn explanation(review: Raw<'_>) -> Option<String> {
    let [explanation] = json::object(review, ["overall_explanation"]);
    json::long(explanation)
}

/// Returns the item as it is written, unless it is far too long to be handed on.
fn passed_through(item: &str) -> Box<RawValue> {
    let item =
        RawValue::from_string(item.to_owned()).ok().filter(|item| item.get().len() <= MAX_ITEM_TEXT * 4);
    item.unwrap_or_else(|| RawValue::NULL.to_owned())
}
