//! Gemini CLI: a file of events a session, in `tmp/<project>/chats/session-<minute>-<8 hex>.jsonl`;
//! its sub-agents in `tmp/<project>/chats/<session id>/<id>.jsonl`.
//!
//! Documents (`.json`) of 0.20.0 are read, too. A resume can begin a second file of the session,
//! and an upgrade copies documents: all files of an id are one session. A start of the agent
//! deletes sessions, also while they are read.

mod folders;
mod line;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;

use self::folders::Folders;
use self::line::{CONTEXT_ID, Record};
use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::session::{Outcome, Session, SessionTurn};
use crate::store::{LastUse, OpenStore, ResumeCommand, Retention, SessionStore};

/// Days after which Gemini CLI deletes a session, by the time in its file.
const RETENTION_DAYS: u32 = 30;

/// Gemini CLI.
#[derive(Debug)]
pub(crate) struct Gemini;

impl SessionStore for Gemini {
    fn name(&self) -> &'static str {
        "gemini"
    }

    fn title(&self) -> &'static str {
        "Gemini CLI"
    }

    fn tested_version(&self) -> &'static str {
        "0.61.0"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        let home = environment.path("GEMINI_CLI_HOME");
        vec![home.unwrap_or_else(|| environment.home().to_owned()).join(".gemini")]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        let home = place.parent().filter(|_| place.ends_with(".gemini"))?;
        Some(("GEMINI_CLI_HOME", home.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        let (listing, known) = Found::find(place);
        Ok(OpenStore::incremental_with_known(listing, known, read::session).with_pieces(folders::pieces))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        // The agent refuses a session of which nothing is left. An unread session has no turns.
        let is_withdrawn = |turn: &SessionTurn| turn.outcome == Outcome::Withdrawn;
        let is_empty = !session.turns.is_empty() && session.turns.iter().all(is_withdrawn);
        let arguments = ["--resume", session.native_id.as_str()];
        ResumeCommand::new("gemini", &arguments, session).filter(|_| !is_empty)
    }

    fn retention(&self, place: &Path) -> Option<Retention> {
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct Settings {
            general: General,
        }
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct General {
            session_retention: SessionRetention,
        }
        #[derive(Default, Deserialize)]
        #[serde(default, rename_all = "camelCase")]
        struct SessionRetention {
            enabled: Option<bool>,
            max_age: Option<String>,
        }
        let settings: Option<Settings> = files::document(&place.join("settings.json")).ok().flatten();
        let retention = settings.unwrap_or_default().general.session_retention;
        let days = retention.max_age.as_deref().and_then(days).unwrap_or(RETENTION_DAYS);
        retention.enabled.unwrap_or(true).then_some(Retention { days, after: LastUse::Said })
    }
}

/// Returns the days of an age such as `30d`, `12h`, `4w` or `1m`; parts of a day count as none.
fn days(age: &str) -> Option<u32> {
    let unit = age.chars().last()?;
    let number: u32 = age.strip_suffix(unit)?.parse().ok()?;
    match unit {
        'h' => Some(number / 24),
        'd' => Some(number),
        'w' => number.checked_mul(7),
        'm' => number.checked_mul(30),
        _ => None,
    }
}

/// File with a part of a conversation. Its fields are in the order of age: documents are older than
/// lines.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Chat {
    has_lines: bool,
    start_time: Option<Timestamp>,
    path: PathBuf,
}

/// Session, as far as it is known before it is read.
#[derive(Debug, Default)]
struct Known {
    /// Files with parts of the conversation, in the order in which they were begun.
    chats: Vec<Chat>,
    /// Files with the agent's maps of working directories.
    maps: Vec<PathBuf>,
    cwd: Option<String>,
    /// Id of the session that this is a sub-agent of.
    parent: Option<String>,
    has_prompt: bool,
}

#[derive(Default)]
struct Found {
    listing: Listing,
    known: BTreeMap<String, Known>,
}

