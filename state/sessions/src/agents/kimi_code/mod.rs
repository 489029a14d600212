//! Kimi Code: a folder a session, `sessions/<workspace>/<session id>`, with `state.json` and an
//! `agents/<agent>/wire.jsonl` for the main agent and each sub-agent.
//!
//! Read with files of 2.1.0. `kimi migrate` copies each session of Kimi CLI, without models and
//! tokens, and with the time of the old file's last write for all times. Such a copy names the
//! session that it comes from.

mod line;
mod maps;
mod read;
mod state;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, SkippedFile};
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

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("KIMI_CODE_HOME").unwrap_or_else(|| environment.home().join(".kimi-code"))]
    }

    fn open(&self, place: &Path) -> Result<Box<dyn OpenStore>, StoreError> {
        let mut opened = Opened::default();
        opened.find(place);
        Ok(Box::new(opened))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("kimi", &["--session", &session.native_id], session)
    }
}

#[derive(Debug, Default)]
struct Opened {
    sessions: Vec<FoundSession>,
    skipped: Vec<SkippedFile>,
    known: BTreeMap<String, Known>,
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

impl Opened {
    fn find(&mut self, place: &Path) {
        let maps = Maps::read(place);
        let mut found = BTreeMap::new();
        for workspace in files::folders(&place.join("sessions")) {
            for folder in files::folders(&workspace) {
                let agents = folder.join("agents");
                if !agents.join(MAIN).join("wire.jsonl").is_file() {
                    let reason = "there is no agents/main/wire.jsonl".to_owned();
                    self.skipped.push(SkippedFile { path: folder, reason });
                    continue;
                }
                for agent in files::folders(&agents) {
                    if let Some((session, known)) = self.take(&folder, &agent, &maps) {
                        // Of copies of a folder, the longest has the most.
                        let is_longer = |other: &FoundSession| other.bytes < session.bytes;
                        if found.get(&session.native_id).is_none_or(is_longer) {
                            self.known.insert(session.native_id.clone(), known);
                            found.insert(session.native_id.clone(), session);
                        }
                    }
                }
            }
        }
        self.sessions = found.into_values().collect();
    }

    fn take(&mut self, folder: &Path, agent: &Path, maps: &Maps) -> Option<(FoundSession, Known)> {
        let wire = agent.join("wire.jsonl");
        let reason = match line::has_prompt(&wire) {
            Ok(true) => None,
            Ok(false) => Some("it has no prompt".to_owned()),
            Err(error) => Some(error.to_string()),
        };
        if let Some(reason) = reason {
            self.skipped.push(SkippedFile { path: wire, reason });
            return None;
        }
        let (id, name) = (files::name(folder), files::name(agent));
        let native_id = if name == MAIN { id.to_owned() } else { format!("{id}/{name}") };
        let mut session = FoundSession::of_files(native_id, vec![wire, folder.join("state.json")]);
        if name != MAIN {
            // The main agent's file has the task of a sub-agent.
            let main = folder.join("agents").join(MAIN).join("wire.jsonl");
            let bytes = main.metadata().map_or(0, |metadata| metadata.len());
            session = session.with_map(main, Some(&bytes.to_string()));
        }
        let mapped_cwd = maps.cwd(folder);
        for map in maps.files() {
            session = session.with_map(map, mapped_cwd.as_deref());
        }
        Some((session, Known { folder: folder.to_owned(), agent: name.to_owned(), mapped_cwd }))
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
        let gone = || StoreError::Gone { native_id: found.native_id.clone() };
        read::session(found, self.known.get(&found.native_id).ok_or_else(gone)?)
    }
}
