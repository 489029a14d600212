//! goose: one SQLite database for all projects, `sessions.db`. Next to it, files of JSON lines that
//! older versions wrote: the database has the older ones of them, too.
//!
//! Read with databases of 1.52.0 (schema 16) and 1.34.0 (schema 13). goose gives the id of a
//! removed session to a new one, and each database begins with the same ids.

mod line;
mod old;
mod read;
mod tables;

use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, SkippedFile};
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};

use tables::Database;

/// goose.
#[derive(Debug)]
pub(crate) struct Goose;

impl SessionStore for Goose {
    fn name(&self) -> &'static str {
        "goose"
    }

    fn title(&self) -> &'static str {
        "goose"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        let root = environment.path("GOOSE_PATH_ROOT").map(|root| root.join("data"));
        vec![root.unwrap_or_else(|| environment.data_home().join("goose")).join("sessions")]
    }

    fn open(&self, place: &Path) -> Result<Box<dyn OpenStore>, StoreError> {
        Ok(Box::new(Opened::find(place)?))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        let arguments = ["session", "--resume", "--session-id", &session.native_id];
        ResumeCommand::new("goose", &arguments, session)
    }
}

#[derive(Debug)]
struct Opened {
    database: Option<Database>,
    sessions: Vec<FoundSession>,
    skipped: Vec<SkippedFile>,
}

impl Opened {
    fn find(place: &Path) -> Result<Self, StoreError> {
        let (mut database, mut skipped) = (None, Vec::new());
        let path = place.join("sessions.db");
        if files::files(place).contains(&path) {
            match Database::open(&path) {
                Ok(opened) => database = Some(opened),
                Err(StoreError::Malformed { reason, .. }) => skipped.push(SkippedFile { path, reason }),
                Err(error) => return Err(error),
            }
        }
        let mut sessions = database.as_ref().map_or_else(Vec::new, Database::found);
        for path in files::files_with(place, "jsonl") {
            if sessions.iter().any(|session| session.native_id == files::stem(&path)) {
                continue;
            }
            if old::header(&path)?.is_some() {
                sessions.push(FoundSession::of_files(files::stem(&path).to_owned(), vec![path]));
            } else {
                let reason = "its first line describes no session".to_owned();
                skipped.push(SkippedFile { path, reason });
            }
        }
        sessions.sort_by(|one, other| one.native_id.cmp(&other.native_id));
        Ok(Self { database, sessions, skipped })
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
        let database = self.database.as_ref();
        match database.filter(|database| database.sessions.contains_key(&found.native_id)) {
            Some(database) => read::session(database, &found.native_id),
            None => old::session(found),
        }
    }
}