impl Found {
    fn find(place: &Path) -> (Listing, BTreeMap<String, Known>) {
        let projects = files::folders(&place.join("tmp"));
        let mut found = Self::default();
        let folders = Folders::read(place, &projects, &mut found.listing);
        for project in &projects {
            let chats = project.join("chats");
            for path in files::files(&chats) {
                if files::name(&path).starts_with("session-") {
                    found.take(path, project, &folders, None);
                }
            }
            for parent in files::folders(&chats) {
                for path in files::files(&parent) {
                    found.take(path, project, &folders, Some(files::name(&parent)));
                }
            }
        }
        let Self { mut listing, mut known } = found;
        for (id, known) in &mut known {
            known.chats.sort();
            known.maps.sort();
            known.maps.dedup();
            if known.has_prompt {
                let chats = known.chats.iter().map(|chat| chat.path.clone());
                let all = chats.chain(known.maps.iter().cloned()).collect();
                listing.add(FoundSession::of_files(id.clone(), all));
                continue;
            }
            for Chat { has_lines, path, .. } in &known.chats {
                // A prompt may be in a damaged line.
                let no_prompt = |json: &str| serde_json::from_str::<IgnoredAny>(json).map(|_| false);
                let head = if *has_lines { files::has(path, no_prompt) } else { Ok(false) };
                listing.has_prompt(path, head);
            }
        }
        (listing, known)
    }

    fn take(&mut self, path: PathBuf, project: &Path, folders: &Folders, parent: Option<&str>) {
        let is_document = match path.extension().and_then(|extension| extension.to_str()) {
            Some("jsonl") => false,
            Some("json") => true,
            _ => return,
        };
        let head = match Head::read(&path, is_document) {
            Ok(Some(head)) => head,
            Ok(None) => return self.listing.skip(path, "it has no session id"),
            Err(error) => return self.listing.unread(path, error),
        };
        let known = self.known.entry(head.session_id).or_default();
        let (cwd, map) = folders.of(project, head.project_hash.as_deref());
        known.cwd = known.cwd.take().or(cwd);
        known.maps.push(map);
        known.parent = known.parent.take().or_else(|| parent.map(str::to_owned));
        known.has_prompt |= head.has_prompt;
        known.chats.push(Chat { has_lines: !is_document, start_time: head.start_time, path });
    }
}

/// Identity of a file.
struct Head {
    session_id: String,
    project_hash: Option<String>,
    start_time: Option<Timestamp>,
    has_context: bool,
    has_prompt: bool,
}

impl Head {
    /// Reads a file up to its first prompt; `None` of a file that names no session.
    fn read(path: &Path, is_document: bool) -> Result<Option<Self>, StoreError> {
        let take = |head: &mut Option<Self>, record: &Record<'_>| {
            let change = record.set.as_deref().unwrap_or(record);
            if let (None, Some(session_id)) = (&*head, &record.session_id) {
                *head = Some(Self {
                    session_id: session_id.clone(),
                    project_hash: record.project_hash.clone(),
                    start_time: record.start_time,
                    has_context: false,
                    has_prompt: false,
                });
            }
            let listed = change.messages().unwrap_or_default();
            if let Some(head) = head {
                head.has_prompt |= record.prompt_after(head.has_context).is_some();
                head.has_prompt |= listed.iter().any(|message| message.prompt().is_some());
                head.has_context |= listed.iter().any(|message| message.id.as_deref() == Some(CONTEXT_ID));
            }
            !head.as_ref().is_some_and(|head| head.has_prompt)
        };
        if is_document {
            let bytes = files::contents(path)?.unwrap_or_default();
            let document = serde_json::from_slice(&bytes);
            let (mut head, document) = (None, document.map_err(|error| StoreError::malformed(path, error))?);
            take(&mut head, &document);
            Ok(head)
        } else {
            files::find(path, |head, json| Ok(take(head, &serde_json::from_str(json)?)))
        }
    }
}
