//! `event_msg`: lines about the progress of a turn, and what happens in it.

use std::borrow::Cow;

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::agent_goal::AgentGoal;
use super::fact::Fact;
use super::git_url;
use super::item::{MAX_ITEM_TEXT, TurnItem, TurnItemKind, TurnStatus};
use super::kind::Event;
use super::tokens;
use super::turn_context::TurnContext;
use super::user_message::{UserMessage, file_name};
use crate::json::{self, Raw};
use crate::text::{MAX_FIRST_USER_MESSAGE, MAX_NAME, bounded};

/// Reads the mark of a turn as far as metadata needs it: without its times and words. `None` for
/// any other event.
pub(super) fn mark<'a>(event: Event, payload: &str) -> json::Result<Option<Fact<'a>>> {
    if !matches!(event, Event::TurnStarted | Event::TurnCompleted | Event::TurnAborted) {
        return Ok(None);
    }
    let [turn_id, error] = json::fields(payload, ["turn_id", "error"])?;
    let turn_id = json::owned(turn_id);
    Ok(Some(if event == Event::TurnStarted {
        Fact::TurnStarted { turn_id, root_turn_id: None, started_at: None }
    } else {
        let status = status(event, error);
        Fact::TurnEnded { turn_id, status, error: None, completed_at: None, duration_ms: None }
    }))
}

/// Returns the status with which an event ends a turn.
fn status(event: Event, error: Raw<'_>) -> TurnStatus {
    match error {
        _ if event == Event::TurnAborted => TurnStatus::Interrupted,
        Some(_) => TurnStatus::Failed,
        None => TurnStatus::Completed,
    }
}

/// Reads the payload of an event that was written `at`.
pub(super) fn read<'a>(event: Event, payload: &'a str, at: Option<Timestamp>) -> json::Result<Fact<'a>> {
    // Every event takes its own fields, because looking for those of all is slow in long rollouts.
    let (turn_id, item_id, kind) = match event {
        Event::TokenCount => return tokens::count(payload),
        Event::TurnStarted => {
            let [turn_id, root, started_at] =
                json::fields(payload, ["turn_id", "root_turn_id", "started_at"])?;
            return Ok(Fact::TurnStarted {
                turn_id: json::owned(turn_id),
                root_turn_id: json::owned(root),
                started_at: at.or_else(|| seconds(started_at)),
            });
        }
        Event::TurnCompleted | Event::TurnAborted => {
            let [turn_id, completed_at, duration_ms, error] =
                json::fields(payload, ["turn_id", "completed_at", "duration_ms", "error"])?;
            return Ok(Fact::TurnEnded {
                turn_id: json::owned(turn_id),
                status: status(event, error),
                error: error.map(error_message),
                completed_at: at.or_else(|| seconds(completed_at)),
                duration_ms: json::number(duration_ms),
            });
        }
        Event::Error => {
            let [message] = json::fields(payload, ["message"])?;
            return Ok(Fact::TurnFailed { message: error_message(message.unwrap_or("\"\"")) });
        }
        Event::UserMessage => {
            let [turn_id, id, message, kind, images, local_images] =
                json::fields(payload, ["turn_id", "item_id", "message", "kind", "images", "local_images"])?;
            let message = UserMessage {
                id: json::owned(id),
                images: json::items(images).len() + json::items(local_images).len(),
                attachment_name: json::texts(local_images).find_map(|path| file_name(&path)),
                ..UserMessage::new(json::text(message).map(Cow::into_owned).unwrap_or_default())
            };
            let injected = json::text(kind).map_or(message.injected, |kind| kind != "plain");
            let message = UserMessage { injected, ..message };
            return Ok(Fact::UserMessage { turn_id: json::owned(turn_id), message });
        }
        Event::ItemCompleted => {
            let [turn_id, item] = json::fields(payload, ["turn_id", "item"])?;
            return Ok(completed(item, json::owned(turn_id), at).unwrap_or(Fact::Other));
        }
        Event::GoalUpdated => {
            let [goal] = json::fields(payload, ["goal"])?;
            return Ok(Fact::GoalSet(AgentGoal::read(goal).map(Box::new)));
        }
        Event::SettingsApplied => {
            let [settings] = json::fields(payload, ["thread_settings"])?;
            return Ok(Fact::SettingsApplied(TurnContext::read(settings.unwrap_or("{}"))?));
        }
        Event::RolledBack => {
            let [turns, num_turns] = json::fields(payload, ["num_turns", "numTurns"])?;
            let turns = turns.or(num_turns);
            return Ok(Fact::RolledBack { turns: json::number(turns).unwrap_or(0) });
        }
        Event::GoalCleared => return Ok(Fact::GoalSet(None)),
        Event::NameUpdated => {
            // Versions differ in the key.
            let [name, thread_name, other] = json::fields(payload, ["name", "thread_name", "threadName"])?;
            let name = json::text(thread_name.or(other).or(name)).map(|name| bounded(name.trim(), MAX_NAME));
            return Ok(Fact::Renamed { name: name.filter(|name| !name.is_empty()), at });
        }
        Event::AgentMessage => {
            let [turn_id, id, message, phase] =
                json::fields(payload, ["turn_id", "item_id", "message", "phase"])?;
            let kind =
                long_text(message).map(|text| TurnItemKind::AgentMessage { text, phase: json::owned(phase) });
            (turn_id, id, kind)
        }
        Event::AgentReasoning => {
            let [turn_id, id, text] = json::fields(payload, ["turn_id", "item_id", "text"])?;
            (turn_id, id, long_text(text).map(|text| TurnItemKind::Reasoning { summary: vec![text] }))
        }
        Event::ContextCompacted => {
            let [turn_id, id] = json::fields(payload, ["turn_id", "item_id"])?;
            (turn_id, id, Some(TurnItemKind::ContextCompaction))
        }
        Event::EnteredReview => {
            let [turn_id, id, hint] = json::fields(payload, ["turn_id", "item_id", "user_facing_hint"])?;
            (turn_id, id, Some(TurnItemKind::EnteredReview { target: long_text(hint) }))
        }
        Event::ExitedReview => {
            let [turn_id, id, review] = json::fields(payload, ["turn_id", "item_id", "review_output"])?;
            (turn_id, id, Some(TurnItemKind::ExitedReview { review: explanation(review) }))
        }
    };
    let Some(kind) = kind else { return Ok(Fact::Other) };
    let item = TurnItem { id: json::owned(item_id), at, kind };
    Ok(Fact::TurnItem { turn_id: json::owned(turn_id), item })
}

