//! Reads one session of Qwen Code.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::line::{Event, Line, Prompt, Telemetry, Usage};
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::incremental::{self, LineReader, Progress};
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource, Tokens};

/// First words of the ids of agents that work without the user, such as the one for memories.
const MANAGED: &str = "managed-";
/// Part of the ids of a conversation's prompts; other requests have other ids.
const CONVERSATION: &str = "########";

pub(super) fn session(found: &FoundSession, progress: &mut Progress) -> Result<Session, StoreError> {
    let path = found.main_file()?;
    let subagents = files::files_with(&subagents(path), "jsonl");
    let subagents = subagents.iter().map(|path| files::stem(path).to_owned()).collect();
    let mut reader = Reader { draft: Draft::new(&found.native_id), subagents, model: None };
    let meta = found.files.get(1).and_then(|path| files::document::<Meta>(path).ok().flatten());
    if found.files.len() > 1 {
        let folder = path.parent().map(files::name).unwrap_or_default().to_owned();
        let meta = meta.as_ref();
        let agent = meta.and_then(|meta| meta.parent_agent_id.as_ref()).map(|id| format!("agent-{id}"));
        let session = meta.and_then(|meta| meta.parent_session_id.clone());
        reader.draft.parent(&agent.or(session).unwrap_or(folder), Relation::Subagent);
        reader.model = meta.and_then(|meta| meta.persisted_cli_flags.model.clone());
    }
    let context = (reader.subagents.clone(), reader.model.clone());
    let read = incremental::each_line(path, &mut reader, progress, context, |reader, _, json| {
        reader.take(&serde_json::from_str::<Line<'_>>(json)?);
        Ok(())
    });
    read.map_err(|error| error.or_gone(&found.native_id))?;
    if let Some(outcome) = meta.and_then(|meta| meta.outcome()) {
        reader.end_open(outcome, None);
    }
    Ok(reader.draft.finish())
}

/// Returns the folder with the sub-agents of a session.
pub(super) fn subagents(path: &Path) -> PathBuf {
    let project = path.parent().and_then(Path::parent).unwrap_or(path);
    project.join("subagents").join(files::stem(path))
}

/// Facts about a sub-agent, which stand in a file of their own.
#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Meta {
    parent_session_id: Option<String>,
    parent_agent_id: Option<String>,
    status: Option<String>,
    persisted_cli_flags: Flags,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Flags {
    model: Option<String>,
}

impl Meta {
    /// Returns the outcome that only this file has.
    fn outcome(&self) -> Option<Outcome> {
        match self.status.as_deref() {
            Some("cancelled") => Some(Outcome::Interrupted),
            Some("failed") => Some(Outcome::Failed),
            _ => None,
        }
    }
}

struct Reader {
    draft: Draft,
    /// Names of the sub-agents that have files of their own.
    subagents: BTreeSet<String>,
    /// Model of answers that name none, as those of sub-agents.
    model: Option<String>,
}

impl LineReader for Reader {
    type State = ();

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn state(&self) -> Option<Self::State> {
        Some(())
    }

    fn restore(&mut self, (): Self::State) {}
}

impl Reader {
    fn take(&mut self, line: &Line<'_>) {
        if line.uuid.as_deref().is_some_and(|uuid| !self.draft.is_new(uuid)) {
            return;
        }
        self.draft.inherit(line.forked_from.is_some());
        if let Some(from) = &line.forked_from {
            self.draft.parent(&from.session_id, Relation::Fork);
        }
        self.draft.cwd(&line.cwd);
        self.draft.agent_version(&line.version);
        self.draft.git_branch(&line.git_branch);
        match line.kind.as_str() {
            "user" => self.user(line),
            "assistant" => self.assistant(line),
            "tool_result" => self.result(line),
            "system" => self.system(line),
            _ => {}
        }
    }

    fn user(&mut self, line: &Line<'_>) {
        let (at, id) = (line.timestamp, line.uuid.as_deref());
        let prompt = line.prompt();
        if prompt == Prompt::Injected {
            return;
        }
        let (words, images) = line.words();
        if words.is_empty() && images == 0 {
            return;
        }
        if prompt == Prompt::Added && self.draft.has_turn() {
            self.draft.also_said(at, id, &words);
        } else {
            self.draft.prompt(at, id, &words, images);
        }
    }

    fn assistant(&mut self, line: &Line<'_>) {
        let (at, id) = (line.timestamp, line.uuid.as_deref());
        let model = line.model.as_ref().or(self.model.as_ref()).cloned();
        if let Some(model) = &model {
            self.draft.model(model);
        }
        if let (Some(usage), Some(id)) = (line.usage_metadata, id) {
            self.request(id, line, model, Purpose::Conversation, usage.into());
        }
        self.draft.said_at(at);
        let mut calls = false;
        for part in line.parts() {
            match (&part.text, &part.function_call) {
                (Some(text), _) if part.thought => self.draft.reasoning(at, id, text),
                (Some(text), _) => self.draft.answer(at, id, text),
                (None, Some(call)) => {
                    calls = true;
                    let arguments = call.args.map_or("{}", |arguments| arguments.get());
                    self.draft.call(at, &call.id, &call.name, arguments);
                }
                _ => {}
            }
        }
        // An answer that was stopped has no tokens.
        let is_whole = line.usage_metadata.is_some() && !calls;
        self.draft.end(if is_whole { Outcome::Completed } else { Outcome::Unfinished }, None);
    }

    fn result(&mut self, line: &Line<'_>) {
        for part in line.parts() {
            let Some(result) = part.function_response else { continue };
            let shown = line.tool_call_result.shown();
            let output = shown.output.as_deref().or_else(|| result.response.text()).unwrap_or_default();
            let succeeded = match line.tool_call_result.status.as_deref() {
                Some(status) => status == "success",
                None => result.response.succeeded(),
            };
            self.draft.result(line.timestamp, &result.id, output, Some(succeeded));
            if let Some(code) = shown.exit_code {
                self.draft.exit_code(&result.id, code);
            }
        }
        self.draft.said_at(line.timestamp);
    }

    fn system(&mut self, line: &Line<'_>) {
        match line.subtype.as_deref() {
            Some("custom_title") => self.title(line),
            Some("chat_compression") => self.draft.compaction(line.timestamp, line.uuid.as_deref()),
            Some("parent_session") => self.parent(line),
            Some("ui_telemetry") => self.telemetry(line),
            _ => {}
        }
    }

    fn title(&mut self, line: &Line<'_>) {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Title {
            custom_title: String,
            title_source: Option<String>,
        }
        let Some(title) = line.payload::<Title>() else { return };
        // Titles without an author are the user's.
        let source = match title.title_source.as_deref() {
            Some("auto") => TitleSource::Agent,
            _ => TitleSource::User,
        };
        self.draft.title(&title.custom_title, source);
    }

    fn parent(&mut self, line: &Line<'_>) {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Parent {
            parent_session_id: String,
        }
        if let Some(parent) = line.payload::<Parent>() {
            self.draft.parent(&parent.parent_session_id, Relation::Subagent);
        }
    }

    /// Takes requests that have no answer in the session. The others are here a second time.
    fn telemetry(&mut self, line: &Line<'_>) {
        let Some(event) = line.payload::<Telemetry<Event>>().map(|telemetry| telemetry.ui_event) else {
            return;
        };
        let subagent = event.subagent_id.as_deref();
        let is_conversation = subagent.is_none() && event.prompt_id.contains(CONVERSATION);
        match event.name.as_str() {
            "qwen-code.api_error" if is_conversation => {
                self.draft.said_at(line.timestamp);
                self.draft.end(Outcome::Failed, event.error_message.as_deref());
            }
            "qwen-code.api_response" if !is_conversation => {
                let purpose = match subagent {
                    Some(id) if self.subagents.contains(&format!("agent-{id}")) => return,
                    Some(id) if !id.starts_with(MANAGED) => Purpose::Subagent,
                    _ => Purpose::Hidden,
                };
                let Some(usage) = line.payload::<Telemetry<Usage>>() else { return };
                let id = Some(event.response_id).filter(|id| !id.is_empty()).or(line.uuid.clone());
                let Some(id) = id else { return };
                self.request(&id, line, event.model, purpose, usage.ui_event.into());
            }
            _ => {}
        }
    }

    fn request(
        &mut self,
        id: &str,
        line: &Line<'_>,
        model: Option<String>,
        purpose: Purpose,
        tokens: Tokens,
    ) {
        let (id, at) = (id.to_owned(), line.timestamp);
        self.draft.request(Request { id, at, model, purpose, tokens, inherited: false });
    }

    /// Ends the last turn, if nothing has ended it.
    fn end_open(&mut self, outcome: Outcome, error: Option<&str>) {
        if self.draft.session().outcome() == Some(Outcome::Unfinished) {
            self.draft.end(outcome, error);
        }
    }
}
