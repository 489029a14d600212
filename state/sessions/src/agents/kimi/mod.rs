//! Kimi CLI: a folder a session, `sessions/<hash of the working directory>/<session id>`, with
//! `wire.jsonl` and `state.json`; its sub-agents in `subagents/<agent id>` there.
//!
//! The working directory stands only in `kimi.json`. `context.jsonl` is what the model sees,
//! without times, and loses prompts in a compaction: it is not read.

mod line;
mod origin;
mod read;
mod state;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use md5::{Digest, Md5};
use serde::Deserialize;
use serde_json::{Value, json};

use self::origin::Origin;
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
        let known = Arc::new(known);
        let open = OpenStore::incremental_with_known(listing, Arc::clone(&known), read::session);
        Ok(open.with_pieces(move |found| pieces(found, &known)))
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
    origin: Origin,
    /// Its file.
    wire: PathBuf,
}

fn find(place: &Path) -> (Listing, BTreeMap<String, Known>) {
    let map = place.join("kimi.json");
    let (mut listing, mut all, mut heads) =
        (Listing::default(), BTreeMap::<_, Known>::new(), BTreeMap::new());
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
                let (cwd, parent) = (cwd.cloned(), parent.map(str::to_owned));
                let wire = folder.join("wire.jsonl");
                let known = Known { cwd, parent, origin: Origin::default(), wire };
                let id = files::name(folder);
                if let Some(head) = take(&mut listing, folder, &map, &known) {
                    heads.insert(id.to_owned(), head);
                    all.insert(id.to_owned(), known);
                }
            }
        }
    }
    heads.retain(|id, _| all.get(id).is_some_and(|known| known.parent.is_none()));
    for (id, origin) in origin::origins(&listing.sessions, &heads) {
        if let (Some(found), Some(known)) = (listing.sessions.get_mut(&id), all.get_mut(&id)) {
            found.fingerprint.push_str(&format!(" {:?}", (&origin.parent, origin.own_from)));
            known.origin = origin;
        }
    }
    (listing, all)
}

/// Takes the session of a folder. Returns the hash of its first prompt; `None` if it has none, or a
/// longer copy is listed.
fn take(listing: &mut Listing, folder: &Path, map: &Path, known: &Known) -> Option<u64> {
    let wire = &known.wire;
    if !wire.is_file() {
        listing.skip(wire, "there is no wire.jsonl");
        return None;
    }
    let about = folder.join(if known.parent.is_some() { "meta.json" } else { "state.json" });
    let head = line::head(wire);
    let first = *head.as_ref().unwrap_or(&None);
    let has_prompt = listing.has_prompt(wire, head.map(|head| head.is_some()));
    let session = FoundSession::of_files(files::name(folder), vec![wire.clone(), about]).with_more(folder);
    let session = session.with_map(map.to_owned(), known.cwd.as_deref());
    first.filter(|_| has_prompt && listing.add(session))
}

/// `kimi.json`.
#[derive(Default, Deserialize)]
struct Map {
    #[serde(default)]
    work_dirs: Vec<Value>,
}

/// Returns the agent's list of working directories, with that of the session alone. Of the
/// session's sub-agents, empty files say that they have sessions of their own. A fork needs the
/// lines that it has copied, which would count as its own otherwise.
fn pieces(found: &FoundSession, known: &BTreeMap<String, Known>) -> Result<Vec<Piece>, StoreError> {
    let subagents = found.source().parent().map(|folder| files::folders(&folder.join("subagents")));
    let wires = subagents.unwrap_or_default().into_iter().map(|folder| folder.join("wire.jsonl"));
    let wires = wires.filter(|wire| wire.is_file());
    let mut pieces: Vec<_> = wires.map(|wire| Piece::context(wire, Vec::new())).collect();
    let origin = known.get(&found.native_id).map(|known| &known.origin).cloned().unwrap_or_default();
    if let Some(parent) = origin.parent.and_then(|parent| known.get(&parent)) {
        let copied = origin::copied(&parent.wire, found.main_file()?, origin.own_from)?;
        pieces.push(Piece::context(&parent.wire, copied));
    }
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
