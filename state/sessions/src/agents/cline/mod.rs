//! Cline CLI: a folder a session, `<id>/<id>.json` with its description and
//! `<id>/<id>.messages.json` with its messages. Messages of its sub-agents are in
//! `<id>/agent_<id>.messages.json`. Each is one JSON document, written again as a whole.
//!
//! Its database has the same descriptions again, and is not read.

mod line;
mod read;

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::piece::Piece;
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};

/// End of the name of a file with messages.
const MESSAGES: &str = ".messages.json";

/// Cline CLI.
#[derive(Debug)]
pub(crate) struct Cline;

impl SessionStore for Cline {
    fn name(&self) -> &'static str {
        "cline"
    }

    fn title(&self) -> &'static str {
        "Cline CLI"
    }

    fn tested_version(&self) -> &'static str {
        "3.0.65"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        let root = || environment.path("CLINE_DIR").unwrap_or_else(|| environment.home().join(".cline"));
        let data = || environment.path("CLINE_DATA_DIR").unwrap_or_else(|| root().join("data"));
        vec![environment.path("CLINE_SESSION_DATA_DIR").unwrap_or_else(|| data().join("sessions"))]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        Some(("CLINE_SESSION_DATA_DIR", place.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        Ok(OpenStore::new(find(place), read::session).with_pieces(pieces))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("cline", &["--id", &session.native_id], session)
    }
}

fn find(place: &Path) -> Listing {
    let mut listing = Listing::default();
    for folder in files::folders(place) {
        let id = files::name(&folder).to_owned();
        let main = folder.join(format!("{id}.json"));
        let messages = folder.join(format!("{id}{MESSAGES}"));
        let found = files::files_with(&folder, "json");
        if !found.contains(&main) && !found.contains(&messages) {
            listing.skip(folder, format!("it has no {id}.json"));
            continue;
        }
        for path in found.into_iter().filter(|path| *path != messages) {
            let Some(agent) = files::name(&path).strip_suffix(MESSAGES) else { continue };
            let agent = format!("{id}__{agent}");
            listing.add(FoundSession::of_files(agent, vec![path, main.clone()]));
        }
        listing.add(FoundSession::of_files(id, vec![messages, main]).with_more(folder));
    }
    listing
}

/// Returns the part of the description that a sub-agent needs: folder and version.
fn pieces(found: &FoundSession) -> Result<Vec<Piece>, StoreError> {
    let Some(main) = found.files.get(1).filter(|main| files::stem(main) != found.native_id) else {
        return Ok(Vec::new());
    };
    let Some(description) = files::document::<Value>(main)? else { return Ok(Vec::new()) };
    let origin = &description["metadata"]["sessionHistoryOrigin"];
    let part = json!({ "cwd": description["cwd"], "metadata": { "sessionHistoryOrigin": origin } });
    Ok(vec![Piece::context(main, part.to_string().into_bytes())])
}
