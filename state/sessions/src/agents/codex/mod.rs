//! Codex CLI: rollouts, files of JSON lines in `sessions/` and `archived_sessions/`. The crate
//! `threadkeep-rollout` reads them; this module puts them behind the port.
//!
//! A thread may have several files, and a fork builds on files of its parent. The names that users
//! gave to threads are in `session_index.jsonl`.

mod find;
mod read;

use std::path::{Path, PathBuf};
use std::sync::Mutex;

use threadkeep_rollout::{AgentHome, Extractor, HomeError, Projector, ThreadNames};

use crate::environment::Environment;
use crate::error::StoreError;
use crate::found::Listing;
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

    fn tested_version(&self) -> &'static str {
        "0.171.0"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("CODEX_HOME").unwrap_or_else(|| environment.home().join(".codex"))]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        Some(("CODEX_HOME", place.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        let home = match AgentHome::open(place) {
            Ok(files) => Home::new(files),
            Err(HomeError::NotFound(_) | HomeError::NotADirectory(_)) => {
                return Ok(OpenStore::new(Listing::default(), |found| Err(found.gone())));
            }
            Err(HomeError::Unreadable { path, source }) => return Err(StoreError::io(path)(source)),
            Err(error) => return Err(StoreError::malformed(place, error)),
        };
        let (listing, threads) = find::threads(&home);
        let bases: Vec<_> = threads.values().flat_map(find::Thread::bases).cloned().collect();
        let open =
            OpenStore::with_known(listing, threads, move |found, thread| read::session(&home, found, thread));
        Ok(open.with_pieces(move |found| find::pieces(found, &bases)))
    }

    /// Returns none for an archived session: `codex unarchive` has to bring it back first.
    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("codex", &["resume", &session.native_id], session).filter(|_| !session.archived)
    }
}

/// Home of Codex, and what reads its files.
struct Home {
    files: AgentHome,
    names: ThreadNames,
    extractor: Mutex<Extractor>,
    projector: Mutex<Projector>,
}

impl Home {
    fn new(files: AgentHome) -> Self {
        Self {
            names: files.thread_names().unwrap_or_default(),
            extractor: Mutex::new(Extractor::of_home(&files)),
            projector: Mutex::new(Projector::of_home(&files)),
            files,
        }
    }
}
