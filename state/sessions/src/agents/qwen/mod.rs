//! Qwen Code: a file of JSON lines a session, in `projects/<folder>/chats/<session id>.jsonl`; its
//! sub-agents in `projects/<folder>/subagents/<session id>/agent-<id>.jsonl`, each with a
//! `.meta.json`.
//!
//! The directory is in each line; the folder's name cannot be decoded.

mod line;
mod read;

use std::path::{Path, PathBuf};

use self::line::Line;
use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::piece::Piece;
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};

/// Qwen Code.
#[derive(Debug)]
pub(crate) struct Qwen;

impl SessionStore for Qwen {
    fn name(&self) -> &'static str {
        "qwen"
    }

    fn title(&self) -> &'static str {
        "Qwen Code"
    }

    fn tested_version(&self) -> &'static str {
        "0.24.4"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        let own = ["QWEN_RUNTIME_DIR", "QWEN_HOME"].into_iter().find_map(|name| environment.path(name));
        vec![own.unwrap_or_else(|| environment.home().join(".qwen"))]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        Some(("QWEN_RUNTIME_DIR", place.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        Ok(OpenStore::incremental(find(place), read::session).with_pieces(pieces))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("qwen", &["--resume", &session.native_id], session)
    }
}

fn find(place: &Path) -> Listing {
    let mut listing = Listing::default();
    let mut take = |path: PathBuf, about: Option<PathBuf>| {
        if listing.has_prompt(&path, has_prompt(&path)) {
            let id = files::stem(&path).to_owned();
            listing.add(FoundSession::of_files(id, std::iter::once(path).chain(about).collect()));
        }
    };
    for project in files::folders(&place.join("projects")) {
        for path in files::files_with(&project.join("chats"), "jsonl") {
            take(path, None);
        }
        for folder in files::folders(&project.join("subagents")) {
            for path in files::files_with(&folder, "jsonl") {
                let about = path.with_extension("meta.json");
                take(path, Some(about));
            }
        }
    }
    listing
}

/// Returns empty files in place of a session's sub-agents: they say that these have sessions of
/// their own.
fn pieces(found: &FoundSession) -> Result<Vec<Piece>, StoreError> {
    let agents = files::files_with(&read::subagents(found.main_file()?), "jsonl");
    Ok(agents.into_iter().map(|path| Piece::context(path, Vec::new())).collect())
}

fn has_prompt(path: &Path) -> Result<bool, StoreError> {
    files::has(path, |json| Ok(serde_json::from_str::<Line<'_>>(json)?.is_prompt()))
}
