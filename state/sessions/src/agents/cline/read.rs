//! Reads one session of Cline.

use jiff::Timestamp;
use serde_json::value::RawValue;

use super::line::{Description, Fork, Message, Transcript, arguments, result, typed};
use crate::agents::blocks::blocks;
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource, Tokens};

pub(super) fn session(found: &FoundSession) -> Result<Session, StoreError> {
    let [path, main] = found.files.as_slice() else { return Err(found.gone()) };
    let description: Option<Description> = files::document(main)?;
    let bytes = files::contents(path)?;
    if description.is_none() && bytes.is_none() {
        return Err(found.gone());
    }
    let description = description.unwrap_or_default();
    let transcript: Transcript<'_> = match &bytes {
        Some(bytes) => serde_json::from_slice(bytes).map_err(|error| StoreError::malformed(path, error))?,
        None => Transcript::default(),
    };
    let mut reader = Reader { draft: Draft::new(&found.native_id), fork: None };
    reader.draft.cwd(&description.cwd);
    for version in [&description.metadata.session_history_origin.version, &transcript.origin.version] {
        reader.draft.agent_version(version);
    }
    let folder = main.parent().map(files::name).unwrap_or_default();
    let is_subagent = found.native_id != folder;
    if is_subagent {
        let parent = Some(transcript.origin.parent_thread_id.as_str()).filter(|parent| !parent.is_empty());
        reader.draft.parent(parent.unwrap_or(folder), Relation::Subagent);
    } else {
        reader.head(&description);
    }
    for message in &transcript.messages {
        reader.take(message);
    }
    reader.draft.inherit(false);
    if is_subagent {
        // Cline gives it the title that sessions begin with: the prompt.
        let first = reader.draft.session().first_prompt().unwrap_or_default().to_owned();
        reader.draft.title(&first, TitleSource::Agent);
    } else {
        reader.tail(&description);
    }
    Ok(reader.draft.finish())
}

struct Reader {
    draft: Draft,
    fork: Option<Fork>,
}

impl Reader {
    fn head(&mut self, description: &Description) {
        let (draft, metadata) = (&mut self.draft, &description.metadata);
        draft.title(&metadata.title, TitleSource::Agent);
        draft.git_branch(&metadata.git.branch);
        draft.said_at(description.started_at);
        if let Some(fork) = &metadata.fork {
            draft.parent(&fork.forked_from_session_id, Relation::Fork);
            let forked_at = fork.forked_at.or(description.started_at);
            let forked_from_session_id = fork.forked_from_session_id.clone();
            self.fork = Some(Fork { forked_from_session_id, forked_at });
        }
    }

    fn take(&mut self, json: &RawValue) {
        let Ok(message) = serde_json::from_str::<Message<'_>>(json.get()) else { return self.draft.skip(1) };
        let at = message.ts.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        if let (Some(fork), Some(at)) = (&self.fork, at) {
            self.draft.inherit(fork.forked_at.is_some_and(|forked_at| at <= forked_at));
        }
        self.draft.said_at(at);
        let id = Some(&*message.id).filter(|id| !id.is_empty());
        match &*message.role {
            "user" => self.user(&message, at, id),
            "assistant" => self.assistant(&message, at, id),
            _ => {}
        }
    }

    fn user(&mut self, message: &Message<'_>, at: Option<Timestamp>, id: Option<&str>) {
        if message.metadata.kind == "compaction_summary" {
            return self.draft.compaction(at, id);
        }
        let (mut words, mut images) = (Vec::new(), 0);
        for block in blocks(message.content) {
            match &*block.kind {
                "text" => words.push(block.text),
                "image" => images += 1,
                "tool_result" => {
                    let (output, succeeded) = result(&block);
                    self.draft.result(at, &block.tool_use_id, &output, Some(succeeded));
                }
                _ => {}
            }
        }
        let is_typed = message.metadata.display_role.is_empty() || message.metadata.display_role == "user";
        if is_typed && (!words.is_empty() || images > 0) {
            self.draft.prompt(at, id, typed(&words.join("\n")), images);
        }
    }

    fn assistant(&mut self, message: &Message<'_>, at: Option<Timestamp>, id: Option<&str>) {
        let blocks = blocks(message.content);
        if message.metadata.display_role == "error" {
            let said: Vec<_> = blocks.iter().map(|block| block.text.as_str()).collect();
            return self.draft.end(Outcome::Failed, Some(&said.join("\n")));
        }
        let model = message.model_info.as_ref().map(|info| info.id.clone());
        let tokens = message.metrics.map(Tokens::from).unwrap_or_default();
        match id {
            Some(id) if tokens.input > 0 || tokens.output > 0 => self.draft.request(Request {
                id: id.to_owned(),
                at,
                model,
                purpose: Purpose::Conversation,
                tokens,
                inherited: false,
            }),
            _ => self.draft.model(model.as_deref().unwrap_or_default()),
        }
        let mut calls = false;
        for block in &blocks {
            match &*block.kind {
                "text" => self.draft.answer(at, id, &block.text),
                "thinking" => self.draft.reasoning(at, id, &block.thinking),
                "tool_use" => {
                    calls = true;
                    self.draft.call(at, &block.id, &block.name, &arguments(block.input));
                }
                _ => {}
            }
        }
        self.draft.end(if calls { Outcome::Unfinished } else { Outcome::Completed }, None);
    }

    /// Takes what only the description has: the prompt of a first turn that was killed, the model
    /// that was chosen, and the end of a turn that has no answer.
    fn tail(&mut self, description: &Description) {
        let prompt = typed(&description.prompt);
        if !self.draft.has_turn() && !prompt.is_empty() {
            self.draft.prompt(description.started_at, None, prompt, 0);
        }
        self.draft.model(&description.model);
        let is_open = self.draft.session().outcome() == Some(Outcome::Unfinished);
        let outcome = match description.status.as_str() {
            "completed" => Outcome::Completed,
            "failed" => Outcome::Failed,
            "cancelled" => Outcome::Interrupted,
            _ => return,
        };
        if is_open {
            self.draft.end(outcome, None);
        }
    }
}
