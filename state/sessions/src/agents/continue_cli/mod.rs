//! Continue's command line (`cn`): a JSON document a session, in `sessions/<session id>.json`, and
//! a list of them in `sessions/sessions.json`, which alone has a time.
//!
//! A document is written again as a whole, and a compaction erases what was said before it. No
//! message has an id or a time.

mod document;
mod fork;
mod kept;
mod read;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde::Deserialize;

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};

/// List of the sessions.
const LIST: &str = "sessions.json";

/// Continue CLI.
#[derive(Debug)]
pub(crate) struct Continue;

impl SessionStore for Continue {
    fn name(&self) -> &'static str {
        "continue"
    }

    fn title(&self) -> &'static str {
        "Continue CLI"
    }

    fn tested_version(&self) -> &'static str {
        "1.5.47"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("CONTINUE_GLOBAL_DIR").unwrap_or_else(|| environment.home().join(".continue"))]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        Some(("CONTINUE_GLOBAL_DIR", place.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        let (listing, known) = find(place);
        let known = Arc::new(known);
        let of_pieces = Arc::clone(&known);
        let open = OpenStore::new(listing, move |found| read::session(found, &known));
        Ok(open.with_pieces(move |found| kept::pieces(found, &of_pieces)))
    }

    /// Returns none: `cn --resume` takes the newest session of all folders, and no id.
    fn resume(&self, _: &Session) -> Option<ResumeCommand> {
        None
    }
}

/// Row of the list.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    session_id: String,
    /// Milliseconds since 1970, as a text.
    date_created: Option<String>,
}

/// Facts about a place that reading one of its sessions needs.
#[derive(Debug)]
struct Known {
    /// Start of each session in the list.
    created: HashMap<String, Timestamp>,
    sessions: BTreeMap<String, FoundSession>,
    /// Sessions by their first prompt, which a fork copies. Read when a fork is found.
    families: OnceLock<fork::Families>,
}

fn find(place: &Path) -> (Listing, Known) {
    let folder = place.join("sessions");
    let list = folder.join(LIST);
    let mut listing = Listing::default();
    let rows: Vec<Row> = listing.shared(&list);
    let time = |text: &str| Timestamp::from_millisecond(text.parse().ok()?).ok();
    let created: HashMap<_, _> = rows
        .into_iter()
        .filter_map(|row| Some((row.session_id, time(row.date_created?.as_str())?)))
        .collect();
    for path in files::files_with(&folder, "json") {
        if path == list {
            continue;
        }
        if !document::is_session(&path) {
            listing.skip(path, "it does not begin with a session id");
            continue;
        }
        let mut found = FoundSession::of_files(files::stem(&path).to_owned(), vec![path]);
        // Only the session's own row counts: the list changes with every session.
        if let Some(created) = created.get(&found.native_id) {
            found.fingerprint.push_str(&format!(" {}", created.as_millisecond()));
        }
        found.files.push(list.clone());
        listing.add(found);
    }
    let known = Known { created, sessions: listing.sessions.clone(), families: OnceLock::new() };
    (listing, known)
}
