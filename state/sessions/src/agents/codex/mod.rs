//! Codex CLI: rollouts, files of JSON lines in `sessions/` and `archived_sessions/`. The crate
//! `threadkeep-rollout` reads them; this module puts them behind the port.
//!
//! A thread may have several files, and a fork builds on files of its parent. The names that users
//! gave to threads are in `session_index.jsonl`.

mod find;
mod read;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use threadkeep_rollout::{AgentHome, Extractor, HomeError, Projector, ThreadNames};

use crate::environment::Environment;
use crate::error::StoreError;
use crate::found::{FoundSession, SkippedFile};
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};

/// Codex CLI.
#[derive(Debug)]
pub(crate) struct Codex;

impl SessionStore for Codex {
    fn name(&self) -> &'static str {
        "codex"
    }

    fn title(&self) -> &'static str {
        "Codex CLI"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("CODEX_HOME").unwrap_or_else(|| environment.home().join(".codex"))]
    }

    fn open(&self, place: &Path) -> Result<Box<dyn OpenStore>, StoreError> {
        let home = match AgentHome::open(place) {
            Ok(home) => home,
            Err(HomeError::NotFound(_) | HomeError::NotADirectory(_)) => return Ok(Box::new(Nothing)),
            Err(HomeError::Unreadable { path, source }) => return Err(StoreError::io(path)(source)),
            Err(error) => return Err(StoreError::malformed(place, error)),
        };
        Ok(Box::new(Opened::find(home)))
    }

    /// Returns none for an archived session: `codex unarchive` has to bring it back first.
    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("codex", &["resume", &session.native_id], session).filter(|_| !session.archived)
    }
}

/// Place that does not exist.
#[derive(Debug)]
struct Nothing;

impl OpenStore for Nothing {
    fn sessions(&self) -> &[FoundSession] {
        &[]
    }

    fn skipped(&self) -> &[SkippedFile] {
        &[]
    }

    fn read(&self, found: &FoundSession) -> Result<Session, StoreError> {
        Err(StoreError::Gone { native_id: found.native_id.clone() })
    }
}

#[derive(Debug)]
struct Opened {
    home: AgentHome,
    names: ThreadNames,
    /// Files of each thread, by its id.
    threads: BTreeMap<String, find::Thread>,
    sessions: Vec<FoundSession>,
    skipped: Vec<SkippedFile>,
    extractor: RefCell<Extractor>,
    projector: RefCell<Projector>,
}

impl Opened {
    fn find(home: AgentHome) -> Self {
        let names = home.thread_names().unwrap_or_default();
        let (threads, skipped) = find::threads(&home);
        let sessions = threads.iter().map(|(id, thread)| thread.found(&home, id, &names)).collect();
        let extractor = RefCell::new(Extractor::of_home(&home));
        let projector = RefCell::new(Projector::of_home(&home));
        Self { home, names, threads, sessions, skipped, extractor, projector }
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
        let thread = self.threads.get(&found.native_id);
        let thread = thread.ok_or_else(|| StoreError::Gone { native_id: found.native_id.clone() })?;
        read::session(self, &found.native_id, thread)
    }
}
