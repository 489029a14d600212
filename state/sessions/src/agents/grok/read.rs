//! Reads one session of Grok Build.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use threadkeep_rollout::{ThreadKind, TurnItemKind};

use super::line::{Line, Summary, Update, exit_code, piece, texts};
use super::subagents::{self, Child, Ends, TURN_END};
use super::{CWD, Known, Link};
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::incremental::{self, LineReader, Progress};
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource};

/// First words of messages that Grok Build writes in the user's name.
const INJECTED: &str = "<system-reminder>";
/// The summary is written this much before or after the updates of the same moment, at most.
const SAME_MOMENT: SignedDuration = SignedDuration::from_secs(2);

pub(super) fn session(
    found: &FoundSession,
    known: &Known,
    progress: &mut Progress,
) -> Result<Session, StoreError> {
    let path = found.main_file()?;
    let mut draft = Draft::new(&found.native_id);
    let summary = found.files.get(1).map_or(Ok(None), |path| files::document(path));
    draft.skip(u64::from(summary.is_err()));
    let summary: Summary = summary.ok().flatten().unwrap_or_default();
    let fork_of = summary.parent_session_id.clone();
    if let Some(parent) = fork_of.as_ref().filter(|_| summary.session_kind.as_deref() != Some("subagent")) {
        draft.parent(parent, Relation::Fork);
    }
    if summary.session_kind.as_deref() == Some("subagent") || known.link.is_some() {
        draft.session().kind = ThreadKind::Subagent;
        let link: Option<Link> = known.link.as_ref().and_then(|meta| files::document(meta).ok().flatten());
        if let Some(parent) = link.and_then(|link| link.parent_session_id).or(fork_of) {
            draft.parent(&parent, Relation::Subagent);
        }
    }
    if let Some(cwd) = cwd(&summary, path, found.files.get(2)) {
        draft.cwd(&cwd);
    }
    // Without a sub-agent's file, its tokens stay in its parent's turn.
    let ends = |(id, updates): (&String, &PathBuf)| Some((id.clone(), subagents::ends(updates).ok()?));
    let ends: BTreeMap<_, _> = known.children.iter().filter_map(ends).collect();
    let context = (summary.forked_at, ends.clone());
    let mut reader = Reader { draft, forked_at: summary.forked_at, open: None, children: Vec::new(), ends };
    incremental::each_line(path, &mut reader, progress, context, |reader, _, json| {
        reader.take(&serde_json::from_str::<Line<'_>>(json)?, &found.native_id);
        Ok(())
    })?;
    reader.close();
    let mut draft = reader.draft;
    draft.inherit(false);
    describe(&mut draft, &summary);
    Ok(draft.finish())
}

/// Takes the metadata.
fn describe(draft: &mut Draft, summary: &Summary) {
    let title = summary.generated_title.as_deref().or(summary.session_summary.as_deref());
    draft.title(title.unwrap_or_default(), TitleSource::Agent);
    draft.git_branch(summary.head_branch.as_deref().unwrap_or_default());
    draft.model(summary.current_model_id.as_deref().unwrap_or_default());
    if let Some(version) = summary.chat_format_version {
        draft.format(version);
    }
    // A later time of the summary comes from a new title, and is no activity.
    let session = draft.session();
    let near = |said: Option<Timestamp>, stamp: Option<Timestamp>| {
        stamp.filter(|stamp| said.is_some_and(|said| stamp.duration_since(said).abs() <= SAME_MOMENT))
    };
    session.created_at =
        session.created_at.min(near(session.created_at, summary.created_at)).or(session.created_at);
    session.updated_at = session.updated_at.max(near(session.updated_at, summary.updated_at));
}

/// Returns the working directory: the summary's, or that of the folder around the session.
fn cwd(summary: &Summary, updates: &Path, map: Option<&PathBuf>) -> Option<String> {
    if let Some(cwd) = &summary.info.cwd {
        return Some(cwd.clone());
    }
    let written =
        map.filter(|map| files::name(map) == CWD).and_then(|map| files::contents(map).ok().flatten());
    if let Some(written) = written.and_then(|bytes| String::from_utf8(bytes).ok()) {
        return Some(written.trim_end_matches(['\r', '\n']).to_owned());
    }
    decoded(files::name(updates.parent()?.parent()?)).filter(|cwd| Path::new(cwd).is_absolute())
}

/// Undoes the percent-encoding of a folder's name.
fn decoded(name: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), name.as_bytes());
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, after) = after.split_at_checked(2)?;
        bytes.push(u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?);
        rest = after;
    }
    String::from_utf8(bytes).ok()
}

/// Message whose pieces are still coming.
struct Open {
    kind: String,
    /// Number of the prompt, or start of the answer.
    key: Option<i64>,
    at: Option<Timestamp>,
    text: String,
    images: usize,
}

struct Reader {
    draft: Draft,
    forked_at: Option<Timestamp>,
    open: Option<Open>,
    /// Sub-agents of the turn.
    children: Vec<Child>,
    /// Ends of the turns of sub-agents, by their ids.
    ends: BTreeMap<String, Ends>,
}