/// Reads the item of an `item_completed`.
fn completed<'a>(raw: Raw<'_>, turn_id: Option<String>, at: Option<Timestamp>) -> Option<Fact<'a>> {
    let [item_type, id, content, phase, kind] = json::object(raw, ["type", "id", "content", "phase", "kind"]);
    let item_type = json::text(item_type)?;
    let id = json::owned(id);
    let kind = match &*item_type {
        "UserMessage" => {
            let message = UserMessage::of_content(content);
            let injected = json::text(kind).map_or(message.injected, |kind| kind != "plain");
            let message = UserMessage { id, injected, ..message };
            return Some(Fact::UserMessage { turn_id, message });
        }
        "AgentMessage" => {
            let text = bounded(&UserMessage::of_content(content).text, MAX_ITEM_TEXT);
            TurnItemKind::AgentMessage { text, phase: json::owned(phase) }
        }
        "Reasoning" => {
            let [summary] = json::object(raw, ["summary_text"]);
            let summary = json::texts(summary).map(|text| bounded(&text, MAX_ITEM_TEXT));
            TurnItemKind::Reasoning { summary: summary.collect() }
        }
        "CommandExecution" => {
            let [command, cwd, status, exit_code, output] =
                json::object(raw, ["command", "cwd", "status", "exit_code", "aggregated_output"]);
            TurnItemKind::CommandExecution {
                command: json::texts(command).map(Cow::into_owned).collect(),
                cwd: json::text(cwd).map(|cwd| plain_path(&cwd)),
                status: json::owned(status),
                exit_code: json::number(exit_code),
                output: long_text(output),
            }
        }
        "ContextCompaction" => TurnItemKind::ContextCompaction,
        "EnteredReviewMode" => {
            let [hint] = json::object(raw, ["user_facing_hint"]);
            TurnItemKind::EnteredReview { target: long_text(hint) }
        }
        "ExitedReviewMode" => {
            let [review] = json::object(raw, ["review_output"]);
            TurnItemKind::ExitedReview { review: explanation(review) }
        }
        other => TurnItemKind::Other { item_type: other.to_owned(), item: passed_through(raw?) },
    };
    Some(Fact::TurnItem { turn_id, item: TurnItem { id, at, kind } })
}

/// Returns the explanation of a review.
fn explanation(review: Raw<'_>) -> Option<String> {
    let [explanation] = json::object(review, ["overall_explanation"]);
    long_text(explanation)
}

/// Returns the message of an error: a text, or an object with one.
fn error_message(error: &str) -> String {
    let [message] = json::object(Some(error), ["message"]);
    let message = json::text(message.or(Some(error))).unwrap_or_default();
    bounded(&message, MAX_FIRST_USER_MESSAGE)
}

fn long_text(raw: Raw<'_>) -> Option<String> {
    json::text(raw).map(|text| bounded(&text, MAX_ITEM_TEXT))
}

/// Reads a time in seconds since 1970.
fn seconds(raw: Raw<'_>) -> Option<Timestamp> {
    Timestamp::from_second(json::number(raw)?).ok()
}

/// Returns the item as it is written, unless it is far too long to be handed on.
fn passed_through(item: &str) -> Box<RawValue> {
    let item =
        RawValue::from_string(item.to_owned()).ok().filter(|item| item.get().len() <= MAX_ITEM_TEXT * 4);
    item.unwrap_or_else(|| RawValue::NULL.to_owned())
}

/// Returns the path in a `file:` URL, and any other text as it is.
pub(super) fn plain_path(path: &str) -> String {
    let Some(encoded) = path.strip_prefix("file://") else { return path.to_owned() };
    let bytes = git_url::units::units(encoded).iter().map(|unit| unit.byte).collect();
    String::from_utf8(bytes).unwrap_or_else(|_| encoded.to_owned())
}
