//! Mistral Vibe: since 2.26, a store a session in `logs/session/unified/<session id>`; before, a
//! folder with `meta.json` and `messages.jsonl` in `logs/session`.
//!
//! Folders of 2.9.6 are read, too. A session of the older kind that is resumed with 3.x becomes a
//! new one, which names the old one.

mod entry;
mod generation;
mod journal;
mod legacy;
mod origin;
mod projection;
mod unified;
mod usage;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::environment::Environment;
use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::session::Session;
use crate::store::{OpenStore, ResumeCommand, SessionStore};
use generation::Generation;
use origin::{Head, Origin};

/// Mistral Vibe.
#[derive(Debug)]
pub(crate) struct Vibe;

impl SessionStore for Vibe {
    fn name(&self) -> &'static str {
        "vibe"
    }

    fn title(&self) -> &'static str {
        "Mistral Vibe"
    }

    fn tested_version(&self) -> &'static str {
        "3.0.3"
    }

    fn tested_format(&self) -> Option<&'static str> {
        Some("1.1.3")
    }

    fn places(&self, environment: &Environment) -> Vec<PathBuf> {
        vec![environment.path("VIBE_HOME").unwrap_or_else(|| environment.home().join(".vibe"))]
    }

    fn variable(&self, place: &Path) -> Option<(&'static str, PathBuf)> {
        Some(("VIBE_HOME", place.to_owned()))
    }

    fn open(&self, place: &Path) -> Result<OpenStore, StoreError> {
        let mut found = Found::default();
        found.find(&place.join("logs").join("session"));
        let forms = Arc::new(found.forms);
        let open = OpenStore::with_known(found.listing, Arc::clone(&forms), |found, form| match form {
            Form::Unified(folder) => unified::session(found, folder),
            Form::Legacy { parent, origin } => legacy::session(found, parent.as_deref(), origin.as_ref()),
        });
        Ok(open.with_pieces(move |found| {
            let mut pieces = legacy::pieces(found)?;
            if let Some(Form::Legacy { origin: Some(origin), .. }) = forms.get(&found.native_id) {
                pieces.extend(origin::pieces(origin)?);
            }
            Ok(pieces)
        }))
    }

    fn resume(&self, session: &Session) -> Option<ResumeCommand> {
        ResumeCommand::new("vibe", &["--resume", &session.native_id], session)
    }
}

/// Form of a session's store.
enum Form {
    /// Folder of the store, which has generations.
    Unified(PathBuf),
    /// Id of the session that a sub-agent belongs to, or the origin of a fork.
    Legacy { parent: Option<String>, origin: Option<Origin> },
}

#[derive(Default)]
struct Found {
    listing: Listing,
    forms: BTreeMap<String, Form>,
    /// Heads of sessions of the older form, by their ids.
    heads: BTreeMap<String, Head>,
}

impl Found {
    fn find(&mut self, logs: &Path) {
        let unified = logs.join("unified");
        for folder in files::folders(logs).into_iter().filter(|folder| *folder != unified) {
            let parent = self.legacy(&folder, None);
            for subagent in files::folders(&folder.join("agents")) {
                self.legacy(&subagent, parent.clone());
            }
        }
        self.forks();
        for path in files::files_with(logs, "json") {
            self.listing.skip(path, "it is older than the formats that are read");
        }
        for folder in files::folders(&unified) {
            self.unified(folder);
        }
    }

    fn unified(&mut self, folder: PathBuf) {
        let generation = match Generation::current(&folder, &mut self.listing) {
            Ok(generation) => generation,
            Err(reason) => return self.listing.unread(folder, reason),
        };
        if !generation.has_entries(&folder) {
            return self.listing.skip(folder, "it has no prompt");
        }
        let session = FoundSession::of_files(generation.session_id(&folder), generation.files(&folder));
        self.keep(session.with_more(&folder), Form::Unified(folder));
    }

    /// Takes a folder of the older form. Returns the session's id.
    fn legacy(&mut self, folder: &Path, parent: Option<String>) -> Option<String> {
        let (messages, meta) = (folder.join("messages.jsonl"), folder.join("meta.json"));
        if !messages.is_file() {
            self.listing.skip(folder, "there is no messages.jsonl");
            return None;
        }
        let head = match legacy::head(&messages, &meta) {
            Ok(Some(head)) => head,
            Ok(None) => {
                self.listing.skip(messages, "it has no prompt");
                return None;
            }
            Err(error) => {
                self.listing.unread(messages, error);
                return None;
            }
        };
        let id = head.id.clone();
        let session = FoundSession::of_files(id.clone(), vec![messages, meta]).with_more(folder);
        let is_own = parent.is_none();
        if self.keep(session, Form::Legacy { parent, origin: None }) && is_own {
            self.heads.insert(id.clone(), head);
        }
        Some(id)
    }

    /// Finds the forks among the sessions of the older form.
    fn forks(&mut self) {
        let heads = std::mem::take(&mut self.heads).into_values().collect();
        for (id, found) in origin::origins(heads) {
            let form = self.forms.get_mut(&id);
            if let (Some(Form::Legacy { origin, .. }), Some(session)) =
                (form, self.listing.sessions.get_mut(&id))
            {
                session.fingerprint.push_str(&format!(" {} {}", found.parent.id, found.copied));
                *origin = Some(found);
            }
        }
    }

    fn keep(&mut self, session: FoundSession, form: Form) -> bool {
        let id = session.native_id.clone();
        let is_taken = self.listing.add(session);
        if is_taken {
            self.forms.insert(id, form);
        }
        is_taken
    }
}
