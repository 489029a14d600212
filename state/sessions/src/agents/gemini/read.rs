//! Reads one session of Gemini CLI.

use std::borrow::Cow;

use threadkeep_rollout::ThreadKind;

use super::line::{CONTEXT_ID, Call, Ran, Record, SHELL, Thought, list};
use super::{Chat, Known};
use crate::agents::parts::parts;
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::incremental::{self, LineReader, Progress};
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource};

/// Words of the agent's after the user stopped a turn.
const CANCELLED: &str = "Request cancelled";
/// Words to a sub-agent that has reached a limit.
const LAST_CHANCE: &str = "You have one final chance to complete the task with a short grace period.";
/// Tool with which a sub-agent ends its work.
const COMPLETE: &str = "complete_task";

pub(super) fn session(
    found: &FoundSession,
    known: &Known,
    progress: &mut Progress,
) -> Result<Session, StoreError> {
    let mut draft = Draft::new(&found.native_id);
    if let Some(parent) = &known.parent {
        draft.parent(parent, Relation::Subagent);
    }
    if let Some(cwd) = &known.cwd {
        draft.cwd(cwd);
    }
    let mut reader = Reader { draft, has_begun: false, starts: false, waiting: None, early: Vec::new() };
    let mut is_there = false;
    // A checkpoint is a place in one file.
    let whole = &mut Progress::default();
    let progress = if known.chats.len() == 1 { progress } else { whole };
    for Chat { has_lines, path, .. } in known.chats.iter().filter(|chat| chat.path.is_file()) {
        is_there = true;
        let gone = |error: StoreError| error.or_gone(&found.native_id);
        if *has_lines {
            let read = incremental::each_line(path, &mut reader, progress, (), |reader, _, json| {
                reader.line(&serde_json::from_str::<Record<'_>>(json)?, json);
                Ok(())
            });
            read.map_err(gone)?;
            reader.release();
        } else if let Some(bytes) = files::contents(path).map_err(gone)? {
            // A half-written document does not hide the session's other files.
            match serde_json::from_slice::<Record<'_>>(&bytes) {
                Ok(document) => reader.take(&document),
                Err(_) => reader.draft.skip(1),
            }
        }
    }
    if is_there { Ok(reader.draft.finish()) } else { Err(found.gone()) }
}

struct Reader {
    draft: Draft,
    /// True after the session's first header.
    has_begun: bool,
    /// True between a header and the first list after it, which has only the context. A sub-agent
    /// has none.
    starts: bool,
    /// Line of the user's whose next line is not known yet.
    waiting: Option<String>,
    /// Commands that the user ran before the first prompt.
    early: Vec<Ran>,
}

impl LineReader for Reader {
    type State = (bool, bool);

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn state(&self) -> Option<Self::State> {
        (self.waiting.is_none() && self.early.is_empty()).then_some((self.has_begun, self.starts))
    }

    fn restore(&mut self, state: Self::State) {
        (self.has_begun, self.starts) = state;
    }
}

impl Reader {
    /// Takes a line. A message of the user's waits for the line after it: where the agent writes
    /// again what was said, with new ids, only its own messages show that.
    fn line(&mut self, record: &Record<'_>, json: &str) {
        if record.is_retyped() {
            self.is_new(record);
            self.waiting = None;
        } else if record.set.as_ref().is_some_and(|change| change.messages.is_none()) {
            self.take(record);
        } else {
            self.release();
            if record.role != "user" || record.id.is_none() {
                self.take(record);
            } else if self.is_new(record) {
                self.waiting = Some(json.to_owned());
            }
        }
    }

    /// Takes the message that waits.
    fn release(&mut self) {
        let waiting = self.waiting.take();
        if let Some(message) = waiting.as_deref().and_then(|json| serde_json::from_str(json).ok()) {
            let has_context = self.draft.turns_before(CONTEXT_ID).is_some();
            self.user(&message, has_context);
        }
    }

    fn take(&mut self, record: &Record<'_>) {
        if let Some(change) = &record.set {
            self.change(change);
        } else if let Some(message) = &record.rewind_to {
            self.rewind(message);
        } else if record.id.is_some() {
            self.message(record);
        } else {
            self.change(record);
        }
    }

    fn change(&mut self, change: &Record<'_>) {
        if change.start_time.is_some() {
            // A resume writes a header again, with its own time.
            if !self.has_begun {
                self.draft.said_at(change.start_time);
            }
            (self.has_begun, self.starts) = (true, true);
        }
        if change.kind.as_deref() == Some("subagent") {
            self.draft.session().kind = ThreadKind::Subagent;
            if let Some(cwd) = change.directories.first() {
                self.draft.cwd(cwd);
            }
        }
        if let Some(title) = &change.summary {
            self.draft.title(title, TitleSource::Agent);
        }
        if let Some(messages) = change.messages() {
            self.replace(&messages);
        }
    }

