//! State of a session: the transcript, the last turn, and the sum of tokens.

use std::collections::HashMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::entry::Entry;
use super::generation::Generation;
use super::journal;
use super::usage::Usage;
use crate::error::StoreError;
use crate::files;
use crate::tolerant::or_default;

/// Projection of a generation, with what the journal has after it.
#[derive(Debug, Default)]
pub(super) struct Projection {
    pub(super) version: u32,
    pub(super) entries: Vec<Entry>,
    pub(super) session: PublicSession,
    /// Turns whose end is known. Each state has only the last one.
    pub(super) turns: HashMap<String, Turn>,
    /// Number of parts that could not be read.
    pub(super) skipped: u64,
    places: HashMap<String, usize>,
}

#[derive(Debug, Deserialize)]
struct Document {
    #[serde(default, deserialize_with = "or_default")]
    projection_state_version: u32,
    snapshot: Snapshot,
}

/// State without the transcript, which stands in chunks.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Snapshot {
    session: Option<PublicSession>,
    #[serde(deserialize_with = "or_default")]
    latest_turn: Option<Turn>,
    #[serde(deserialize_with = "or_default")]
    history: History,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct History {
    entries: Vec<Entry>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct PublicSession {
    /// Milliseconds.
    #[serde(deserialize_with = "or_default")]
    pub(super) created_at: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    pub(super) parent_session_id: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) title: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) title_source: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) token_usage: Option<Usage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Turn {
    id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) status: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) completed_at: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    pub(super) error: Failure,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Failure {
    pub(super) message: Option<String>,
}

impl Projection {
    pub(super) fn read(generation: &Generation, store: &Path) -> Result<Self, StoreError> {
        let mut projection = Self::default();
        match files::document::<Document>(&generation.projection()) {
            Ok(Some(document)) => {
                projection.version = document.projection_state_version;
                projection.take(document.snapshot);
            }
            _ => projection.skipped += 1,
        }
        for chunk in generation.chunks(store) {
            match files::document::<Vec<Box<RawValue>>>(&chunk) {
                Ok(Some(entries)) => {
                    for entry in entries {
                        projection.entry(&entry);
                    }
                }
                _ => projection.skipped += 1,
            }
        }
        for segment in generation.journal(store, true) {
            let skipped = journal::deltas(&segment, |change| projection.change(change))?;
            projection.skipped += skipped;
        }
        Ok(projection)
    }

    fn take(&mut self, snapshot: Snapshot) {
        if let Some(session) = snapshot.session {
            self.session = session;
        }
        if let Some(turn) = snapshot.latest_turn {
            self.turns.insert(turn.id.clone(), turn);
        }
        for entry in snapshot.history.entries {
            self.put(entry);
        }
    }

    fn change(&mut self, change: &journal::Change<'_>) {
        match (&*change.op, change.entry, change.state) {
            ("append_entry" | "replace_entry", Some(entry), _) => self.entry(entry),
            ("set_envelope", _, Some(state)) => match serde_json::from_str(state.get()) {
                Ok(snapshot) => self.take(snapshot),
                Err(_) => self.skipped += 1,
            },
            _ => {}
        }
    }

    fn entry(&mut self, json: &RawValue) {
        match serde_json::from_str(json.get()) {
            Ok(entry) => self.put(entry),
            Err(_) => self.skipped += 1,
        }
    }

    /// Adds an entry, or replaces the one with its id.
    fn put(&mut self, entry: Entry) {
        if let Some(&place) = self.places.get(&entry.id) {
            self.entries[place] = entry;
        } else {
            self.places.insert(entry.id.clone(), self.entries.len());
            self.entries.push(entry);
        }
    }
}
