//! GitHub Copilot CLI: a folder a session, `session-state/<session id>`, with `events.jsonl` and
//! `workspace.yaml`. Sub-agents stand in their parent's events.
//!
//! Read with files of 1.0.102. The database next to the folders is an index of them, and not read.

mod line;
mod read;
mod workspace;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, SkippedFile};
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};

/// GitHub Copilot CLI.
#[derive(Debug)]
pub(crate) struct Copilot;

impl SessionStore for Copilot {
    fn name(&self) -> &'static str {
        "copilot"
    }

    fn title(&self) -> &'static str {
        "GitHub Copilot CLI"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("COPILOT_HOME").unwrap_or_else(|| environment.home().join(".copilot"))]
    }

    fn open(&self, place: &Path) -> Result<Box<dyn OpenStore>, StoreError> {
        Ok(Box::new(Opened::find(place)))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        let id = format!("--resume={}", session.native_id);
        ResumeCommand::new("copilot", &[&id], session)
    }
}

#[derive(Debug)]
struct Opened {
    sessions: Vec<FoundSession>,
    skipped: Vec<SkippedFile>,
}

impl Opened {
    fn find(place: &Path) -> Self {
        let (mut found, mut skipped) = (BTreeMap::<String, FoundSession>::new(), Vec::new());
        for folder in files::folders(&place.join("session-state")) {
            let events = folder.join("events.jsonl");
            let mut skip = |reason: &str| {
                skipped.push(SkippedFile { path: events.clone(), reason: reason.to_owned() });
            };
            // Folders with locks stand among the sessions.
            if files::name(&folder).starts_with('.') {
                continue;
            }
            if !events.is_file() {
                skip("there are no events");
                continue;
            }
            let head = match line::Head::of(&events) {
                Ok(head) if head.has_prompt => head,
                Ok(_) => {
                    skip("it has no prompt");
                    continue;
                }
                Err(error) => {
                    skip(&error.to_string());
                    continue;
                }
            };
            let id = head.session_id.unwrap_or_else(|| files::name(&folder).to_owned());
            let workspace = folder.join("workspace.yaml");
            let session = FoundSession::of_files(id, vec![events, workspace]);
            // Of copies of a folder, the longest has the most.
            let longer = |known: &FoundSession| known.bytes < session.bytes;
            if found.get(&session.native_id).is_none_or(longer) {
                found.insert(session.native_id.clone(), session);
            }
        }
        Self { sessions: found.into_values().collect(), skipped }
    }
}

impl OpenStore for Opened {
    fn sessions(&self) -> &[FoundSession] {
        &self.sessions
    }

    fn skipped(&self) -> &[SkippedFile] {
        &self.skipped
    }

    fn read(&self, found: &FoundSession) -> Result<Session, StoreError> {
        read::session(found)
    }
}