impl LineReader for Reader {
    type State = Vec<Child>;

    fn draft(&mut self) -> &mut Draft {
        &mut self.draft
    }

    fn state(&self) -> Option<Self::State> {
        self.open.is_none().then(|| self.children.clone())
    }

    fn restore(&mut self, children: Self::State) {
        self.children = children;
    }
}

impl Reader {
    fn take(&mut self, line: &Line<'_>, native_id: &str) {
        let (at, update) = (line.at(), &line.params.update);
        let kind = &*update.kind;
        let is_piece = matches!(kind, "user_message_chunk" | "agent_message_chunk" | "agent_thought_chunk");
        let key = match kind {
            "user_message_chunk" => update.meta.prompt_index,
            _ => line.params.meta.stream_start_ms,
        };
        if self.open.as_ref().is_some_and(|open| open.kind != kind || open.key != key) {
            self.close();
        }
        let inherits = match line.writer() {
            Some(writer) => writer != native_id,
            None => self.forked_at.is_some_and(|forked| at.is_some_and(|at| at < forked)),
        };
        if let Some(writer) = line.writer().filter(|_| inherits) {
            self.draft.parent(writer, Relation::Fork);
        }
        self.draft.inherit(inherits);
        if is_piece {
            let new = || Open { kind: kind.to_owned(), key, at, text: String::new(), images: 0 };
            let open = self.open.get_or_insert_with(new);
            let piece = piece(update.content);
            open.images += usize::from(piece.kind == "image");
            open.text.push_str(&piece.text);
            if let Some(model) = &update.meta.model_id {
                self.draft.model(model);
            }
            return;
        }
        match kind {
            "tool_call" => {
                let name = update.meta.tool.as_ref().map(|tool| &tool.name).or(update.title.as_ref());
                let (Some(id), Some(name)) = (&update.tool_call_id, name) else { return };
                self.draft.call(at, id, name, update.raw_input.map_or("{}", |input| input.get()));
            }
            "tool_call_update" => self.result(at, update),
            TURN_END => self.end(at, update),
            "subagent_spawned" => subagents::start(&mut self.children, at, update),
            "subagent_finished" => subagents::finish(&mut self.children, update),
            "auto_compact_completed" if self.draft.has_turn() => {
                self.draft.item(at, None, TurnItemKind::ContextCompaction);
            }
            _ => {}
        }
    }

    /// Takes the message whose pieces have all come.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        let draft = &mut self.draft;
        match open.kind.as_str() {
            "agent_message_chunk" => draft.answer(open.at, None, &open.text),
            "agent_thought_chunk" => draft.reasoning(open.at, None, &open.text),
            _ if open.text.trim_start().starts_with(INJECTED) => draft.said_at(open.at),
            _ => draft.prompt(open.at, None, &open.text, open.images),
        }
    }

    fn result(&mut self, at: Option<Timestamp>, update: &Update<'_>) {
        let code = exit_code(update.raw_output);
        let succeeded = match update.status.as_deref() {
            Some("completed") => code.is_none_or(|code| code == 0),
            Some("failed") => false,
            _ => return,
        };
        let Some(id) = &update.tool_call_id else { return };
        self.draft.result(at, id, &texts(update.content), Some(succeeded));
        if let Some(code) = code {
            self.draft.exit_code(id, code);
        }
    }

    fn end(&mut self, at: Option<Timestamp>, update: &Update<'_>) {
        let reason = update.stop_reason.as_deref();
        // The next start writes it at its own time, even if the turn had ended and a sub-agent was
        // about to wake the agent.
        let is_late = reason == Some("interrupted");
        self.draft.said_at(at.filter(|_| !is_late));
        let has_ended =
            self.draft.session().turns.last().is_some_and(|turn| turn.outcome != Outcome::Unfinished);
        match reason {
            Some("interrupted") if has_ended => {}
            Some("interrupted") => self.draft.end(Outcome::Interrupted, None),
            Some("cancelled") => self.draft.end(Outcome::Interrupted, None),
            Some("error") => self.draft.end(Outcome::Failed, update.agent_result.as_deref()),
            Some(_) => self.draft.end(Outcome::Completed, None),
            None => {}
        }
        let (Some(usage), Some(prompt)) = (&update.usage, &update.prompt_id) else { return };
        let all = usage.by_model();
        let mut own = all.clone();
        subagents::subtract(&mut own, &mut self.children, (prompt, at), &self.ends);
        for (model, tokens) in own {
            // A model that only the turn's sub-agents used.
            if tokens != all[&model] && (tokens.input, tokens.output) == (0, 0) {
                continue;
            }
            let model = Some(model).filter(|model| !model.is_empty());
            let id = model.as_ref().map_or_else(|| prompt.to_string(), |model| format!("{prompt}/{model}"));
            let purpose = Purpose::Conversation;
            self.draft.request(Request { id, at, model, purpose, tokens, inherited: false });
        }
    }
}
