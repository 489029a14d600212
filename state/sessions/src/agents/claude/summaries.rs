//! Titles that versions before 2.1.332 write: into the file of the session that runs next, with the
//! id of the message up to which they sum up another one.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Deserialize;

use super::line::Head;
use crate::error::StoreError;
use crate::files;

/// First version that was seen without them.
const WITHOUT: [u32; 3] = [2, 1, 332];

/// Returns true if a version may write summaries.
pub(super) fn is_written_by(version: Option<&str>) -> bool {
    let numbers = version.unwrap_or_default().split('.').map(|number| number.parse().ok());
    numbers.collect::<Option<Vec<u32>>>().is_none_or(|numbers| numbers.as_slice() < WITHOUT.as_slice())
}

/// Title of a session.
#[derive(Debug, Clone)]
pub(super) struct Summary {
    pub(super) title: String,
    /// File where it stands, and its line there.
    pub(super) source: PathBuf,
    pub(super) line: String,
}

/// Titles, by the main files of the sessions.
#[derive(Debug, Default)]
pub(super) struct Summaries(HashMap<PathBuf, Summary>);

impl Summaries {
    /// Finds the titles in files of old versions. What cannot be read there is said elsewhere.
    pub(super) fn find(old: &[PathBuf]) -> Self {
        let mut by_message = HashMap::new();
        for path in old {
            _ = collect(path, &mut by_message);
        }
        if by_message.is_empty() {
            return Self::default();
        }
        let mut owners = HashMap::<String, Owner>::new();
        for path in old {
            _ = find_owned(path, &by_message, &mut owners);
        }
        // The last message of a session that was summed up has its title.
        let mut owned: Vec<_> = owners.into_iter().collect();
        owned.sort_by_key(|(_, owner)| owner.offset);
        let titles = owned.into_iter().filter_map(|(id, owner)| Some((owner.path, by_message.remove(&id)?)));
        Self(titles.collect())
    }

    /// Returns the title of the session with this main file.
    pub(super) fn of(&self, path: &Path) -> Option<&Summary> {
        self.0.get(path)
    }
}

/// Session to which a message belongs.
struct Owner {
    /// A fork of an old version copies messages with new times.
    at: Option<Timestamp>,
    path: PathBuf,
    offset: u64,
}

/// Collects the summaries of a file, by the message up to which they sum up.
fn collect(path: &Path, by_message: &mut HashMap<String, Summary>) -> Result<(), StoreError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Line {
        summary: String,
        leaf_uuid: String,
    }
    files::each_line(path, |_, json| {
        if json.starts_with("{\"type\":\"summary\"") {
            let Line { summary: title, leaf_uuid } = serde_json::from_str(json)?;
            let (source, line) = (path.to_owned(), json.to_owned());
            by_message.insert(leaf_uuid, Summary { title, source, line });
        }
        Ok(true)
    })?;
    Ok(())
}

/// Finds the messages of a file that were summed up. A copied one belongs to the session that has
/// it first.
fn find_owned(
    path: &Path,
    by_message: &HashMap<String, Summary>,
    owners: &mut HashMap<String, Owner>,
) -> Result<(), StoreError> {
    files::each_line(path, |offset, json| {
        let line: Head<'_> = serde_json::from_str(json)?;
        let is_own = line.is_message() && !line.is_sidechain && line.copied_from().is_none();
        let id = line.uuid.map(Cow::into_owned).filter(|id| is_own && by_message.contains_key(id));
        if let Some(id) = id {
            let owner = Owner { at: line.timestamp, path: path.to_owned(), offset };
            if owners.get(&id).is_none_or(|known| owner.at < known.at) {
                owners.insert(id, owner);
            }
        }
        Ok(true)
    })?;
    Ok(())
}
