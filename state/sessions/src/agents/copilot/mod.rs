//! GitHub Copilot CLI: a folder a session, `session-state/<session id>`, with `events.jsonl` and
//! `workspace.yaml`. Sub-agents stand in their parent's events.
//!
//! The database next to the folders is an index of them, and not read.

mod line;
mod read;
mod workspace;

use std::path::{Path, PathBuf};

use self::line::Head;
use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
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

    fn tested_version(&self) -> &'static str {
        "1.0.102"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("COPILOT_HOME").unwrap_or_else(|| environment.home().join(".copilot"))]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        Some(("COPILOT_HOME", place.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        Ok(OpenStore::incremental(find(place), read::session))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        let id = format!("--resume={}", session.native_id);
        ResumeCommand::new("copilot", &[&id], session)
    }
}

fn find(place: &Path) -> Listing {
    let mut listing = Listing::default();
    for folder in files::folders(&place.join("session-state")) {
        // Folders with locks stand among the sessions.
        if files::name(&folder).starts_with('.') {
            continue;
        }
        let events = folder.join("events.jsonl");
        if !events.is_file() {
            listing.skip(events, "there are no events");
            continue;
        }
        let (mut head, workspace) = (Head::default(), folder.join("workspace.yaml"));
        if listing.has_prompt(&events, head.read(&events)) {
            let id = head.session_id.unwrap_or_else(|| files::name(&folder).to_owned());
            listing.add(FoundSession::of_files(id, vec![events, workspace]).with_more(folder));
        }
    }
    listing
}