    /// Takes a list that replaces the conversation. The first list is the conversation. A later one
    /// is a resume (nothing is new), lacks a failed prompt, or is the summary of a compaction.
    fn replace(&mut self, messages: &[Record<'_>]) {
        if !self.draft.has_turn() {
            self.starts = false;
            messages.iter().for_each(|message| self.message(message));
            return;
        }
        let starts = std::mem::take(&mut self.starts);
        // A compaction writes a summary, and again what it keeps word for word.
        let mut new: Vec<_> = messages.iter().filter(|message| self.is_new(message)).collect();
        new.retain(|message| message.prompt().is_some());
        if let Some(summary) = new.first() {
            self.draft.compaction(summary.timestamp, None);
        }
        // A list with something newer than the last prompt takes no prompt back. It lacks prompts
        // that were compacted or written again.
        let (turns, ids) = (self.draft.turns(), || messages.iter().filter_map(|one| one.id.as_deref()));
        let goes_on = ids().any(|id| self.draft.turns_before(id) == Some(turns));
        let is_subagent = self.draft.session().kind == ThreadKind::Subagent;
        let last = self.draft.session().turns.last_mut().filter(|_| !starts && !goes_on);
        if let Some(last) = last.filter(|last| last.outcome == Outcome::Unfinished)
            && !ids().any(|id| id == last.id)
        {
            // A user cannot take back a sub-agent's task.
            last.outcome = if is_subagent { Outcome::Failed } else { Outcome::Withdrawn };
        }
    }

    /// Takes back a message and all that follow it; everything, if it is not known.
    fn rewind(&mut self, message: &str) {
        let first = self.draft.turns_before(message).unwrap_or(0);
        for turn in self.draft.session().turns.iter_mut().skip(first) {
            turn.outcome = Outcome::Withdrawn;
        }
    }

    /// Says that a message is read now. Returns false if it was read before.
    fn is_new(&mut self, message: &Record<'_>) -> bool {
        message.id.as_ref().is_none_or(|id| self.draft.is_new(id))
    }

    fn message(&mut self, message: &Record<'_>) {
        let is_new = self.is_new(message);
        match message.role.as_str() {
            "user" if is_new => self.user(message, false),
            "gemini" => self.gemini(message, is_new),
            "info" if is_new && message.text().starts_with(CANCELLED) => {
                self.draft.end(Outcome::Interrupted, None);
            }
            "error" if is_new && self.draft.session().outcome() == Some(Outcome::Unfinished) => {
                self.draft.end(Outcome::Failed, Some(&message.text()));
            }
            _ => {}
        }
    }

    fn user(&mut self, message: &Record<'_>, has_context: bool) {
        let (at, id) = (message.timestamp, message.id.as_deref());
        self.starts = false;
        if let Some((words, images)) = message.prompt_after(has_context) {
            let is_subagent = self.draft.session().kind == ThreadKind::Subagent;
            if is_subagent && self.draft.has_turn() && words.contains(LAST_CHANCE) {
                return;
            }
            self.draft.prompt(at, id, &words, images);
            std::mem::take(&mut self.early).into_iter().for_each(|command| self.ran(command));
            return;
        }
        if let Some(command) = message.ran() {
            self.ran(command);
        }
        for part in parts(message.content) {
            let Some(result) = part.function_response else { continue };
            self.draft.said_at(at);
            if self.draft.is_new(&answered(&result.id)) {
                let output = result.response.text().unwrap_or_default();
                self.draft.result(None, &result.id, output, Some(result.response.succeeded()));
            }
        }
    }

    fn ran(&mut self, ran: Ran) {
        if !self.draft.has_turn() {
            return self.early.push(ran);
        }
        let Ran { at, id, command, output } = ran;
        self.draft.call(at, &id, SHELL, &serde_json::json!({"command": command}).to_string());
        self.draft.result(at, &id, &output, None);
    }

    /// Takes an answer. It is written again with its calls, and once more with its tokens.
    fn gemini(&mut self, message: &Record<'_>, is_new: bool) {
        let (at, id) = (message.timestamp, message.id.as_deref());
        if let Some(model) = message.model.as_deref().filter(|_| is_new) {
            self.draft.model(model);
        }
        if let (Some(usage), Some(id)) = (message.tokens, id) {
            self.draft.request(Request {
                id: id.to_owned(),
                at,
                model: message.model.clone(),
                purpose: Purpose::Conversation,
                tokens: usage.into(),
                inherited: false,
            });
        }
        let calls: Vec<Call<'_>> = message.tool_calls.map(list).unwrap_or_default();
        if is_new {
            self.draft.said_at(at);
            for thought in message.thoughts.map(list::<Thought>).unwrap_or_default() {
                self.draft.reasoning(at, id, &thought.text());
            }
            for part in parts(message.content) {
                match (&part.text, &part.function_call) {
                    (Some(text), _) if part.thought && message.thoughts.is_none() => {
                        self.draft.reasoning(at, id, text);
                    }
                    (Some(text), _) if !part.thought => self.draft.answer(at, id, text),
                    (None, Some(call)) if calls.is_empty() => self.call(message, &Call::from(call)),
                    _ => {}
                }
            }
            self.draft.end(Outcome::Completed, None);
        }
        for call in &calls {
            self.call(message, call);
        }
    }

    fn call(&mut self, message: &Record<'_>, call: &Call<'_>) {
        let answered = answered(&call.id);
        if self.draft.turns_before(&answered).is_some() {
            return;
        }
        if !self.draft.has_call(&call.id) {
            let arguments = call.args.map_or("{}".into(), |arguments| on_one_line(arguments.get()));
            self.draft.call(message.timestamp, &call.id, &call.name, &arguments);
        }
        let succeeded = call.status.as_deref().map(|status| status == "success");
        if let Some(output) = call.output() {
            self.draft.is_new(&answered);
            self.draft.result(None, &call.id, &output, succeeded);
        }
        self.draft.end(
            match call.status.as_deref() {
                Some("cancelled") => Outcome::Interrupted,
                Some("success") if call.name == COMPLETE => Outcome::Completed,
                _ => Outcome::Unfinished,
            },
            None,
        );
    }
}

/// Returns the id of the result of a call, among the ids of messages.
fn answered(call_id: &str) -> String {
    format!("result {call_id}")
}

/// Takes the line breaks and the indentation of a document out of JSON.
fn on_one_line(json: &str) -> Cow<'_, str> {
    if json.contains('\n') { json.lines().map(str::trim_start).collect() } else { json.into() }
}
