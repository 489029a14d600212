//! Kimi CLI: a folder a session, `sessions/<hash of the working directory>/<session id>`, with
//! `wire.jsonl` and `state.json`; its sub-agents in `subagents/<agent id>` there.
//!
//! Read with files of 1.51.0. The working directory stands only in `kimi.json`. `context.jsonl` is
//! what the model sees, without times, and loses prompts in a compaction: it is not read.

mod line;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use md5::{Digest, Md5};
use serde::Deserialize;

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, SkippedFile};
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

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("KIMI_SHARE_DIR").unwrap_or_else(|| environment.home().join(".kimi"))]
    }

    fn open(&self, place: &Path) -> Result<Box<dyn OpenStore>, StoreError> {
        let mut opened = Opened::default();
        opened.find(place);
        Ok(Box::new(opened))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("kimi", &["--session", &session.native_id], session)
    }
}

#[derive(Debug, Default)]
struct Opened {
    sessions: Vec<FoundSession>,
    skipped: Vec<SkippedFile>,
    known: BTreeMap<String, Known>,
}

/// Session, as far as it is known before it is read.
#[derive(Debug, Clone)]
struct Known {
    cwd: Option<String>,
    /// Session that this is a sub-agent of.
    parent: Option<String>,
}

impl Opened {
    fn find(&mut self, place: &Path) {
        let map = place.join("kimi.json");
        let cwds = cwds(&map);
        let mut found = BTreeMap::new();
        for project in files::folders(&place.join("sessions")) {
            // A folder of another machine has its name before the hash.
            let hash = files::name(&project).rsplit('_').next().unwrap_or_default();
            let cwd = cwds.get(hash);
            for path in files::files_with(&project, "jsonl") {
                let reason = "it is older than the formats that are read".to_owned();
                self.skipped.push(SkippedFile { path, reason });
            }
            for folder in files::folders(&project) {
                let parent = files::name(&folder);
                let subagents = files::folders(&folder.join("subagents"));
                let own = std::iter::once((&folder, None));
                for (folder, parent) in own.chain(subagents.iter().map(|folder| (folder, Some(parent)))) {
                    let known = Known { cwd: cwd.cloned(), parent: parent.map(str::to_owned) };
                    if let Some(session) = self.take(folder, &map, &known) {
                        self.keep(&mut found, session, known);
                    }
                }
            }
        }
        self.sessions = found.into_values().collect();
    }

    fn take(&mut self, folder: &Path, map: &Path, known: &Known) -> Option<FoundSession> {
        let wire = folder.join("wire.jsonl");
        let reason = if !wire.is_file() {
            "there is no wire.jsonl".to_owned()
        } else {
            match line::has_prompt(&wire) {
                Ok(true) => {
                    let about = if known.parent.is_some() { "meta.json" } else { "state.json" };
                    let session = FoundSession::of_files(files::name(folder), vec![wire, folder.join(about)]);
                    return Some(session.with_map(map.to_owned(), known.cwd.as_deref()));
                }
                Ok(false) => "it has no prompt".to_owned(),
                Err(error) => error.to_string(),
            }
        };
        self.skipped.push(SkippedFile { path: wire, reason });
        None
    }

    /// Keeps the longest of several copies of a session.
    fn keep(&mut self, found: &mut BTreeMap<String, FoundSession>, session: FoundSession, known: Known) {
        let is_longer = |other: &FoundSession| other.bytes < session.bytes;
        if found.get(&session.native_id).is_none_or(is_longer) {
            self.known.insert(session.native_id.clone(), known);
            found.insert(session.native_id.clone(), session);
        }
    }
}

/// Reads the agent's list of working directories, by the hash that names their folders.
fn cwds(map: &Path) -> BTreeMap<String, String> {
    #[derive(Default, Deserialize)]
    struct Map {
        #[serde(default)]
        work_dirs: Vec<serde_json::Value>,
    }
    let map: Option<Map> = files::document(map).ok().flatten();
    let paths = map.unwrap_or_default().work_dirs.into_iter();
    let paths = paths.filter_map(|one| one.get("path")?.as_str().map(str::to_owned));
    paths.map(|path| (hash(&path), path)).collect()
}

fn hash(path: &str) -> String {
    Md5::digest(path).iter().map(|byte| format!("{byte:02x}")).collect()
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
        read::session(found, self.known.get(&found.native_id).ok_or_else(gone)?)
    }
}
