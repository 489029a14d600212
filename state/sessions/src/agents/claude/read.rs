//! Reads one session of Claude Code.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use threadkeep_rollout::TurnItemKind;

use super::line::{self, Line};
use super::origin::Origin;
use super::{Context, SUBAGENTS};
use crate::agents::blocks::{blocks, text};
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
use crate::incremental::{self, LineReader, Progress};
use crate::session::{Outcome, Purpose, Relation, Request, Session, TitleSource, Tokens};

/// Model of messages that no model wrote.
const SYNTHETIC: &str = "<synthetic>";
/// First words of messages that Claude Code writes in the user's name.
const INJECTED: [&str; 5] =
    ["<command-name>", "<local-command-", "<bash-", "<task-notification>", "<system-reminder>"];
/// First words of the message that says that the user stopped a turn.
const INTERRUPTED: &str = "[Request interrupted by user";

pub(super) fn session(
    found: &FoundSession,
    Context { families, summaries }: &Context,
    progress: &mut Progress,
) -> Result<Session, StoreError> {
    let path = found.main_file()?;
    let origin = Origin::of(path, families)?;
    let mut draft = Draft::new(&found.native_id);
    let subagent_of = path.parent().filter(|folder| files::name(folder) == SUBAGENTS);
    if let Some(folder) = subagent_of {
        let agent = found.files.get(2).and_then(|about| parent_agent(about));
        let agent = agent.filter(|agent| folder.join(agent).with_extension("jsonl").is_file());
        let session = folder.parent().map(files::name).unwrap_or_default();
        draft.parent(agent.as_deref().unwrap_or(session), Relation::Subagent);
    }
    if let Some(parent) = &origin.parent {
        draft.parent(parent, Relation::Fork);
    }
    if let Some(summary) = summaries.of(path) {
        draft.title(&summary.title, TitleSource::Agent);
    }
    let by = title_source(found.files.get(1));
    let mut reader = Reader { draft, is_subagent: subagent_of.is_some(), title_source: by, begun: None };
    incremental::each_line(path, &mut reader, progress, by, |reader, offset, json| {
        if line::is_passed_over(json) {
            return Ok(());
        }
        let line: Line<'_> = serde_json::from_str(json)?;
        let is_copied = origin.own_from.is_some_and(|own| offset < own);
        reader.begun = reader.begun.or(line.timestamp.filter(|_| !is_copied));
        reader.draft.inherit(is_copied);
        reader.take(&line);
        Ok(())
    })?;
    // A fork in which nothing was said yet.
    if reader.draft.session().created_at.is_none() {
        reader.draft.inherit(false);
        reader.draft.said_at(reader.begun);
    }
    Ok(reader.draft.finish())
}

/// Returns the id of the sub-agent that began another one, as the file about this one says.
fn parent_agent(about: &Path) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct About {
        parent_agent_id: Option<String>,
    }
    let about: Option<About> = files::document(about).ok().flatten();
    about?.parent_agent_id.map(|id| format!("agent-{id}"))
}

/// Returns the author of the title that the session has last, as its own file says.
fn title_source(sidecar: Option<&PathBuf>) -> TitleSource {
    #[derive(Deserialize)]
    struct Sidecar {
        by: Option<String>,
    }
    let sidecar: Option<Sidecar> = sidecar.and_then(|path| files::document(path).ok().flatten());
    match sidecar.and_then(|sidecar| sidecar.by).as_deref() {
        None | Some("user") => TitleSource::User,
        Some(_) => TitleSource::Agent,
    }
}

/// Returns the command that the user typed, of a message that names it in tags.
fn command(text: &str) -> Option<String> {
    if !text.starts_with("<command-message>") {
        return None;
    }
    let tag = |name: &str| {
        let (_, rest) = text.split_once(&format!("<{name}>"))?;
        Some(rest.split_once(&format!("</{name}>"))?.0.trim())
    };
    let arguments = tag("command-args").unwrap_or_default();
    Some(format!("{} {arguments}", tag("command-name")?).trim_end().to_owned())
}

