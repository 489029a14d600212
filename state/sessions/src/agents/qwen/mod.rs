//! Qwen Code: a file of JSON lines a session, in `projects/<folder>/chats/<session id>.jsonl`; its
//! sub-agents in `projects/<folder>/subagents/<session id>/agent-<id>.jsonl`, each with a
//! `.meta.json`.
//!
//! Read with files of 0.24.4. The directory is in each line; the folder's name cannot be decoded.

mod line;
mod read;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use self::line::Line;
use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, SkippedFile};
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

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        let own = ["QWEN_RUNTIME_DIR", "QWEN_HOME"].into_iter().find_map(|name| environment.path(name));
        vec![own.unwrap_or_else(|| environment.home().join(".qwen"))]
    }

    fn open(&self, place: &Path) -> Result<Box<dyn OpenStore>, StoreError> {
        Ok(Box::new(Opened::find(place)))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("qwen", &["--resume", &session.native_id], session)
    }
}

#[derive(Debug, Default)]
struct Opened {
    sessions: Vec<FoundSession>,
    skipped: Vec<SkippedFile>,
}

impl Opened {
    fn find(place: &Path) -> Self {
        let (mut found, mut skipped) = (BTreeMap::<String, FoundSession>::new(), Vec::new());
        let projects = files::folders(&place.join("projects"));
        let mut take = |path: PathBuf, others: Vec<PathBuf>| {
            match has_prompt(&path) {
                Ok(true) => {}
                Ok(false) => {
                    return skipped.push(SkippedFile { path, reason: "it has no prompt".to_owned() });
                }
                Err(error) => return skipped.push(SkippedFile { path, reason: error.to_string() }),
            }
            let id = files::stem(&path).to_owned();
            let session = FoundSession::of_files(id, [vec![path], others].concat());
            // Of copies in several folders, the longest has the most.
            if found.get(&session.native_id).is_none_or(|known| known.bytes < session.bytes) {
                found.insert(session.native_id.clone(), session);
            }
        };
        for project in &projects {
            for path in files::files_with(&project.join("chats"), "jsonl") {
                take(path, Vec::new());
            }
            for path in files::folders(&project.join("subagents"))
                .iter()
                .flat_map(|of| files::files_with(of, "jsonl"))
            {
                let meta = path.with_extension("meta.json");
                take(path, vec![meta]);
            }
        }
        Self { sessions: found.into_values().collect(), skipped }
    }
}

fn has_prompt(path: &Path) -> Result<bool, StoreError> {
    let mut found = false;
    files::each_line(path, |_, json| {
        found = serde_json::from_str(json).is_ok_and(|line: Line<'_>| line.is_prompt());
        !found
    })?;
    Ok(found)
}

impl OpenStore for Opened {
    fn sessions(&self) -> &[FoundSession] {
        &self.sessions
    }

    fn skipped(&self) -> &[SkippedFile] {
        &self.skipped
    }

    fn read(&self, found: &FoundSession) -> Result<Session, StoreError> {
        read::session(found)
    }
}
