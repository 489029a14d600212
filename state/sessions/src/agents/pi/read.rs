//! Reads one session of pi.

use std::path::Path;

use jiff::Timestamp;

use super::line::{Line, Message, Usage};
use crate::agents::blocks::{blocks, count, text};
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::incremental::{self, LineReader, Progress};
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource};

pub(super) fn session(found: &FoundSession, progress: &mut Progress) -> Result<Session, StoreError> {
    let path = found.main_file()?;
    let draft = Draft::new(&found.native_id);
    let parent = header(path).and_then(|header| header.parent).map(|path| parent_of(&path));
    let context = parent.clone();
    let mut reader =
        Reader { draft, has_header: false, parent, forked_at: None, result_at: None, early: Vec::new() };
    let read = incremental::each_line(path, &mut reader, progress, context, |reader, _, json| {
        reader.take(&serde_json::from_str::<Line<'_>>(json)?, json);
        Ok(())
    });
    read.map_err(|error| error.or_gone(&found.native_id))?;
    Ok(reader.draft.finish())
}

/// Header of a session's file.
struct Header {
    id: String,
    /// Path of the file of the session that this one is a fork of.
    parent: Option<String>,
}

fn header(path: &Path) -> Option<Header> {
    let header = files::find(path, |header, json| {
        let Line { kind, id, parent_session: parent, .. } = serde_json::from_str(json)?;
        *header = id.filter(|_| kind == "session").map(|id| Header { id, parent });
        Ok(false)
    });
    header.ok().flatten()
}

/// Returns the id of the session in a file. Only if the file is gone, this is the id in its name: a
/// fork from the first prompt has another one.
fn parent_of(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or_default();
    let stem = name.strip_suffix(".jsonl").unwrap_or(name);
    let named = || stem.split_once('_').map_or(stem, |(_, id)| id).to_owned();
    header(Path::new(path)).map_or_else(named, |header| header.id)
}

struct Reader {
    draft: Draft,
    has_header: bool,
    /// Session that this one is a fork of.
    parent: Option<String>,
    /// Time of a fork. What is older was copied.
    forked_at: Option<Timestamp>,
    /// Milliseconds of the last result, until the answer to it.
    result_at: Option<i64>,
    /// Commands that the user ran before the first prompt.
    early: Vec<String>,
}

impl LineReader for Reader {
    type State = (bool, Option<Timestamp>, Option<i64>);

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn state(&self) -> Option<Self::State> {
        self.early.is_empty().then_some((self.has_header, self.forked_at, self.result_at))
    }

    fn restore(&mut self, state: Self::State) {
        (self.has_header, self.forked_at, self.result_at) = state;
    }
}

impl Reader {
    fn take(&mut self, line: &Line<'_>, json: &str) {
        if line.kind == "session" {
            self.header(line);
            return;
        }
        if line.id.as_deref().is_some_and(|id| !self.draft.is_new(id)) {
            return;
        }
        self.draft.inherit(line.timestamp < self.forked_at && line.timestamp.is_some());
        if let Some(usage) = line.usage {
            self.request(line, None, Purpose::Hidden, usage);
        }
        match (line.kind.as_str(), line.message.role.as_str()) {
            ("session_info", _) => self.title(line.name.as_deref().unwrap_or_default()),
            ("compaction", _) => self.draft.compaction(line.timestamp, line.id.as_deref()),
            ("message", "user") => self.user(line),
            ("message", "assistant") => self.assistant(line),
            ("message", "toolResult") => self.result(line),
            ("message", "bashExecution") if self.draft.has_turn() => self.command(line),
            ("message", "bashExecution") => self.early.push(json.to_owned()),
            _ => {}
        }
    }

    fn header(&mut self, line: &Line<'_>) {
        if std::mem::replace(&mut self.has_header, true) {
            return;
        }
        self.draft.said_at(line.timestamp);
        self.draft.cwd(&line.cwd);
        if let Some(version) = line.version {
            self.draft.format(version);
        }
        if let Some(parent) = &self.parent {
            self.forked_at = line.timestamp;
            self.draft.parent(parent, Relation::Fork);
        }
    }

    /// Takes the title; an empty one takes it away.
    fn title(&mut self, name: &str) {
        self.draft.title(name, TitleSource::User);
        if name.is_empty() {
            self.draft.session().title = None;
        }
    }

    fn user(&mut self, line: &Line<'_>) {
        let (words, images) = (text(line.message.content), count(line.message.content, "image"));
        if words.is_empty() && images == 0 {
            return;
        }
        // A message has the time when it was typed, and stands after the results of that moment.
        if line.message.timestamp.is_some() && line.message.timestamp < self.result_at {
            self.draft.also_said(line.timestamp, line.id.as_deref(), &words);
            return;
        }
        self.draft.prompt(line.timestamp, line.id.as_deref(), &words, images);
        for json in std::mem::take(&mut self.early) {
            if let Ok(line) = serde_json::from_str(&json) {
                self.command(&line);
            }
        }
    }

    fn assistant(&mut self, line: &Line<'_>) {
        let (at, id, message) = (line.timestamp, line.id.as_deref(), &line.message);
        self.draft.said_at(at);
        self.result_at = None;
        if let Some(model) = &message.model {
            self.draft.model(model);
        }
        if let Some(usage) = message.usage {
            self.request(line, message.model.clone(), Purpose::Conversation, usage);
        }
        let mut calls = false;
        for block in blocks(message.content) {
            match &*block.kind {
                "text" => self.draft.answer(at, id, &block.text),
                "thinking" => self.draft.reasoning(at, id, &block.thinking),
                "toolCall" => {
                    calls = true;
                    let arguments = block.input.map_or("{}", |arguments| arguments.get());
                    self.draft.call(at, &block.id, &block.name, arguments);
                }
                _ => {}
            }
        }
        let outcome = match message.stop_reason.as_deref() {
            Some("aborted") => Outcome::Interrupted,
            Some("error") => Outcome::Failed,
            _ if calls => Outcome::Unfinished,
            Some("stop" | "length") => Outcome::Completed,
            _ => Outcome::Unfinished,
        };
        let error = message.error_message.as_deref().filter(|_| outcome == Outcome::Failed);
        self.draft.end(outcome, error);
    }

    fn result(&mut self, line: &Line<'_>) {
        let message = &line.message;
        let output = text(message.content);
        self.result_at = message.timestamp;
        self.draft.result(line.timestamp, &message.tool_call_id, &output, Some(!message.is_error));
        if let Some(usage) = message.usage {
            self.request(line, message.model.clone(), Purpose::Subagent, usage);
        }
    }

    /// Takes a command that the user ran.
    fn command(&mut self, line: &Line<'_>) {
        let Message { command, output, exit_code, .. } = &line.message;
        let (Some(command), Some(id)) = (command, &line.id) else { return };
        let arguments = format!("{{\"command\":{}}}", command.get());
        self.draft.call(line.timestamp, id, "bash", &arguments);
        self.draft.result(line.timestamp, id, output, Some(*exit_code == Some(0)));
        if let Some(code) = exit_code {
            self.draft.exit_code(id, *code);
        }
    }

    /// Takes a request. An entry's id is short, and unique in its file only.
    fn request(&mut self, line: &Line<'_>, model: Option<String>, purpose: Purpose, usage: Usage) {
        let message = &line.message;
        let at = line.timestamp;
        let ms = message.timestamp.or(at.map(Timestamp::as_millisecond)).map(|ms| ms.to_string());
        let parts = [line.id.clone(), message.response_id.clone().or(ms)];
        let id = parts.into_iter().flatten().collect::<Vec<_>>().join("/");
        if let Some(tokens) = usage.tokens() {
            self.draft.request(Request { id, at, model, purpose, tokens, inherited: false });
        }
    }
}
