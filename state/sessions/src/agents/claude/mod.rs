//! Claude Code: a file of JSON lines a session, in `projects/<folder>/<session id>.jsonl`; its
//! sub-agents in `projects/<folder>/<session id>/subagents/agent-<id>.jsonl`.
//!
//! A folder's name cannot be decoded: several directories share one.

mod kept;
mod line;
mod origin;
mod read;
mod summaries;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;

use self::origin::Families;
use self::summaries::Summaries;
use crate::checksum::Checksum;
use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::session::Session;
use crate::store::{LastUse, OpenStore, ResumeCommand, Retention, SessionStore};

/// Days after which Claude Code deletes a session, by the time of its file's last write.
const RETENTION_DAYS: u32 = 30;

/// Folder with a session's sub-agents.
const SUBAGENTS: &str = "subagents";

/// Claude Code.
#[derive(Debug)]
pub(crate) struct Claude;

impl SessionStore for Claude {
    fn name(&self) -> &'static str {
        "claude"
    }

    fn title(&self) -> &'static str {
        "Claude Code"
    }

    fn tested_version(&self) -> &'static str {
        "2.1.332"
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("CLAUDE_CONFIG_DIR").unwrap_or_else(|| environment.home().join(".claude"))]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        Some(("CLAUDE_CONFIG_DIR", place.to_owned()))
    }

    fn watched(&self, place: &Path) -> Vec<PathBuf> {
        vec![place.join("projects")]
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        let (listing, context) = find(place);
        let context = Arc::new(context);
        let of_pieces = Arc::clone(&context);
        let open =
            OpenStore::incremental(listing, move |found, progress| read::session(found, &context, progress));
        Ok(open.with_pieces(move |found| kept::pieces(found, &of_pieces)))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("claude", &["--resume", &session.native_id], session)
    }

    fn retention(&self, place: &Path) -> Option<Retention> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Settings {
            cleanup_period_days: Option<u32>,
        }
        let settings: Option<Settings> = files::document(&place.join("settings.json")).ok().flatten();
        let days = settings.and_then(|settings| settings.cleanup_period_days).unwrap_or(RETENTION_DAYS);
        Some(Retention { days, after: LastUse::Written })
    }
}

/// Parts of sessions in files of other ones.
#[derive(Debug, Default)]
struct Context {
    families: Families,
    summaries: Summaries,
}

fn find(place: &Path) -> (Listing, Context) {
    let (mut listing, mut families, mut old) = (Listing::default(), Families::default(), Vec::new());
    // The files of sub-agents may be there without the session's own.
    let with_agents = files::folders(&place.join("projects")).into_iter().flat_map(|folder| {
        let agents = files::folders(&folder).into_iter().map(|session| session.join(SUBAGENTS));
        files::files_with(&folder, "jsonl")
            .into_iter()
            .chain(agents.flat_map(|folder| files::files_with(&folder, "jsonl")))
    });
    for path in with_agents {
        let first = match line::beginning(&path) {
            Ok(Some(first)) => first,
            Ok(None) => {
                old.push(path.clone());
                listing.skip(path, "it has no message");
                continue;
            }
            Err(error) => {
                listing.unread(path, error);
                continue;
            }
        };
        if summaries::is_written_by(first.version.as_deref()) {
            old.push(path.clone());
        }
        families.add(first, &path);
        let folder = path.with_extension("");
        let (about, sidecar) = (path.with_extension("meta.json"), folder.join("custom-title.json"));
        let files = vec![path, sidecar, about.clone()];
        let session = FoundSession::of_files(files::stem(files[0].as_path()).to_owned(), files);
        // The file about a sub-agent is in the folder of the session that it belongs to.
        listing.add(session.with_more(folder).with_more(about));
    }
    let summaries = Summaries::find(&old);
    for session in listing.sessions.values_mut() {
        // A fork is read again when a session that it was copied from comes or goes.
        if let Some(family) = families.of(&session.source()) {
            session.fingerprint.push_str(&format!(" {}", family.len()));
        }
        if let Some(summary) = summaries.of(&session.source()) {
            let checksum = Checksum::of(summary.title.as_bytes()).value();
            session.fingerprint.push_str(&format!(" {checksum:08x}"));
        }
    }
    (listing, Context { families, summaries })
}
