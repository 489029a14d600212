//! Kimi CLI: a folder a session, `sessions/<hash of the working directory>/<session id>`, with
//! `wire.jsonl` and `state.json`; its sub-agents in `subagents/<agent id>` there.
//!
//! The working directory stands only in `kimi.json`. `context.jsonl` is what the model sees,
//! without times, and loses prompts in a compaction: it is not read.

mod line;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::piece::Piece;
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};

/// Kimi CLI.
#[derive(Debug)]
pub(crate) struct Kimi;

impl SessionStore for Kimi {
    fn name(&self) -> &'static str {
        "kimi"
    }

    fn title(&self) -> &'static str {
        "Kimi CLI"
    }

    fn tested_version(&self) -> &'static str {
        "1.51.0"
    }

    fn tested_format(&self) -> Option<&'static str> {
        Some("1.10")
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("KIMI_SHARE_DIR").unwrap_or_else(|| environment.home().join(".kimi"))]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        Some(("KIMI_SHARE_DIR", place.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        let (listing, known) = find(place);
        Ok(OpenStore::incremental_with_known(listing, known, read::session).with_pieces(pieces))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("kimi", &["--session", &session.native_id], session)
    }
}

/// Session, as far as it is known before it is read.
#[derive(Debug)]
struct Known {
    cwd: Option<String>,
    /// Session that this is a sub-agent of.
    parent: Option<String>,
}

fn find(place: &Path) -> (Listing, BTreeMap<String, Known>) {
    let map = place.join("kimi.json");
    let (mut listing, mut all) = (Listing::default(), BTreeMap::new());
    let cwds = cwds(listing.shared(&map));
    for project in files::folders(&place.join("sessions")) {
        // A folder of another machine has its name before the hash.
        let hash = files::name(&project).rsplit('_').next().unwrap_or_default();
        let cwd = cwds.get(hash);
        for path in files::files_with(&project, "jsonl") {
            listing.skip(path, "it is older than the formats that are read");
        }
        for folder in files::folders(&project) {
            let parent = files::name(&folder);
            let subagents = files::folders(&folder.join("subagents"));
            let own = std::iter::once((&folder, None));
            for (folder, parent) in own.chain(subagents.iter().map(|folder| (folder, Some(parent)))) {
                let known = Known { cwd: cwd.cloned(), parent: parent.map(str::to_owned) };
                let id = files::name(folder);
                if take(&mut listing, folder, &map, &known) {
                    all.insert(id.to_owned(), known);
                }
            }
        }
    }
    (listing, all)
}

/// Takes the session of a folder. Returns false if it has none, or a longer copy is listed.
fn take(listing: &mut Listing, folder: &Path, map: &Path, known: &Known) -> bool {
    let wire = folder.join("wire.jsonl");
    if !wire.is_file() {
        listing.skip(wire, "there is no wire.jsonl");
        return false;
    }
    let about = folder.join(if known.parent.is_some() { "meta.json" } else { "state.json" });
    listing.has_prompt(&wire, line::has_prompt(&wire)) && {
        let session = FoundSession::of_files(files::name(folder), vec![wire, about]).with_more(folder);
        listing.add(session.with_map(map.to_owned(), known.cwd.as_deref()))
    }
}

/// `kimi.json`.
#[derive(Default, Deserialize)]
struct Map {
    #[serde(default)]
    work_dirs: Vec<Value>,
}

/// Returns the agent's list of working directories, with that of the session alone. Of the
/// session's sub-agents, empty files say that they have sessions of their own.
fn pieces(found: &FoundSession) -> Result<Vec<Piece>, StoreError> {
    let subagents = found.source().parent().map(|folder| files::folders(&folder.join("subagents")));
    let wires = subagents.unwrap_or_default().into_iter().map(|folder| folder.join("wire.jsonl"));
    let wires = wires.filter(|wire| wire.is_file());
    let mut pieces: Vec<_> = wires.map(|wire| Piece::context(wire, Vec::new())).collect();
    let Some(path) = found.files.last().filter(|path| path.is_file()) else { return Ok(pieces) };
    let map: Map = files::document(path)?.unwrap_or_default();
    let folders: Vec<_> = found.source().ancestors().map(|path| files::name(path).to_owned()).collect();
    let concerns = |one: &Value| {
        let hash = one["path"].as_str().map(hash);
        hash.is_some_and(|hash| folders.iter().any(|name| name.rsplit('_').next() == Some(hash.as_str())))
    };
    let part = json!({ "work_dirs": map.work_dirs.into_iter().filter(concerns).collect::<Vec<_>>() });
    pieces.push(Piece::shared_part(path, part.to_string().into_bytes()));
    Ok(pieces)
}

/// Returns the agent's working directories, by the hash that names their folders.
fn cwds(map: Map) -> BTreeMap<String, String> {
    let paths = map.work_dirs.into_iter();
    let paths = paths.filter_map(|one| one.get("path")?.as_str().map(str::to_owned));
    paths.map(|path| (hash(&path), path)).collect()
}

fn hash(path: &str) -> String {
    Md5::digest(path).iter().map(|byte| format!("{byte:02x}")).collect()
}
