//! Reads one session of Kimi Code.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::line::{self, Event, Line};
use super::state::State;
use super::{Known, MAIN};
use crate::agents::blocks::{blocks, count, text};
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::incremental::{self, LineReader, Progress};
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource, Tokens};

/// First bytes of long lines that say nothing here: tools, the system prompt, and messages that
/// other lines have already.
const PASSED_OVER: [&str; 3] =
    ["{\"type\":\"llm.tools_snapshot\"", "{\"type\":\"profile.bind\"", "{\"message\":"];

pub(super) fn session(
    found: &FoundSession,
    known: &Known,
    progress: &mut Progress,
) -> Result<Session, StoreError> {
    let path = found.main_file()?;
    // The agent writes it again and again, and may be at it.
    let state: Option<State> = files::document(&known.folder.join("state.json")).ok().flatten();
    let mut reader = Reader::new(found, known, state.as_ref().unwrap_or(&State::default()));
    if state.is_none() {
        // Without it, the parent of a fork is not known, but its lines still are.
        reader.position.copied_until = line::forked_at(path)?;
    }
    incremental::each_line(path, &mut reader, progress, (), |reader, _, json| {
        if PASSED_OVER.iter().any(|start| json.starts_with(start)) {
            return Ok(());
        }
        match serde_json::from_str::<Line<'_>>(json) {
            Ok(line) => reader.take(&line),
            Err(_) => reader.draft.skip(1),
        }
        Ok(())
    })?;
    let is_copy = reader.draft.session().own_turns().next().is_none();
    if !reader.is_main && is_copy && state.is_some_and(|state| state.custom.kimi_cli_session_id.is_some()) {
        // The old sub-agent has the same id. The kind stays.
        reader.draft.session().parent = None;
        reader.draft.migrated_from("kimi", &known.agent);
    }
    Ok(reader.draft.finish())
}

struct Reader {
    draft: Draft,
    is_main: bool,
    position: Position,
}

/// Meaning of the next line that the lines before decide.
#[derive(Clone, Default, Serialize, Deserialize)]
struct Position {
    /// Time up to which lines are copies: of a fork, those before it.
    copied_until: Option<Timestamp>,
    /// True while copies are read that have no times of their own.
    is_migrated: bool,
    /// Prompt that is worked on.
    prompt: String,
    /// Model of the last request.
    model: Option<String>,
}

impl LineReader for Reader {
    type State = Position;

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn state(&self) -> Option<Self::State> {
        Some(self.position.clone())
    }

    fn restore(&mut self, position: Self::State) {
        self.position = position;
    }
}

impl Reader {
    fn new(found: &FoundSession, known: &Known, state: &State) -> Self {
        let mut draft = Draft::new(&found.native_id);
        let (session_id, is_main) = (files::name(&known.folder), known.agent == MAIN);
        let migrated_from = state.custom.kimi_cli_session_id.as_deref();
        let created_at = state.created_at.at();
        if let Some(cwd) = state.cwd.as_deref().filter(|cwd| !cwd.is_empty()).or(known.mapped_cwd.as_deref())
        {
            draft.cwd(cwd);
        }
        if is_main {
            draft.session().archived = state.archived || state.custom.archived;
            let by = if state.is_custom_title { TitleSource::User } else { TitleSource::Agent };
            draft.title(state.title.as_deref().unwrap_or_default(), by);
            if let Some(parent) = &state.forked_from {
                draft.parent(parent, Relation::Fork);
            }
            if let Some(parent) = migrated_from {
                draft.migrated_from("kimi", parent);
            } else {
                draft.said_at(created_at);
            }
        } else {
            let parent = state.agents.get(&known.agent).and_then(|agent| agent.parent_agent_id.as_deref());
            let nested =
                parent.filter(|&parent| parent != MAIN).map(|parent| format!("{session_id}/{parent}"));
            draft.parent(nested.as_deref().unwrap_or(session_id), Relation::Subagent);
            if let Some(task) = line::task(&known.folder.join("agents/main/wire.jsonl"), &known.agent) {
                draft.title(&task, TitleSource::Agent);
            }
        }
        let has_copies = state.forked_from.is_some() || migrated_from.is_some();
        Self {
            draft,
            is_main,
            position: Position {
                copied_until: created_at.filter(|_| has_copies),
                is_migrated: migrated_from.is_some(),
                ..Position::default()
            },
        }
    }

