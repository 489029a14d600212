//! Reads one session of Kimi CLI.

use std::collections::{BTreeSet, HashSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Known;
use super::line::{self, Aside, Call, Done, Line, Message, Status, Words};
use super::state::State;
use crate::agents::blocks::Block;
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::incremental::{self, LineReader, Progress};
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource, Tokens};

pub(super) fn session(
    found: &FoundSession,
    known: &Known,
    progress: &mut Progress,
) -> Result<Session, StoreError> {
    let path = found.main_file()?;
    let mut draft = Draft::new(&found.native_id);
    if let Some(cwd) = &known.cwd {
        draft.cwd(cwd);
    }
    if let Some(parent) = &known.parent {
        draft.parent(parent, Relation::Subagent);
    }
    if let Some(parent) = &known.origin.parent {
        draft.parent(parent, Relation::Fork);
    }
    let state = State::read(found);
    draft.session().archived = state.archived;
    // Nothing says if the user or the agent wrote it.
    if let Some(title) = state.custom_title.or(state.description) {
        draft.title(&title, TitleSource::Agent);
    }
    let subagents = path.parent().map(|folder| files::folders(&folder.join("subagents")));
    let subagents = subagents.unwrap_or_default().into_iter();
    let with_file = subagents.filter(|folder| folder.join("wire.jsonl").is_file());
    let own_sessions: BTreeSet<_> = with_file.map(|folder| files::name(&folder).to_owned()).collect();
    let mut reader = Reader { draft, own_sessions: own_sessions.clone(), step: Step::default() };
    let own_from = known.origin.own_from;
    incremental::each_line(path, &mut reader, progress, (own_sessions, own_from), |reader, offset, json| {
        reader.draft.inherit(offset < own_from);
        match serde_json::from_str::<Line<'_>>(json) {
            Ok(line) => {
                if let Some(version) = &line.protocol_version {
                    reader.draft.format(version);
                }
                if let Some(message) = &line.message {
                    reader.take(line.at(), message);
                }
            }
            Err(_) => reader.draft.skip(1),
        }
        Ok(())
    })?;
    let mut draft = reader.draft;
    if known.origin.parent.is_some() && draft.session().created_at.is_none() {
        // Nothing was said in the fork yet.
        draft.inherit(false);
        draft.said_at(state.wire_mtime.and_then(line::time));
    }
    Ok(draft.finish())
}

struct Reader {
    draft: Draft,
    /// Ids of the sub-agents that have sessions of their own.
    own_sessions: BTreeSet<String>,
    step: Step,
}

/// Request to the model, with the calls that its answer asks for.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Step {
    is_open: bool,
    failed: bool,
    /// True if the user refused a call.
    is_rejected: bool,
    /// Calls without a result.
    calls: HashSet<String>,
}

impl LineReader for Reader {
    type State = Step;

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn state(&self) -> Option<Self::State> {
        Some(self.step.clone())
    }

    fn restore(&mut self, step: Self::State) {
        self.step = step;
    }
}

impl Reader {
    fn take(&mut self, at: Option<Timestamp>, message: &Message<'_>) {
        self.draft.said_at(at);
        match &*message.kind {
            "TurnBegin" => {
                let (text, images) = message.payload::<Words<'_>>().read();
                self.draft.prompt(at, None, &text, images);
                self.step = Step::default();
            }
            "SteerInput" => {
                let (text, _) = message.payload::<Words<'_>>().read();
                self.draft.also_said(at, None, &text);
            }
            "StepBegin" => self.step = Step { is_open: true, ..Step::default() },
            "StepInterrupted" => self.step.failed = true,
            "ContentPart" => {
                let block: Block<'_> = message.payload();
                match &*block.kind {
                    "text" => self.draft.answer(at, None, &block.text),
                    "think" => self.draft.reasoning(at, None, &block.thinking),
                    _ => {}
                }
            }
            "ToolCall" => {
                let call: Call = message.payload();
                let arguments = call.function.arguments.as_deref().unwrap_or("{}");
                self.draft.call(at, &call.id, &call.function.name, arguments);
                self.step.calls.insert(call.id);
            }
            "ToolResult" => {
                let done: Done<'_> = message.payload();
                let succeeded = done.return_value.is_error.map(|is_error| !is_error);
                self.draft.result(at, &done.tool_call_id, &done.return_value.text(), succeeded);
                self.step.calls.remove(&done.tool_call_id);
                self.step.is_rejected |= done.return_value.is_rejected();
            }
            "StatusUpdate" => {
                self.step.is_open = false;
                self.request(at, message.payload(), Purpose::Conversation);
            }
            "SubagentEvent" => self.aside(at, &message.payload()),
            "CompactionEnd" => self.draft.compaction(at, None),
            "TurnEnd" => self.end(),
            _ => {}
        }
    }

    /// Ends the turn. A step that the user stops has neither an end nor all results of its calls. A
    /// refused call stops the turn, too, unless another step follows.
    fn end(&mut self) {
        let outcome = if self.step.failed {
            Outcome::Failed
        } else if self.step.is_open || self.step.is_rejected || !self.step.calls.is_empty() {
            Outcome::Interrupted
        } else {
            Outcome::Completed
        };
        self.draft.end(outcome, None);
    }

    /// Takes the requests of a sub-agent whose own file has gone, or was never written.
    fn aside(&mut self, at: Option<Timestamp>, aside: &Aside<'_>) {
        let has_file = aside.agent_id.as_ref().is_some_and(|id| self.own_sessions.contains(id));
        match &aside.event {
            Some(event) if event.kind == "StatusUpdate" && !has_file => {
                self.request(at, event.payload(), Purpose::Subagent);
            }
            _ => {}
        }
    }

    fn request(&mut self, at: Option<Timestamp>, status: Status, purpose: Purpose) {
        let Some(usage) = status.token_usage else { return };
        // Not every provider gives its answers ids, and some give all the same.
        let id =
            format!("{}@{}", status.message_id.unwrap_or_default(), at.map_or(0, Timestamp::as_microsecond));
        let tokens = Tokens::from(usage);
        self.draft.request(Request { id, at, model: None, purpose, tokens, inherited: false });
    }
}
