//! opencode: one SQLite database for all projects, `opencode.db`; of builds of other channels
//! `opencode-<channel>.db` next to it.
//!
//! Of its tables only `session`, `message`, `part` and `event_sequence` are read: others hold
//! credentials.

mod kept;
mod line;
mod read;
mod tables;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files::{self, NOT_A_FILE};
use crate::found::Listing;
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

    fn tested_version(&self) -> &'static str {
        "1.18.33"
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

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        if place.ends_with("opencode") {
            return Some(("XDG_DATA_HOME", place.parent()?.to_owned()));
        }
        // The variable names one database.
        match <[PathBuf; 1]>::try_from(databases_of(place)) {
            Ok([database]) => Some(("OPENCODE_DB", database)),
            Err(_) => None,
        }
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        let (mut databases, mut listing) = (Vec::new(), Listing::default());
        for path in databases_of(place) {
            match Database::open(&path) {
                Ok(database) => databases.push(database),
                Err(StoreError::Malformed { reason, .. }) => listing.unread(path, reason),
                Err(error) => return Err(error),
            }
        }
        for path in files::folders(place).into_iter().filter(|path| is_database(path)) {
            listing.unread(path, NOT_A_FILE);
        }
        let homes = homes(&databases);
        for session in homes.iter().filter_map(|(id, &home)| databases[home].found(id)) {
            listing.add(session);
        }
        let (databases, of_pieces) = (Arc::new(databases), homes.clone());
        let kept = Arc::clone(&databases);
        let open =
            OpenStore::with_known(listing, homes, move |found, &home| read::session(&databases[home], found));
        Ok(open.with_pieces(move |found| {
            let home = of_pieces.get(&found.native_id).ok_or_else(|| found.gone())?;
            kept::pieces(&kept[*home], found)
        }))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("opencode", &["--session", &session.native_id], session)
    }
}

fn is_database(path: &Path) -> bool {
    files::stem(path).starts_with("opencode") && path.extension().is_some_and(|end| end == "db")
}

/// Returns the paths of a place's databases.
fn databases_of(place: &Path) -> Vec<PathBuf> {
    let mut paths = files::files(place);
    paths.retain(|path| is_database(path));
    if place.is_file() {
        paths.push(place.to_owned());
    }
    paths
}

/// Returns the place in the list of the database that each session is read from. A session that was
/// copied to another channel's database is that of the latest one.
fn homes(databases: &[Database]) -> BTreeMap<String, usize> {
    let mut latest = BTreeMap::new();
    for (home, database) in databases.iter().enumerate() {
        for (id, row) in &database.sessions {
            let known = latest.entry(id.clone()).or_insert((row.updated, home));
            *known = (*known).max((row.updated, home));
        }
    }
    latest.into_iter().map(|(id, (_, home))| (id, home)).collect()
}
