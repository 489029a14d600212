//! Grok Build: a folder a session, in `sessions/<working directory>/<session id>/`. `updates.jsonl`
//! is the transcript, `summary.json` the metadata. A sub-agent is a session next to its parent,
//! which names it in `subagents/<id>/meta.json`.
//!
//! `usage.json` and `chat_history.jsonl` are not read: the first repeats numbers of the transcript,
//! and of a fork's parent; the second is rewritten by a compaction.

mod line;
mod read;
mod subagents;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::piece::Piece;
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};

/// Grok Build.
#[derive(Debug)]
pub(crate) struct Grok;

impl SessionStore for Grok {
    fn name(&self) -> &'static str {
        "grok"
    }

    fn title(&self) -> &'static str {
        "Grok Build"
    }

    fn tested_version(&self) -> &'static str {
        "1.0.41"
    }

    fn tested_format(&self) -> Option<&'static str> {
        Some("1")
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("GROK_HOME").unwrap_or_else(|| environment.home().join(".grok"))]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        Some(("GROK_HOME", place.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        let (listing, known) = find(place);
        let known = Arc::new(known);
        let open = OpenStore::incremental_with_known(listing, Arc::clone(&known), read::session);
        Ok(open.with_pieces(move |found| pieces(found, known.get(&found.native_id))))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("grok", &["--resume", &session.native_id], session)
    }
}

/// Other sessions of a session.
#[derive(Debug, Default)]
struct Known {
    /// Its parent's link to it, if it is a sub-agent.
    link: Option<PathBuf>,
    /// Transcripts of its sub-agents, by their ids.
    children: BTreeMap<String, PathBuf>,
}

fn find(place: &Path) -> (Listing, BTreeMap<String, Known>) {
    let (mut listing, mut found) = (Listing::default(), BTreeMap::<String, PathBuf>::new());
    let (mut parents, mut children) = (BTreeMap::new(), BTreeMap::<PathBuf, Vec<String>>::new());
    let projects = files::folders(&place.join("sessions"));
    for folder in projects.iter().flat_map(|project| files::folders(project)) {
        for child in files::folders(&folder.join("subagents")) {
            let meta = child.join("meta.json");
            let link: Option<Link> = files::document(&meta).ok().flatten();
            let id = link.and_then(|link| link.child_session_id);
            let id = id.unwrap_or_else(|| files::name(&child).to_owned());
            children.entry(folder.clone()).or_default().push(id.clone());
            parents.insert(id, meta);
        }
        if !folder.join(UPDATES).is_file() {
            listing.skip(folder, "it has no transcript");
            continue;
        }
        // Of copies in several folders, the one with the longest transcript has the most.
        let id = files::name(&folder).to_owned();
        if found.get(&id).is_none_or(|known| length(known) < length(&folder)) {
            found.insert(id, folder);
        }
    }
    let mut all = BTreeMap::new();
    for (id, folder) in &found {
        let updates = |child: String| Some((child.clone(), found.get(&child)?.join(UPDATES)));
        let children = children.remove(folder).unwrap_or_default().into_iter().filter_map(updates);
        let known = Known { link: parents.remove(id), children: children.collect() };
        let mut paths = vec![folder.join(UPDATES), folder.join(SUMMARY)];
        paths.extend(folder.parent().map(|project| project.join(CWD)));
        paths.extend(known.link.iter().chain(known.children.values()).cloned());
        listing.add(FoundSession::of_files(id, paths).with_more(folder));
        all.insert(id.clone(), known);
    }
    (listing, all)
}

/// Returns the files that are not a session's own: its folder's map, its parent's link to it, and
/// the tokens of its sub-agents.
fn pieces(found: &FoundSession, known: Option<&Known>) -> Result<Vec<Piece>, StoreError> {
    let shared = found.files.get(2).into_iter().chain(known.and_then(|known| known.link.as_ref()));
    let mut pieces: Vec<_> = shared.filter(|path| path.is_file()).map(Piece::shared).collect();
    for updates in known.into_iter().flat_map(|known| known.children.values()) {
        let ends = files::lines_with(updates, |json| json.contains(subagents::TURN_END))?;
        pieces.push(Piece::context(updates, ends));
    }
    Ok(pieces)
}

/// Transcript.
const UPDATES: &str = "updates.jsonl";
/// Metadata.
const SUMMARY: &str = "summary.json";
/// Working directory of a folder whose name would be too long.
const CWD: &str = ".cwd";

/// Sub-agent, as its parent's folder names it.
#[derive(Debug, Deserialize)]
struct Link {
    parent_session_id: Option<String>,
    child_session_id: Option<String>,
}

fn length(folder: &Path) -> u64 {
    std::fs::symlink_metadata(folder.join(UPDATES)).map_or(0, |metadata| metadata.len())
}
