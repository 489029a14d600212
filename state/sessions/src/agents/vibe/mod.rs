//! Mistral Vibe: since 2.26, a store a session in `logs/session/unified/<session id>`; before, a
//! folder with `meta.json` and `messages.jsonl` in `logs/session`.
//!
//! Read with files of 3.0.3 and of 2.9.6. A session of the older kind that is resumed with 3.x
//! becomes a new one, which names the old one.

mod entry;
mod generation;
mod journal;
mod legacy;
mod projection;
mod unified;
mod usage;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, SkippedFile};
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};
use generation::Generation;

/// Mistral Vibe.
#[derive(Debug)]
pub(crate) struct Vibe;

impl SessionStore for Vibe {
    fn name(&self) -> &'static str {
        "vibe"
    }

    fn title(&self) -> &'static str {
        "Mistral Vibe"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("VIBE_HOME").unwrap_or_else(|| environment.home().join(".vibe"))]
    }

    fn open(&self, place: &Path) -> Result<Box<dyn OpenStore>, StoreError> {
        let mut opened = Opened::default();
        opened.find(&place.join("logs").join("session"));
        Ok(Box::new(opened))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("vibe", &["--resume", &session.native_id], session)
    }
}

/// Form of a session's store.
#[derive(Debug, Clone)]
enum Form {
    /// Folder of the store, which has generations.
    Unified(PathBuf),
    /// Id of the session that a sub-agent belongs to.
    Legacy { parent: Option<String> },
}

#[derive(Debug, Default)]
struct Opened {
    sessions: BTreeMap<String, FoundSession>,
    list: Vec<FoundSession>,
    skipped: Vec<SkippedFile>,
    forms: BTreeMap<String, Form>,
}

impl Opened {
    fn find(&mut self, logs: &Path) {
        let unified = logs.join("unified");
        for folder in files::folders(logs).into_iter().filter(|folder| *folder != unified) {
            let parent = self.legacy(&folder, None);
            for subagent in files::folders(&folder.join("agents")) {
                self.legacy(&subagent, parent.clone());
            }
        }
        for path in files::files_with(logs, "json") {
            self.skip(path, "it is older than the formats that are read");
        }
        for folder in files::folders(&unified) {
            self.unified(folder);
        }
        self.list = std::mem::take(&mut self.sessions).into_values().collect();
    }

    fn skip(&mut self, path: PathBuf, reason: impl ToString) {
        self.skipped.push(SkippedFile { path, reason: reason.to_string() });
    }

    fn unified(&mut self, folder: PathBuf) {
        let generation = match Generation::current(&folder) {
            Ok(generation) => generation,
            Err(reason) => return self.skip(folder, reason),
        };
        if !generation.has_entries(&folder) {
            return self.skip(folder, "it has no prompt");
        }
        let session = FoundSession::of_files(generation.session_id(&folder), generation.files(&folder));
        self.keep(session, Form::Unified(folder));
    }

    /// Takes a folder of the older form. Returns the session's id.
    fn legacy(&mut self, folder: &Path, parent: Option<String>) -> Option<String> {
        let (messages, meta) = (folder.join("messages.jsonl"), folder.join("meta.json"));
        if !messages.is_file() {
            self.skip(folder.to_owned(), "there is no messages.jsonl");
            return None;
        }
        let id = match legacy::id(&messages, &meta) {
            Ok(id) => id,
            Err(reason) => {
                self.skip(messages, reason);
                return None;
            }
        };
        self.keep(FoundSession::of_files(id.clone(), vec![messages, meta]), Form::Legacy { parent });
        Some(id)
    }

    /// Keeps the longest of several copies of a session.
    fn keep(&mut self, session: FoundSession, form: Form) {
        let is_longer = |other: &FoundSession| other.bytes < session.bytes;
        if self.sessions.get(&session.native_id).is_none_or(is_longer) {
            self.forms.insert(session.native_id.clone(), form);
            self.sessions.insert(session.native_id.clone(), session);
        }
    }
}

impl OpenStore for Opened {
    fn sessions(&self) -> &[FoundSession] {
        &self.list
    }

    fn skipped(&self) -> &[SkippedFile] {
        &self.skipped
    }

    fn read(&self, found: &FoundSession) -> Result<Session, StoreError> {
        let gone = || StoreError::Gone { native_id: found.native_id.clone() };
        let main = found.files.first().filter(|path| path.is_file()).ok_or_else(gone)?;
        match self.forms.get(&found.native_id).ok_or_else(gone)? {
            Form::Unified(folder) => unified::session(&found.native_id, folder),
            Form::Legacy { parent } => {
                legacy::session(&found.native_id, main, found.files.get(1), parent.as_deref())
            }
        }
    }
}
