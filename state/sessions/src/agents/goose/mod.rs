//! goose: one SQLite database for all projects, `sessions.db`. Next to it, files of JSON lines that
//! older versions wrote: the database has the older ones of them, too.
//!
//! Databases of 1.34.0 (schema 13) are read, too. goose gives the id of a removed session to a new
//! one, and each database begins with the same ids.

mod kept;
mod line;
mod old;
mod read;
mod tables;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files::{self, NOT_A_FILE};
use crate::found::{FoundSession, Listing};
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

    fn tested_version(&self) -> &'static str {
        "1.52.0"
    }

    fn tested_format(&self) -> Option<&'static str> {
        Some("16")
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        let root = environment.path("GOOSE_PATH_ROOT").map(|root| root.join("data"));
        vec![root.unwrap_or_else(|| environment.data_home().join("goose")).join("sessions")]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        let (name, end) = [("GOOSE_PATH_ROOT", "data/sessions"), ("XDG_DATA_HOME", "goose/sessions")]
            .into_iter()
            .find(|(_, end)| place.ends_with(end))?;
        Some((name, place.ancestors().nth(Path::new(end).components().count())?.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        let (listing, database) = find(place)?;
        let database = Arc::new(database);
        let kept = Arc::clone(&database);
        let open = OpenStore::new(listing, move |found| {
            let id = &found.native_id;
            match database.as_ref().as_ref().and_then(|it| Some((it, it.sessions.get(id)?))) {
                Some((database, row)) => read::session(database, id, row),
                None => old::session(found),
            }
        });
        Ok(open.with_pieces(move |found| match &*kept {
            Some(database) if database.sessions.contains_key(&found.native_id) => {
                kept::pieces(database, found)
            }
            _ => Ok(Vec::new()),
        }))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        let arguments = ["session", "--resume", "--session-id", &session.native_id];
        ResumeCommand::new("goose", &arguments, session)
    }
}

fn find(place: &Path) -> Result<(Listing, Option<Database>), StoreError> {
    let (mut listing, mut database) = (Listing::default(), None);
    let path = place.join("sessions.db");
    if files::files(place).contains(&path) {
        match Database::open(&path) {
            Ok(opened) => database = Some(opened),
            Err(StoreError::Malformed { reason, .. }) => listing.unread(path, reason),
            Err(error) => return Err(error),
        }
    } else {
        listing.unread(&path, NOT_A_FILE);
    }
    for session in database.iter().flat_map(Database::found) {
        listing.add(session);
    }
    for path in files::files_with(place, "jsonl") {
        let id = files::stem(&path);
        // The database has a newer copy.
        if listing.sessions.contains_key(id) {
            continue;
        }
        match old::header(&path) {
            Ok(Some(_)) => _ = listing.add(FoundSession::of_files(id.to_owned(), vec![path])),
            Ok(None) => listing.skip(path, "its first line describes no session"),
            Err(error) => listing.unread(path, error),
        }
    }
    Ok((listing, database))
}
