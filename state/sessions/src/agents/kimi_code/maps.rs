//! The agent's maps of working directories, for sessions whose `state.json` has none.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::files;
use crate::found::Listing;
use crate::tolerant::or_default;

/// `session_index.jsonl` and `workspaces.json`.
#[derive(Debug)]
pub(super) struct Maps {
    files: [PathBuf; 2],
    by_session: HashMap<String, String>,
    by_workspace: HashMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Entry {
    session_id: String,
    work_dir: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Workspaces {
    #[serde(deserialize_with = "or_default")]
    workspaces: HashMap<String, Workspace>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Workspace {
    root: String,
}

impl Maps {
    pub(super) fn read(place: &Path, listing: &mut Listing) -> Self {
        let files = [place.join("session_index.jsonl"), place.join("workspaces.json")];
        let mut by_session = HashMap::new();
        let read = files::each_line(&files[0], |_, json| {
            let entry: Entry = serde_json::from_str(json)?;
            by_session.entry(entry.session_id).or_insert(entry.work_dir);
            Ok(true)
        });
        if let Err(error) = read {
            listing.unread(&files[0], error);
        }
        let workspaces: Workspaces = listing.shared(&files[1]);
        let by_workspace =
            workspaces.workspaces.into_iter().map(|(name, workspace)| (name, workspace.root)).collect();
        Self { files, by_session, by_workspace }
    }

    pub(super) fn files(&self) -> impl Iterator<Item = PathBuf> {
        self.files.iter().cloned()
    }

    /// Returns the working directory of the session in a folder.
    pub(super) fn cwd(&self, folder: &Path) -> Option<String> {
        let by_workspace = || self.by_workspace.get(files::name(folder.parent()?));
        let cwd = self.by_session.get(files::name(folder)).or_else(by_workspace);
        cwd.filter(|cwd| !cwd.is_empty()).cloned()
    }
}
