//! Reads one session of Claude Code.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use threadkeep_rollout::TurnItemKind;

use super::line::Line;
use crate::agents::blocks::{blocks, text};
use crate::draft::Draft;
use crate::error::StoreError;
use crate::files;
use crate::found::FoundSession;
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
    families: &BTreeMap<String, Vec<PathBuf>>,
) -> Result<Session, StoreError> {
    let path = found.main_file()?;
    let origin = Origin::of(path, families)?;
    let mut draft = Draft::new(&found.native_id);
    let subagent_of = path.parent().filter(|folder| files::name(folder) == "subagents");
    if let Some(parent) = subagent_of.and_then(Path::parent) {
        draft.parent(files::name(parent), Relation::Subagent);
    }
    if let Some(parent) = &origin.parent {
        draft.parent(parent, Relation::Fork);
    }
    let by = title_source(found.files.get(1));
    let mut reader = Reader { draft, is_subagent: subagent_of.is_some(), title_source: by };
    let skipped = files::each_line(path, |offset, json| {
        if let Ok(line) = serde_json::from_str::<Line<'_>>(json) {
            reader.draft.inherit(origin.own_from.is_some_and(|own| offset < own));
            reader.take(&line);
        }
        true
    })?;
    reader.draft.skip(skipped);
    Ok(reader.draft.finish())
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

/// The part of a fork that is its parent's.
#[derive(Default)]
pub(super) struct Origin {
    parent: Option<String>,
    /// The parent's file; of a parent that is gone, a file with the same first message.
    source: Option<PathBuf>,
    /// Byte where the first line starts that was not copied.
    own_from: Option<u64>,
}

impl Origin {
    /// Finds the lines that a fork copied: they name their session, or have the ids of messages
    /// that the parent has, too.
    fn of(path: &Path, families: &BTreeMap<String, Vec<PathBuf>>) -> Result<Self, StoreError> {
        let family = families.values().find(|paths| paths.iter().any(|known| known == path));
        let Some(family) = family else { return Ok(Self::default()) };
        let mut named = None;
        let mut lines = Vec::new();
        files::each_line(path, |offset, json| {
            let Ok(line) = serde_json::from_str::<Line<'_>>(json) else { return true };
            let other = line.forked_from.map(|from| from.session_id).or(line.request_session_id);
            let other = other.filter(|other| Some(other) != line.session_id.as_ref());
            if named.is_none() {
                named = other.map(Cow::into_owned);
            }
            lines.push((offset, line.uuid.map(Cow::into_owned), line.timestamp));
            true
        })?;
        // Old versions name no parent: it is the session with the oldest start.
        let parent = match &named {
            Some(named) => family.iter().map(PathBuf::as_path).find(|other| files::stem(other) == named),
            None => first_of(family)?.filter(|first| *first != path),
        };
        let Some(parent_id) = named.or_else(|| parent.map(|parent| files::stem(parent).to_owned())) else {
            return Ok(Self::default());
        };
        let mut known = HashSet::new();
        if let Some(parent) = parent {
            files::each_line(parent, |_, json| {
                let line: Option<Line<'_>> = serde_json::from_str(json).ok();
                known.extend(line.and_then(|line| line.uuid).map(Cow::into_owned));
                true
            })?;
        }
        let is_copied = |uuid: &Option<String>| uuid.as_ref().is_some_and(|uuid| known.contains(uuid));
        let last = lines.iter().rposition(|(_, uuid, _)| is_copied(uuid));
        let own_from = last.map(|last| lines.get(last + 1).map_or(u64::MAX, |(offset, ..)| *offset));
        let other = || family.iter().find(|other| *other != path);
        let source = parent.or_else(|| other().map(PathBuf::as_path)).map(Path::to_owned);
        Ok(Self { parent: Some(parent_id), source, own_from })
    }

    /// Returns the file without which a fork would not be known as one.
    pub(super) fn source(
        path: &Path,
        families: &BTreeMap<String, Vec<PathBuf>>,
    ) -> Result<Option<PathBuf>, StoreError> {
        Ok(Self::of(path, families)?.source)
    }
}

/// Returns the file of a family whose first message is the oldest; `None` if that is not one alone:
/// newer versions copy times, too.
fn first_of(family: &[PathBuf]) -> Result<Option<&Path>, StoreError> {
    let mut begun = Vec::new();
    for path in family {
        files::each_line(path, |_, json| {
            let line: Option<Line<'_>> = serde_json::from_str(json).ok();
            let message = line.filter(|line| matches!(&*line.kind, "user" | "assistant"));
            let at = message.and_then(|line| line.timestamp);
            begun.extend(at.map(|at| (at, path.as_path())));
            at.is_none()
        })?;
    }
    begun.sort();
    let is_alone = begun.get(1).is_none_or(|second| second.0 > begun[0].0);
    Ok(begun.first().filter(|_| is_alone).map(|(_, path)| *path))
}

struct Reader {
    draft: Draft,
    is_subagent: bool,
    title_source: TitleSource,
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
        let (mut words, mut images) = (Vec::new(), 0);
        self.draft.said_at(at);
        for block in blocks(line.message.as_ref().and_then(|message| message.content)) {
            match &*block.kind {
                "text" if block.text.starts_with(INTERRUPTED) => self.draft.end(Outcome::Interrupted, None),
                "text" if INJECTED.iter().any(|words| block.text.starts_with(words)) => {}
                "text" => words.push(block.text),
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
