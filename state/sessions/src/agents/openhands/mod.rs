//! `OpenHands` CLI: a folder a session, in `conversations/<id without hyphens>/`. It has a file for
//! each event in `events/`, and `base_state.json`. Sub-agents have folders of the same form in
//! `subagents/`.
//!
//! A resume changes the working directory and the model in `base_state.json`, so that the first
//! event has the first directory. Times have no zone: they are read as times of this machine's
//! zone.

mod event;
mod read;
mod state;

use std::path::{Path, PathBuf};

use serde::Deserialize;
use uuid::Uuid;

use crate::agents::masked::masked;
use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::piece::Piece;
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};

/// Document with the state of a session.
const STATE: &str = "base_state.json";
/// Folder with the events of a session.
const EVENTS: &str = "events";
/// Folder with the sub-agents of a session.
const SUBAGENTS: &str = "subagents";
/// Levels of sub-agents that are read.
const MAX_DEPTH: usize = 16;

/// `OpenHands` CLI.
#[derive(Debug)]
pub(crate) struct OpenHands;

impl SessionStore for OpenHands {
    fn name(&self) -> &'static str {
        "openhands"
    }

    fn title(&self) -> &'static str {
        "OpenHands CLI"
    }

    fn tested_version(&self) -> &'static str {
        "1.16.0"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        let given = environment.path("OPENHANDS_CONVERSATIONS_DIR");
        let given = given.or_else(|| environment.path("OPENHANDS_PERSISTENCE_DIR"));
        vec![given.unwrap_or_else(|| environment.home().join(".openhands"))]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        let has_folder = place.join("conversations").is_dir();
        let name = if has_folder { "OPENHANDS_PERSISTENCE_DIR" } else { "OPENHANDS_CONVERSATIONS_DIR" };
        Some((name, place.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        // A place that the user names may be the folder of conversations itself.
        let conversations = place.join("conversations");
        let folder = if conversations.is_dir() { conversations.as_path() } else { place };
        let mut listing = Listing::default();
        find(folder, MAX_DEPTH, &mut listing);
        Ok(OpenStore::new(listing, read::session).with_pieces(pieces))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("openhands", &["--resume", &session.native_id], session)
    }
}

/// Returns the state without credentials, and events with the state, if they have some: the agent
/// writes asterisks in their place, unless its settings say otherwise.
fn pieces(found: &FoundSession) -> Result<Vec<Piece>, StoreError> {
    let (state, events) = found.files.split_first().ok_or_else(|| found.gone())?;
    let with_state = std::iter::once(state).chain(events.iter().filter(|event| has_state(event)));
    with_state.filter_map(|path| masked(path).transpose()).collect()
}

fn has_state(event: &Path) -> bool {
    #[derive(Deserialize)]
    struct Kind {
        kind: String,
    }
    let event: Option<Kind> = files::document(event).ok().flatten();
    event.is_some_and(|event| event.kind == "ConversationStateUpdateEvent")
}

/// Lists the sessions of a folder, with their sub-agents to this depth.
fn find(folder: &Path, depth: usize, listing: &mut Listing) {
    for session in files::folders(folder) {
        let Ok(id) = Uuid::try_parse(files::name(&session)) else { continue };
        if depth > 0 {
            find(&session.join(SUBAGENTS), depth - 1, listing);
        }
        let mut events = files::files_with(&session.join(EVENTS), "json");
        // Numbers have five digits, and more after 99,999.
        events.sort_by_key(|path| files::name(path).len());
        if events.is_empty() {
            listing.skip(session, "it has no event");
            continue;
        }
        let paths = std::iter::once(session.join(STATE)).chain(events).collect();
        listing.add(FoundSession::of_files(id.hyphenated().to_string(), paths).with_more(session));
    }
}
