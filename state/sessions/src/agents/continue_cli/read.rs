//! Reads one session of Continue.

use threadkeep_rollout::TurnItemKind;

use super::Known;
use super::document::{self, Item};
use super::fork::Origin;
use crate::draft::Draft;
use crate::error::StoreError;
use crate::found::FoundSession;
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource};

pub(super) fn session(found: &FoundSession, known: &Known) -> Result<Session, StoreError> {
    let path = found.main_file()?;
    let document = document::read(path)?.ok_or_else(|| found.gone())?;
    let mut draft = Draft::new(&found.native_id);
    draft.title(document.title.as_deref().unwrap_or_default(), TitleSource::Agent);
    draft.cwd(document.workspace_directory.as_deref().unwrap_or_default());
    draft.said_at(known.created.get(&found.native_id).copied());
    let origin = Origin::of(&found.native_id, &document, known);
    if let Some(parent) = &origin.parent {
        draft.parent(parent, Relation::Fork);
    }
    for (place, (item, id)) in document.history.iter().zip(document.ids()).enumerate() {
        let is_copied = place < origin.copied;
        draft.inherit(is_copied);
        let owner = origin.parent.as_ref().filter(|_| is_copied).unwrap_or(&found.native_id);
        take(&mut draft, item, &format!("{owner}/{}", id.simple()));
    }
    draft.skip(document.skipped);
    Ok(draft.finish())
}

/// Takes a message. `id` is the identity of the request that it answers.
fn take(draft: &mut Draft, item: &Item, id: &str) {
    let message = &item.message;
    let text = message.content.text();
    match message.role.as_str() {
        "user" => draft.prompt(None, Some(id), &text, message.content.images()),
        "thinking" => draft.reasoning(None, None, &text),
        "tool" => draft.result(None, message.tool_call_id.as_deref().unwrap_or_default(), &text, None),
        "assistant" => {
            if let Some(usage) = &message.usage {
                let (model, purpose) = (usage.model.clone(), Purpose::Conversation);
                let id = id.to_owned();
                draft.request(Request {
                    id,
                    at: None,
                    model,
                    purpose,
                    tokens: usage.into(),
                    inherited: false,
                });
            }
            if let Some(reasoning) = &item.reasoning {
                draft.reasoning(None, None, &reasoning.text);
            }
            // After a compaction, a summary is all that is left of what was said before.
            if item.conversation_summary.as_deref() != Some(&text) {
                draft.answer(None, None, &text);
            }
            for call in &message.tool_calls {
                draft.call(None, &call.id, &call.function.name, &call.function.arguments);
            }
            let is_last = message.tool_calls.is_empty();
            draft.end(if is_last { Outcome::Completed } else { Outcome::Unfinished }, None);
        }
        _ => {}
    }
    for state in &item.tool_call_states {
        let succeeded = match state.status.as_str() {
            "done" => Some(true),
            "errored" | "canceled" => Some(false),
            _ => None,
        };
        if let Some(output) = state.output() {
            draft.result(None, &state.tool_call_id, &output, succeeded);
        }
    }
    if item.conversation_summary.is_some() && draft.has_turn() {
        draft.item(None, None, TurnItemKind::ContextCompaction);
    }
}