    fn take(&mut self, line: &Line<'_>) {
        let at = self.at(line);
        self.draft.said_at(at);
        if let Some(version) = &line.protocol_version {
            self.draft.format(version);
        }
        match &*line.kind {
            "turn.prompt" => self.prompt(at, line),
            "turn.steer" if line.origin.kind == "user" => self.draft.also_said(at, None, &text(line.input)),
            "context.append_loop_event" => self.event(at, &line.event()),
            "context.append_message" if self.position.is_migrated => self.message(line),
            "context.apply_compaction" => self.draft.compaction(at, None),
            "context.undo" => self.undo(line.count.unwrap_or(1)),
            "llm.request" => {
                self.position.model.clone_from(&line.model);
                if let Some(model) = &line.model {
                    self.draft.model(model);
                }
            }
            "usage.record" => self.usage(at, line),
            "turn.ended" => match line.reason.as_deref() {
                Some("completed") => self.draft.end(Outcome::Completed, None),
                Some("cancelled") => self.draft.end(Outcome::Interrupted, None),
                Some("failed") => self.draft.end(Outcome::Failed, line.error.message.as_deref()),
                _ => {}
            },
            _ => {}
        }
    }

    /// Returns a line's time, and notes if it is a copy.
    fn at(&mut self, line: &Line<'_>) -> Option<Timestamp> {
        let at = line.at();
        if let (Some(until), Some(at)) = (self.position.copied_until, at) {
            let is_copy = at < until || (self.position.is_migrated && at == until);
            self.draft.inherit(is_copy);
            if !is_copy {
                (self.position.copied_until, self.position.is_migrated) = (None, false);
            }
        }
        // A migration gives each line the same time.
        at.filter(|_| !self.position.is_migrated)
    }

    fn prompt(&mut self, at: Option<Timestamp>, line: &Line<'_>) {
        let is_task = !self.is_main && line.origin.name.as_deref() == Some("subagent");
        if line.origin.kind != "user" && !is_task {
            return;
        }
        let id = line.prompt_id.as_deref();
        // The requests that follow are of this prompt, also where lines repeat.
        self.position.prompt = id.unwrap_or_default().to_owned();
        if id.is_some_and(|id| !self.draft.is_new(id)) {
            return;
        }
        let images = count(line.input, "image_url");
        self.draft.prompt(at, id, &text(line.input), images);
    }

    fn event(&mut self, at: Option<Timestamp>, event: &Event<'_>) {
        let id = event.uuid.as_deref();
        if id.is_some_and(|id| matches!(&*event.kind, "content.part" | "tool.call") && !self.draft.is_new(id))
        {
            return;
        }
        match event.kind.as_str() {
            "content.part" if event.part.kind == "text" => self.draft.answer(at, id, &event.part.text),
            "content.part" if event.part.kind == "think" => {
                self.draft.reasoning(at, id, &event.part.thinking);
            }
            "tool.call" => {
                let arguments = event.args.map_or("{}", |arguments| arguments.get());
                self.draft.call(at, &event.tool_call_id, &event.name, arguments);
            }
            "tool.result" => {
                let (output, succeeded) = (text(event.result.output), !event.result.is_error);
                self.draft.result(at, &event.tool_call_id, &output, Some(succeeded));
            }
            _ => {}
        }
    }

    /// Takes a message of a migrated session, which has no events of the agent's loop.
    fn message(&mut self, line: &Line<'_>) {
        let message = line.message();
        match message.role.as_str() {
            "assistant" => {
                for block in blocks(message.content) {
                    match &*block.kind {
                        "text" => self.draft.answer(None, None, &block.text),
                        "think" => self.draft.reasoning(None, None, &block.thinking),
                        _ => {}
                    }
                }
                for call in &message.tool_calls {
                    let arguments = call.arguments.as_deref().unwrap_or("{}");
                    self.draft.call(None, &call.id, &call.name, arguments);
                }
            }
            "tool" => self.draft.result(None, &message.tool_call_id, &text(message.content), None),
            _ => {}
        }
    }

    /// Withdraws the last turns, which the user took back.
    fn undo(&mut self, count: usize) {
        let turns = self.draft.session().turns.iter_mut().rev();
        for turn in turns.filter(|turn| turn.outcome != Outcome::Withdrawn).take(count) {
            turn.outcome = Outcome::Withdrawn;
        }
    }

    fn usage(&mut self, at: Option<Timestamp>, line: &Line<'_>) {
        let tokens = line.usage.as_ref().map(Tokens::from).unwrap_or_default();
        // A request that was stopped has zeros.
        if tokens == Tokens::default() {
            return;
        }
        let is_hidden = line.usage_scope.as_deref() == Some("session");
        let time = at.map_or(0, Timestamp::as_millisecond);
        self.draft.request(Request {
            id: format!(
                "{}/{}@{time}",
                self.position.prompt,
                line.usage_scope.as_deref().unwrap_or_default()
            ),
            at,
            model: self.position.model.clone(),
            purpose: if is_hidden { Purpose::Hidden } else { Purpose::Conversation },
            tokens,
            inherited: false,
        });
    }
}
