//! Reads one session of Copilot CLI.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::line::{Answer, Call, Compaction, Context, Done, Failure, Info, Line, Model, Prompt, Run, Used};
use super::workspace::Workspace;
use crate::draft::Draft;
use crate::error::StoreError;
use crate::found::FoundSession;
use crate::incremental::{self, LineReader, Progress};
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource, Tokens};

/// First bytes of lines that say nothing here and are long: the system prompt, and sums.
const PASSED_OVER: [&str; 3] = [
    "{\"type\":\"system.message\"",
    "{\"type\":\"session.usage_checkpoint\"",
    "{\"type\":\"subagent.selected\"",
];

pub(super) fn session(found: &FoundSession, progress: &mut Progress) -> Result<Session, StoreError> {
    let path = found.main_file()?;
    let mut reader = Reader::new(&found.native_id);
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
    let workspace = found.files.get(1).map(|path| Workspace::read(path)).unwrap_or_default();
    reader.draft.inherit(false);
    // The events have the folder and the branch of each run; this file only the latest.
    if let Some(cwd) = workspace.cwd {
        reader.draft.cwd(&cwd);
    }
    if let Some(branch) = workspace.branch.filter(|_| reader.draft.session().git_branch.is_none()) {
        reader.draft.git_branch(&branch);
    }
    if let Some(name) = workspace.name {
        let source = if workspace.user_named { TitleSource::User } else { TitleSource::Agent };
        reader.draft.title(&name, source);
    }
    Ok(reader.draft.finish())
}

struct Reader {
    draft: Draft,
    state: State,
}

#[derive(Clone, Serialize, Deserialize)]
struct State {
    /// Time when the session began. A fork has older events, which are copies.
    began_at: Option<Timestamp>,
    /// True while no event of the session's own was seen.
    at_copies: bool,
    /// The prompt that is worked on.
    interaction: Option<String>,
    /// True if the last answer asks for no tool.
    answered: bool,
    /// True if the open turn has an end that a `turn_end` does not replace.
    ended: bool,
}

impl LineReader for Reader {
    type State = State;

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn state(&self) -> Option<Self::State> {
        Some(self.state.clone())
    }

    fn restore(&mut self, state: Self::State) {
        self.state = state;
    }
}

impl Reader {
    fn new(native_id: &str) -> Self {
        Self {
            draft: Draft::new(native_id),
            state: State {
                began_at: None,
                at_copies: true,
                interaction: None,
                answered: false,
                ended: false,
            },
        }
    }

    fn take(&mut self, line: &Line<'_>) {
        // A copy of an event has its id.
        if line.id.as_deref().is_some_and(|id| !self.draft.is_new(id)) {
            return;
        }
        if &*line.kind == "session.start" {
            return self.start(line);
        }
        if let (true, Some(at)) = (self.state.at_copies, line.timestamp) {
            self.state.at_copies = self.state.began_at.is_some_and(|began| at < began);
            self.draft.inherit(self.state.at_copies);
        }
        self.draft.said_at(line.timestamp);
        match &*line.kind {
            "session.usage_record" => self.usage(line),
            // What a sub-agent does stands between the call that started it and its result.
            _ if line.agent_id.is_some() => {}
            "session.resume" => self.run(&line.data()),
            "session.context_changed" => self.context(&line.data()),
            "session.model_change" => self.draft.model(&line.data::<Model>().new_model),
            "session.info" => self.info(&line.data()),
            "session.compaction_complete" => self.compaction(line),
            "user.message" => self.prompt(line),
            "assistant.turn_start" if self.draft.has_turn() => {
                (self.state.answered, self.state.ended) = (false, false);
                self.draft.end(Outcome::Unfinished, None);
            }
            "assistant.message" => self.answer(line),
            "tool.execution_start" => self.call(line.timestamp, &line.data()),
            "tool.execution_complete" => self.done(line),
            "assistant.turn_end" if self.state.answered && !self.state.ended => {
                self.state.ended = true;
                self.draft.end(Outcome::Completed, None);
            }
            "abort" => {
                self.state.ended = true;
                self.draft.end(Outcome::Interrupted, None);
            }
            "session.error" if !self.state.ended => {
                self.state.ended = true;
                self.draft.end(Outcome::Failed, line.data::<Failure>().message.as_deref());
            }
            _ => {}
        }
    }

    fn start(&mut self, line: &Line<'_>) {
        let run: Run = line.data();
        self.state.began_at = run.start_time.or(line.timestamp);
        self.draft.said_at(self.state.began_at);
        self.run(&run);
    }

