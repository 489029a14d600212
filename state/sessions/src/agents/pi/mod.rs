//! pi: a file of JSON lines a session, in `sessions/--<directory>--/<time>_<session id>.jsonl`.
//!
//! The entries form a tree; the file has them in the order of time. A file comes with the first
//! answer. The directory is in the header; the folder's name cannot be decoded.

mod line;
mod read;

use std::path::{Path, PathBuf};

use self::line::Line;
use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};

/// pi.
#[derive(Debug)]
pub(crate) struct Pi;

impl SessionStore for Pi {
    fn name(&self) -> &'static str {
        "pi"
    }

    fn title(&self) -> &'static str {
        "pi"
    }

    fn tested_version(&self) -> &'static str {
        "0.73.1"
    }

    fn tested_format(&self) -> Option<&'static str> {
        Some("3")
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        let agent = environment.path("PI_CODING_AGENT_DIR");
        let agent = agent.unwrap_or_else(|| environment.home().join(".pi/agent"));
        // The folder of this variable has the sessions of all directories side by side.
        let sessions = environment.path("PI_CODING_AGENT_SESSION_DIR");
        std::iter::once(agent).chain(sessions).collect()
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        let has_folder = place.join("sessions").is_dir();
        let name = if has_folder { "PI_CODING_AGENT_DIR" } else { "PI_CODING_AGENT_SESSION_DIR" };
        Some((name, place.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        Ok(OpenStore::incremental(find(place), read::session))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("pi", &["--session", &session.native_id], session)
    }
}

fn find(place: &Path) -> Listing {
    let mut listing = Listing::default();
    let sessions = place.join("sessions");
    let folders = [place.to_owned(), sessions.clone()].into_iter().chain(files::folders(&sessions));
    for path in folders.flat_map(|folder| files::files_with(&folder, "jsonl")) {
        match identity(&path) {
            Ok(Ok(id)) => {
                listing.add(FoundSession::of_files(id, vec![path]));
            }
            Ok(Err(reason)) => listing.skip(path, reason),
            Err(error) => listing.unread(path, error),
        }
    }
    listing
}

/// Returns the id of a file's session, or the reason why the file is none.
fn identity(path: &Path) -> Result<Result<String, &'static str>, StoreError> {
    let mut id = None;
    let has_prompt = files::has(path, |json| {
        let line: Line<'_> = serde_json::from_str(json)?;
        if id.is_none() {
            id = line.id.filter(|_| line.kind == "session");
            return Ok(id.is_none());
        }
        Ok(line.message.role == "user")
    })?;
    Ok(match id {
        None => Err("it does not begin with a session"),
        Some(_) if !has_prompt => Err("it has no prompt"),
        Some(id) => Ok(id),
    })
}
