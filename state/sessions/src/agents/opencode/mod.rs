//! opencode: one SQLite database for all projects, `opencode.db`; of builds of other channels
//! `opencode-<channel>.db` next to it.
//!
//! Read with databases of 1.18.33. Of their tables only `session`, `message`, `part` and
//! `event_sequence` are read: others hold credentials.

mod line;
mod read;
mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, SkippedFile};
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};

use tables::Database;

/// opencode.
#[derive(Debug)]
pub(crate) struct Opencode;

impl SessionStore for Opencode {
    fn name(&self) -> &'static str {
        "opencode"
    }

    fn title(&self) -> &'static str {
        "opencode"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        let data = environment.data_home().join("opencode");
        let given = environment.path("OPENCODE_DB").filter(|path| path != Path::new(":memory:"));
        match given.map(|path| data.join(path)) {
            // One of another name is the place itself.
            Some(path) if !is_database(&path) => vec![path],
            Some(path) => path.parent().map(Path::to_owned).into_iter().collect(),
            None => vec![data],
        }
    }

    fn open(&self, place: &Path) -> Result<Box<dyn OpenStore>, StoreError> {
        Ok(Box::new(Opened::find(place)?))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("opencode", &["--session", &session.native_id], session)
    }
}

fn is_database(path: &Path) -> bool {
    files::stem(path).starts_with("opencode") && path.extension().is_some_and(|end| end == "db")
}

#[derive(Debug)]
struct Opened {
    databases: Vec<Database>,
    /// Place in `databases` of each session.
    homes: BTreeMap<String, usize>,
    sessions: Vec<FoundSession>,
    skipped: Vec<SkippedFile>,
}

impl Opened {
    fn find(place: &Path) -> Result<Self, StoreError> {
        let mut paths = files::files(place);
        paths.retain(|path| is_database(path));
        if place.is_file() {
            paths.push(place.to_owned());
        }
        let (mut databases, mut skipped) = (Vec::new(), Vec::new());
        for path in paths {
            match Database::open(&path) {
                Ok(database) => databases.push(database),
                Err(StoreError::Malformed { reason, .. }) => skipped.push(SkippedFile { path, reason }),
                Err(error) => return Err(error),
            }
        }
        // A session that was copied to another channel's database is that of the latest one.
        let mut latest = BTreeMap::new();
        for (home, database) in databases.iter().enumerate() {
            for (id, row) in &database.sessions {
                let known = latest.entry(id.clone()).or_insert((row.updated, home));
                *known = (*known).max((row.updated, home));
            }
        }
        let homes: BTreeMap<String, usize> = latest.into_iter().map(|(id, (_, home))| (id, home)).collect();
        let sessions = homes.iter().filter_map(|(id, &home)| databases[home].found(id)).collect();
        Ok(Self { homes, sessions, skipped, databases })
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
        let home = self.homes.get(&found.native_id).ok_or_else(gone)?;
        read::session(&self.databases[*home], &found.native_id)
    }
}
