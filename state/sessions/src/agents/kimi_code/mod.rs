//! Kimi Code: a folder a session, `sessions/<workspace>/<session id>`, with `state.json` and an
//! `agents/<agent>/wire.jsonl` for the main agent and each sub-agent.
//!
//! `kimi migrate` copies each session of Kimi CLI, without models and tokens, and with the time of
//! the old file's last write for all times. Such a copy names the session that it comes from.

mod kept;
mod line;
mod maps;
mod read;
mod state;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};
use maps::Maps;

/// Name of the agent that the user talks to.
const MAIN: &str = "main";

/// Kimi Code.
#[derive(Debug)]
pub(crate) struct KimiCode;

impl SessionStore for KimiCode {
    fn name(&self) -> &'static str {
        "kimi-code"
    }

    fn title(&self) -> &'static str {
        "Kimi Code"
    }

    fn tested_version(&self) -> &'static str {
        "2.1.0"
    }

    fn tested_format(&self) -> Option<&'static str> {
        Some("1.5")
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("KIMI_CODE_HOME").unwrap_or_else(|| environment.home().join(".kimi-code"))]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        Some(("KIMI_CODE_HOME", place.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        let (listing, known) = find(place);
        Ok(OpenStore::incremental_with_known(listing, known, read::session).with_pieces(kept::pieces))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("kimi", &["--session", &session.native_id], session)
    }
}

/// Session, as far as it is known before it is read.
#[derive(Debug)]
struct Known {
    /// Folder of the session, or of a sub-agent's session.
    folder: PathBuf,
    /// Agent of that session.
    agent: String,
    /// Working directory, by the agent's maps.
    mapped_cwd: Option<String>,
}

fn find(place: &Path) -> (Listing, BTreeMap<String, Known>) {
    let (mut listing, mut all) = (Listing::default(), BTreeMap::new());
    let maps = Maps::read(place, &mut listing);
    for workspace in files::folders(&place.join("sessions")) {
        for folder in files::folders(&workspace) {
            let agents = folder.join("agents");
            if !agents.join(MAIN).join("wire.jsonl").is_file() {
                listing.skip(folder, "there is no agents/main/wire.jsonl");
                continue;
            }
            for agent in files::folders(&agents) {
                let wire = agent.join("wire.jsonl");
                if listing.has_prompt(&wire, line::has_prompt(&wire)) {
                    let known = Known {
                        folder: folder.clone(),
                        agent: files::name(&agent).to_owned(),
                        mapped_cwd: maps.cwd(&folder),
                    };
                    let session = known.found(wire, &maps);
                    let id = session.native_id.clone();
                    if listing.add(session) {
                        all.insert(id, known);
                    }
                }
            }
        }
    }
    (listing, all)
}

impl Known {
    fn found(&self, wire: PathBuf, maps: &Maps) -> FoundSession {
        let (id, is_main) = (files::name(&self.folder), self.agent == MAIN);
        let native_id = if is_main { id.to_owned() } else { format!("{id}/{}", self.agent) };
        let own = if is_main { self.folder.clone() } else { self.folder.join("agents").join(&self.agent) };
        let paths = vec![wire, self.folder.join("state.json")];
        let mut session = FoundSession::of_files(native_id, paths).with_more(own);
        if !is_main {
            // The main agent's file has the task of a sub-agent.
            let main = self.folder.join("agents").join(MAIN).join("wire.jsonl");
            let bytes = main.metadata().map_or(0, |metadata| metadata.len());
            session = session.with_map(main, Some(&bytes.to_string()));
        }
        for map in maps.files() {
            session = session.with_map(map, self.mapped_cwd.as_deref());
        }
        session
    }
}