    fn run(&mut self, run: &Run) {
        self.context(&run.context);
        if let Some(version) = &run.copilot_version {
            self.draft.agent_version(version);
        }
        if let Some(model) = &run.selected_model {
            self.draft.model(model);
        }
    }

    fn context(&mut self, context: &Context) {
        if let Some(cwd) = &context.cwd {
            self.draft.cwd(cwd);
        }
        if let Some(branch) = &context.branch {
            self.draft.git_branch(branch);
        }
    }

    fn info(&mut self, info: &Info) {
        // A fork copied the lines that say where its parent comes from.
        if info.info_type == "fork"
            && !self.state.at_copies
            && let Some(parent) = origin(&info.message)
        {
            self.draft.parent(parent, Relation::Fork);
        }
    }

    fn prompt(&mut self, line: &Line<'_>) {
        let prompt: Prompt = line.data();
        if prompt.source.is_some_and(|source| source != "user") {
            return;
        }
        let (at, id) = (line.timestamp, line.id.as_deref());
        let is_more = prompt.interaction_id.is_some() && prompt.interaction_id == self.state.interaction;
        if is_more && self.draft.has_turn() {
            return self.draft.also_said(at, id, &prompt.content);
        }
        let images = prompt.attachments.iter().filter(|attachment| attachment.is_image()).count();
        self.draft.prompt(at, id, &prompt.content, images);
        (self.state.interaction, self.state.answered, self.state.ended) =
            (prompt.interaction_id, false, false);
    }

    fn answer(&mut self, line: &Line<'_>) {
        let answer: Answer<'_> = line.data();
        let (at, id) = (line.timestamp, line.id.as_deref());
        self.draft.model(&answer.model);
        self.draft.reasoning(at, id, &answer.reasoning_text);
        self.draft.answer(at, id, &answer.content);
        for call in &answer.tool_requests {
            self.call(at, call);
        }
        self.state.answered = answer.tool_requests.is_empty();
    }

    /// Takes a call. An answer has it, and the start of its execution has it again.
    fn call(&mut self, at: Option<Timestamp>, call: &Call<'_>) {
        if !call.tool_call_id.is_empty() && self.draft.is_new(&format!("call {}", call.tool_call_id)) {
            let arguments = call.arguments.map_or("{}", |arguments| arguments.get());
            self.draft.call(at, &call.tool_call_id, &call.name, arguments);
        }
    }

    fn done(&mut self, line: &Line<'_>) {
        let done: Done = line.data();
        let output = done.error.message.unwrap_or(done.result.content);
        self.draft.result(line.timestamp, &done.tool_call_id, &output, done.success);
        if let Some(code) = done.shell_execution.exit_code {
            self.draft.exit_code(&done.tool_call_id, code);
        }
    }

    fn usage(&mut self, line: &Line<'_>) {
        let Some(usage) = line.data::<Used>().usage else { return self.draft.skip(1) };
        let Some(id) = usage.id().or_else(|| line.id.as_deref().map(str::to_owned)) else { return };
        self.draft.request(Request {
            id,
            at: line.timestamp,
            tokens: Tokens::from(&usage),
            model: usage.model,
            purpose: if line.agent_id.is_some() { Purpose::Subagent } else { Purpose::Conversation },
            inherited: false,
        });
    }

    fn compaction(&mut self, line: &Line<'_>) {
        let compaction: Compaction = line.data();
        if let (Some(usage), Some(id)) = (compaction.compaction_tokens_used, compaction.compaction_attempt_id)
        {
            self.draft.request(Request {
                id: format!("compaction/{id}"),
                at: line.timestamp,
                tokens: Tokens::from(&usage),
                model: usage.model,
                purpose: Purpose::Hidden,
                inherited: false,
            });
        }
        let is_applied = compaction.success && compaction.outcome.is_none_or(|outcome| outcome == "applied");
        if is_applied {
            self.draft.compaction(line.timestamp, line.id.as_deref());
        }
    }
}

/// Returns the session that a fork comes from. Only words say it:
/// `Forked from "<title>" (<id>) as "<title>" (<id>).`
fn origin(message: &str) -> Option<&str> {
    let words = message.strip_prefix("Forked from ")?;
    words.match_indices("\" (").find_map(|(at, opening)| {
        let (id, _) = words[at + opening.len()..].split_once(") as \"")?;
        uuid::Uuid::try_parse(id).is_ok().then_some(id)
    })
}
