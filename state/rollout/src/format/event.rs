//! `event_msg`: lines about the progress of a turn, and what happens in it.

use std::borrow::Cow;

use jiff::Timestamp;

use super::agent_goal::AgentGoal;
use super::completed;
use super::fact::Fact;
use super::item::{TurnItem, TurnItemKind, TurnStatus};
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
            return Ok(completed::read(item, json::owned(turn_id), at).unwrap_or(Fact::Other));
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
            let kind = json::long(message)
                .map(|text| TurnItemKind::AgentMessage { text, phase: json::owned(phase) });
            (turn_id, id, kind)
        }
        Event::AgentReasoning => {
            let [turn_id, id, text] = json::fields(payload, ["turn_id", "item_id", "text"])?;
            (turn_id, id, json::long(text).map(|text| TurnItemKind::Reasoning { summary: vec![text] }))
        }
        Event::ContextCompacted => {
            let [turn_id, id] = json::fields(payload, ["turn_id", "item_id"])?;
            (turn_id, id, Some(TurnItemKind::ContextCompaction))
        }
        Event::EnteredReview => {
            let [turn_id, id, hint] = json::fields(payload, ["turn_id", "item_id", "user_facing_hint"])?;
            (turn_id, id, Some(TurnItemKind::EnteredReview { target: json::long(hint) }))
        }
        Event::ExitedReview => {
            let [turn_id, id, review] = json::fields(payload, ["turn_id", "item_id", "review_output"])?;
            (turn_id, id, Some(TurnItemKind::ExitedReview { review: completed::explanation(review) }))
        }
    };
    let Some(kind) = kind else { return Ok(Fact::Other) };
    let item = TurnItem { id: json::owned(item_id), at, kind, written: None };
    Ok(Fact::TurnItem { turn_id: json::owned(turn_id), item })
}

/// Returns the message of an error: a text, or an object with one.
fn error_message(error: &str) -> String {
    let [message] = json::object(Some(error), ["message"]);
    let message = json::text(message.or(Some(error))).unwrap_or_default();
    bounded(&message, MAX_FIRST_USER_MESSAGE)
}

/// Reads a time in seconds since 1970.
fn seconds(raw: Raw<'_>) -> Option<Timestamp> {
    Timestamp::from_second(json::number(raw)?).ok()
}
