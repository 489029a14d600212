//! Generations of a session's store: each one is a whole state, and two are kept.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::files;
use crate::found::Listing;
use crate::tolerant::or_default;

/// `CURRENT`, which names a generation.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Current {
    #[serde(deserialize_with = "or_default")]
    generation: Option<String>,
}

/// `manifest.json` of a generation.
#[derive(Debug, Deserialize)]
struct Manifest {
    #[serde(default, deserialize_with = "or_default")]
    manifest_version: u32,
    #[serde(default, deserialize_with = "or_default")]
    session_id: Option<String>,
    projection_state: Part,
    #[serde(default, deserialize_with = "or_default")]
    recovery_journal_segment: Segment,
}

#[derive(Debug, Deserialize)]
struct Part {
    #[serde(default)]
    chunks: Vec<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Segment {
    first_sequence: u64,
}

/// Generation whose manifest can be read.
#[derive(Debug)]
pub(super) struct Generation {
    folder: PathBuf,
    manifest: Manifest,
}

impl Generation {
    /// Returns the generation that counts; without it, the latest one. Lists a `CURRENT` that
    /// cannot be read.
    ///
    /// # Errors
    ///
    /// The reason why there is none.
    pub(super) fn current(store: &Path, listing: &mut Listing) -> Result<Self, String> {
        let Current { generation: named } = listing.shared(&store.join("CURRENT"));
        let folders = files::folders(&store.join("generations"));
        let is_named = |folder: &&PathBuf| named.as_deref() == Some(files::name(folder));
        let named = folders.iter().filter(is_named);
        let mut reason = "there is no generation".to_owned();
        for folder in named.chain(folders.iter().rev()) {
            match files::document(&folder.join("manifest.json")) {
                Ok(Some(manifest)) => return Ok(Self { folder: folder.clone(), manifest }),
                Ok(None) => {}
                Err(error) => reason = error.to_string(),
            }
        }
        Err(reason)
    }

    pub(super) fn session_id(&self, store: &Path) -> String {
        let own = self.manifest.session_id.as_deref().filter(|id| !id.is_empty());
        own.unwrap_or_else(|| files::name(store)).to_owned()
    }

    pub(super) fn version(&self) -> u32 {
        self.manifest.manifest_version
    }

    pub(super) fn projection(&self) -> PathBuf {
        self.folder.join("projection-state.json")
    }

    pub(super) fn runtime(&self) -> PathBuf {
        self.folder.join("runtime-state.json")
    }

    /// Returns the files with the transcript's parts, in their order.
    pub(super) fn chunks(&self, store: &Path) -> Vec<PathBuf> {
        let chunks = self.manifest.projection_state.chunks.iter();
        // A name from a file stays in its folder.
        let plain = chunks.filter(|name| !name.contains(['/', '\\']));
        plain.map(|name| store.join("chunks").join(format!("{name}.json"))).collect()
    }

    /// Returns the journal's segments, in their order: those with what came after this generation
    /// if `is_after`, else all.
    pub(super) fn journal(&self, store: &Path, is_after: bool) -> Vec<PathBuf> {
        let first = self.manifest.recovery_journal_segment.first_sequence;
        let mut segments = files::files_with(&store.join("journal"), "jsonl");
        segments.retain(|path| !is_after || files::stem(path).parse().is_ok_and(|from: u64| from >= first));
        segments
    }

    /// Returns true if something was said.
    pub(super) fn has_entries(&self, store: &Path) -> bool {
        let is_filled = |path: PathBuf| path.metadata().is_ok_and(|metadata| metadata.len() > 0);
        !self.manifest.projection_state.chunks.is_empty()
            || self.journal(store, true).into_iter().any(is_filled)
    }

    /// Returns the files that a session is read from.
    pub(super) fn files(&self, store: &Path) -> Vec<PathBuf> {
        let own = ["manifest.json", "projection-state.json", "runtime-state.json"];
        let mut all = vec![store.join("CURRENT"), store.join("meta.json")];
        all.extend(own.iter().map(|name| self.folder.join(name)));
        all.extend(self.chunks(store));
        all.extend(self.journal(store, false));
        all
    }
}