struct Reader {
    draft: Draft,
    is_subagent: bool,
    title_source: TitleSource,
    /// Time of the first own line.
    begun: Option<Timestamp>,
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
        let draft = &mut self.draft;
        if let Some(title) = &line.custom_title {
            draft.title(title, self.title_source);
        }
        if let Some(title) = &line.ai_title {
            draft.title(title, TitleSource::Agent);
        }
        for (value, take) in [
            (&line.cwd, Draft::cwd as fn(&mut Draft, &str)),
            (&line.git_branch, Draft::git_branch),
            (&line.version, Draft::agent_version),
        ] {
            if let Some(value) = value.as_deref().filter(|_| line.message.is_some()) {
                take(draft, value);
            }
        }
        // The entries of a fork have the ids of its parent's; a resume writes none again.
        let is_again = line.uuid.as_deref().is_some_and(|uuid| !draft.is_new(uuid));
        match &*line.kind {
            _ if is_again => {}
            "user" => self.user(line),
            "assistant" => self.assistant(line),
            "attachment" => self.queued(line),
            "system" if line.subtype.as_deref() == Some("compact_boundary") && draft.has_turn() => {
                draft.item(line.timestamp, line.uuid.as_deref(), TurnItemKind::ContextCompaction);
            }
            _ => {}
        }
    }

    /// Returns true for a line of a sub-agent in its parent's file, as old versions have it.
    fn is_aside(&self, line: &Line<'_>) -> bool {
        line.is_sidechain && !self.is_subagent
    }

    fn user(&mut self, line: &Line<'_>) {
        let is_typed =
            line.origin.as_ref().and_then(|origin| origin.kind.as_deref()).is_none_or(|kind| kind == "human");
        if line.is_meta || line.is_compact_summary || self.is_aside(line) {
            return;
        }
        let (at, id) = (line.timestamp, line.uuid.as_deref());
        // Messages in the user's name have no source, or `system`.
        let is_said = matches!(line.prompt_source.as_deref(), Some("sdk" | "typed"));
        let (mut words, mut images) = (Vec::new(), 0);
        self.draft.said_at(at);
        for block in blocks(line.message.as_ref().and_then(|message| message.content)) {
            match &*block.kind {
                "text" if is_said => words.push(block.text),
                "text" if block.text.starts_with(INTERRUPTED) => self.draft.end(Outcome::Interrupted, None),
                "text" if INJECTED.iter().any(|words| block.text.starts_with(words)) => {}
                "text" => words.push(command(&block.text).unwrap_or(block.text)),
                "image" => images += 1,
                "tool_result" => {
                    let output = text(block.content);
                    self.draft.result(at, &block.tool_use_id, &output, Some(!block.is_error));
                }
                _ => {}
            }
        }
        if is_typed && (!words.is_empty() || images > 0) {
            self.draft.prompt(at, id, &words.join("\n"), images);
        }
    }

    /// Takes a prompt that was typed while the agent worked. It goes on with the turn.
    fn queued(&mut self, line: &Line<'_>) {
        let queued = line.attachment.as_ref().filter(|queued| {
            &*queued.kind == "queued_command" && queued.command_mode.as_deref() == Some("prompt")
        });
        if let Some(queued) = queued {
            let (at, id) = (line.timestamp, line.uuid.as_deref());
            self.draft.also_said(at, id, &text(queued.prompt));
        }
    }

    fn assistant(&mut self, line: &Line<'_>) {
        let Some(message) = &line.message else { return };
        let (at, id) = (line.timestamp, line.uuid.as_deref());
        if message.model.as_deref() == Some(SYNTHETIC) {
            if line.is_api_error_message {
                self.draft.said_at(at);
                self.draft.end(Outcome::Failed, Some(&text(message.content)));
            }
            return;
        }
        let is_aside = self.is_aside(line);
        if let (Some(usage), Some(id)) = (message.usage, &message.id) {
            self.draft.request(Request {
                id: id.clone().into_owned(),
                at,
                model: message.model.as_deref().map(str::to_owned),
                purpose: if is_aside { Purpose::Subagent } else { Purpose::Conversation },
                tokens: Tokens::from(usage),
                inherited: false,
            });
        }
        if is_aside {
            return;
        }
        let mut calls = false;
        for block in blocks(message.content) {
            match &*block.kind {
                "text" => self.draft.answer(at, id, &block.text),
                "thinking" => self.draft.reasoning(at, id, &block.thinking),
                "tool_use" => {
                    calls = true;
                    let input = block.input.map_or("{}", |input| input.get());
                    self.draft.call(at, &block.id, &block.name, input);
                }
                _ => {}
            }
        }
        let goes_on = calls || message.stop_reason.as_deref() == Some("tool_use");
        self.draft.end(
            match (line.is_aborted_mid_stream, goes_on) {
                (true, _) => Outcome::Interrupted,
                (false, true) => Outcome::Unfinished,
                (false, false) => Outcome::Completed,
            },
            None,
        );
    }
}
