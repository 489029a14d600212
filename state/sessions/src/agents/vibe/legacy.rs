//! Sessions of the older form: `meta.json`, and the messages in lines that have no time.

use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;

use super::origin::{Head, Origin};
use crate::agents::masked::masked;
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::piece::Piece;
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource, Tokens};
use crate::tolerant::or_default;

/// `meta.json`. The unified store has one, too, without the tokens.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Meta {
    #[serde(deserialize_with = "or_default")]
    session_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    start_time: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    end_time: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    git_branch: Option<String>,
    #[serde(deserialize_with = "or_default")]
    environment: Folder,
    #[serde(deserialize_with = "or_default")]
    title: Option<String>,
    #[serde(deserialize_with = "or_default")]
    title_source: Option<String>,
    #[serde(deserialize_with = "or_default")]
    archived_at: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    config: Config,
    #[serde(deserialize_with = "or_default")]
    stats: Option<Stats>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Folder {
    working_directory: Option<String>,
}

/// Settings, of which only the model's name is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Config {
    #[serde(deserialize_with = "or_default")]
    model_name: Option<String>,
    /// Name of one of the models in the settings.
    #[serde(deserialize_with = "or_default")]
    active_model: Option<String>,
    #[serde(deserialize_with = "or_default")]
    models: Vec<Model>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Model {
    name: String,
    alias: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Stats {
    session_prompt_tokens: i64,
    session_completion_tokens: i64,
    #[serde(deserialize_with = "or_default")]
    session_cached_tokens: i64,
}

impl Meta {
    /// Gives a draft what both forms have.
    pub(super) fn describe(&self, draft: &mut Draft) {
        draft.cwd(self.environment.working_directory.as_deref().unwrap_or_default());
        draft.git_branch(self.git_branch.as_deref().unwrap_or_default());
        draft.model(self.config.model().unwrap_or_default());
        draft.session().archived = self.archived_at.is_some();
        Self::title(draft, self.title.as_deref(), self.title_source.as_deref());
    }

    pub(super) fn title(draft: &mut Draft, title: Option<&str>, source: Option<&str>) {
        let by = if source == Some("manual") { TitleSource::User } else { TitleSource::Agent };
        draft.title(title.unwrap_or_default(), by);
    }
}

impl Config {
    fn model(&self) -> Option<&str> {
        let active = self.active_model.as_deref();
        let known = self.models.iter().find(|model| Some(model.alias.as_str()) == active);
        let known = known.map(|model| model.name.as_str()).filter(|name| !name.is_empty());
        self.model_name.as_deref().or(known).or(active)
    }
}

/// Message.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Message {
    #[serde(deserialize_with = "or_default")]
    role: String,
    #[serde(deserialize_with = "or_default")]
    content: String,
    /// True for words that the agent wrote in the user's name.
    #[serde(deserialize_with = "or_default")]
    injected: bool,
    #[serde(deserialize_with = "or_default")]
    reasoning_content: String,
    #[serde(deserialize_with = "or_default")]
    tool_calls: Vec<Call>,
    #[serde(deserialize_with = "or_default")]
    tool_call_id: String,
    #[serde(deserialize_with = "or_default")]
    message_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Call {
    #[serde(deserialize_with = "or_default")]
    id: String,
    #[serde(deserialize_with = "or_default")]
    function: Function,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Function {
    name: String,
    /// JSON, as a text.
    #[serde(deserialize_with = "or_default")]
    arguments: Option<String>,
}

impl Message {
    fn is_prompt(&self) -> bool {
        self.role == "user" && !self.injected
    }
}

/// Returns the head of a session; `None` if it has no prompt. Its id is that of `meta.json`, else
/// the name of the folder.
pub(super) fn head(messages: &Path, meta: &Path) -> Result<Option<Head>, StoreError> {
    let prompt = files::find(messages, |found, json| {
        let message: Message = serde_json::from_str(json)?;
        let is_prompt = message.is_prompt();
        *found = is_prompt.then_some(message.message_id);
        Ok(!is_prompt)
    })?;
    let Some(prompt) = prompt else { return Ok(None) };
    let meta: Meta = files::document(meta).ok().flatten().unwrap_or_default();
    let folder = || messages.parent().map(files::name).unwrap_or_default().to_owned();
    let id = meta.session_id.filter(|id| !id.is_empty()).unwrap_or_else(folder);
    Ok(Some(Head { id, messages: messages.to_owned(), prompt, start: meta.start_time }))
}

pub(super) fn session(
    found: &FoundSession,
    parent: Option<&str>,
    origin: Option<&Origin>,
) -> Result<Session, StoreError> {
    let messages = found.main_file()?;
    let meta: Option<Meta> = found.files.get(1).and_then(|path| files::document(path).ok().flatten());
    let meta = meta.unwrap_or_default();
    let mut draft = Draft::new(&found.native_id);
    meta.describe(&mut draft);
    draft.said_at(meta.start_time);
    draft.said_at(meta.end_time);
    if let Some(parent) = parent {
        draft.parent(parent, Relation::Subagent);
    }
    if let Some(origin) = origin {
        draft.parent(&origin.parent.id, Relation::Fork);
    }
    let (mut lines, copied) = (0, origin.map_or(0, |origin| origin.copied));
    let skipped = files::each_line(messages, |_, json| {
        draft.inherit(lines < copied);
        lines += 1;
        match serde_json::from_str::<Message>(json) {
            Ok(message) => take(&mut draft, &message),
            Err(_) => draft.skip(1),
        }
        Ok(true)
    })?;
    draft.skip(skipped);
    // The sum leaves out what was copied.
    draft.inherit(false);
    if let Some(stats) = meta.stats {
        let input = stats.session_prompt_tokens.max(0);
        let model = draft.session().model.clone();
        draft.request(Request {
            id: format!("{}/total", found.native_id),
            at: meta.end_time,
            model,
            purpose: Purpose::Conversation,
            tokens: Tokens {
                input,
                cached_input: stats.session_cached_tokens.clamp(0, input),
                cache_write: 0,
                output: stats.session_completion_tokens.max(0),
                reasoning: None,
            },
            inherited: false,
        });
    }
    Ok(draft.finish())
}

fn take(draft: &mut Draft, message: &Message) {
    let id = message.message_id.as_deref();
    if id.is_some_and(|id| !draft.is_new(id)) {
        return;
    }
    match message.role.as_str() {
        "user" if !message.injected => draft.prompt(None, id, &message.content, 0),
        "assistant" => {
            draft.reasoning(None, id, &message.reasoning_content);
            draft.answer(None, id, &message.content);
            for call in &message.tool_calls {
                let arguments = call.function.arguments.as_deref().unwrap_or("{}");
                draft.call(None, &call.id, &call.function.name, arguments);
            }
            let is_last = message.tool_calls.is_empty();
            draft.end(if is_last { Outcome::Completed } else { Outcome::Unfinished }, None);
        }
        "tool" => draft.result(None, &message.tool_call_id, &message.content, None),
        _ => {}
    }
}

/// Returns the metadata without credentials, which its settings may have, and what a sub-agent's
/// folder does not say: which session it belongs to.
pub(super) fn pieces(found: &FoundSession) -> Result<Vec<Piece>, StoreError> {
    let (source, meta) = (found.source(), found.files.iter().find(|path| path.ends_with("meta.json")));
    let meta = meta.map(|meta| masked(meta)).transpose()?;
    let mut pieces: Vec<_> = meta.flatten().into_iter().collect();
    let agents = source.ancestors().nth(2).filter(|folder| files::name(folder) == "agents");
    let Some(parent) = agents.and_then(Path::parent) else { return Ok(pieces) };
    let (messages, meta) = (parent.join("messages.jsonl"), parent.join("meta.json"));
    if let Some(Head { id, .. }) = head(&messages, &meta)? {
        // Without a prompt it would be no session.
        let prompt = json!({ "role": "user", "content": "" });
        pieces.push(Piece::context(messages, format!("{prompt}\n").into_bytes()));
        pieces.push(Piece::context(meta, json!({ "session_id": id }).to_string().into_bytes()));
    }
    Ok(pieces)
}
