//! Reads one session of `OpenHands`.

use std::collections::HashMap;
use std::path::Path;

use jiff::Timestamp;
use threadkeep_rollout::TurnItemKind;
use uuid::Uuid;

use super::SUBAGENTS;
use super::event::{Event, Finish, images, texts};
use super::state::State;
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::session::{Outcome, Relation, Request, Session};

pub(super) fn session(found: &FoundSession) -> Result<Session, StoreError> {
    let gone = || found.gone();
    let (state_path, events) = found.files.split_first().ok_or_else(gone)?;
    let folder = state_path.parent().filter(|folder| folder.is_dir()).ok_or_else(gone)?;
    let mut draft = Draft::new(&found.native_id);
    if let Some(parent) = parent(folder) {
        draft.parent(&parent, Relation::Subagent);
    }
    let state = files::document::<State>(state_path);
    draft.skip(u64::from(state.is_err()));
    let state = state.ok().flatten().unwrap_or_default();
    let mut answered = HashMap::new();
    for path in events {
        match files::document::<Event>(path) {
            Ok(Some(event)) => {
                if let (Some(id), Some(at)) = (&event.llm_response_id, event.at()) {
                    answered.insert(id.clone(), at);
                }
                take(&mut draft, &event);
            }
            Ok(None) => {}
            Err(_) => draft.skip(1),
        }
    }
    draft.cwd(state.cwd());
    end(&mut draft, &state);
    let has_subagents = !files::folders(&folder.join(SUBAGENTS)).is_empty();
    for counted in state.requests(!has_subagents) {
        let usage = &counted.usage;
        draft.request(Request {
            id: format!("{}/{}", found.native_id, counted.id),
            at: usage.response_id.as_ref().and_then(|id| answered.get(id)).copied(),
            model: usage.model.clone(),
            purpose: counted.purpose,
            tokens: usage.into(),
            inherited: false,
        });
    }
    draft.model(state.model());
    Ok(draft.finish())
}

/// Returns the session that a sub-agent's folder is in.
fn parent(folder: &Path) -> Option<String> {
    let subagents = folder.parent().filter(|parent| files::name(parent) == SUBAGENTS)?;
    Some(Uuid::try_parse(files::name(subagents.parent()?)).ok()?.hyphenated().to_string())
}

/// Takes the last turn's end from the state. A running agent and a killed one look alike.
fn end(draft: &mut Draft, state: &State) {
    let has_failed = draft.session().turns.last().is_some_and(|turn| turn.outcome == Outcome::Failed);
    match state.execution_status.as_deref() {
        Some("finished") => draft.end(Outcome::Completed, None),
        Some("paused") => draft.end(Outcome::Interrupted, None),
        Some("error" | "stuck") if !has_failed => draft.end(Outcome::Failed, None),
        Some("running") => draft.end(Outcome::Unfinished, None),
        _ => {}
    }
}

fn take(draft: &mut Draft, event: &Event) {
    let (at, id) = (event.at(), event.id.as_deref());
    draft.said_at(at);
    match event.kind.as_str() {
        "SystemPromptEvent" => draft.cwd(event.cwd().unwrap_or_default()),
        "MessageEvent" => message(draft, event, at),
        "ActionEvent" => action(draft, event, at),
        "ObservationEvent" => {
            let (Some(call), Some(observation)) = (&event.tool_call_id, &event.observation) else { return };
            draft.result(at, call, &texts(&observation.content), Some(observation.succeeded()));
            if let Some(code) = observation.exit_code {
                draft.exit_code(call, code);
            }
        }
        "UserRejectObservation" | "AgentErrorEvent" => {
            let words = event.rejection_reason.as_ref().or(event.error.as_ref());
            let Some(call) = &event.tool_call_id else { return };
            draft.result(at, call, words.map_or("", String::as_str), Some(false));
        }
        "ConversationErrorEvent" => draft.end(Outcome::Failed, event.detail.as_deref()),
        "PauseEvent" | "InterruptEvent" => draft.end(Outcome::Interrupted, None),
        "Condensation" if draft.has_turn() => draft.item(at, id, TurnItemKind::ContextCompaction),
        _ => {}
    }
}

fn message(draft: &mut Draft, event: &Event, at: Option<Timestamp>) {
    let Some(message) = &event.llm_message else { return };
    let (id, words) = (event.id.as_deref(), texts(&message.content));
    match event.source.as_str() {
        "user" => draft.prompt(at, id, &words, images(&message.content)),
        "agent" => {
            draft.reasoning(at, id, &event.reasoning());
            draft.answer(at, id, &words);
            draft.end(Outcome::Completed, None);
        }
        _ => {}
    }
}

fn action(draft: &mut Draft, event: &Event, at: Option<Timestamp>) {
    let id = event.id.as_deref();
    draft.reasoning(at, id, &event.reasoning());
    draft.answer(at, id, &texts(&event.thought));
    let call = event.tool_call.as_ref();
    let name = event.tool_name.as_ref().or_else(|| call?.name.as_ref());
    let input = event.action.as_ref().map(|action| action.get());
    if name.is_some_and(|name| name == "finish") {
        let finish: Finish = input.and_then(|input| serde_json::from_str(input).ok()).unwrap_or_default();
        draft.answer(at, id, &finish.message);
        draft.end(Outcome::Completed, None);
        return;
    }
    let arguments = call.and_then(|call| call.arguments.as_deref()).or(input).unwrap_or("{}");
    if let (Some(call_id), Some(name)) = (&event.tool_call_id, name) {
        draft.call(at, call_id, name, arguments);
    }
    draft.end(Outcome::Unfinished, None);
}
