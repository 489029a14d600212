//! Working directories of Gemini CLI's projects. A session has only the hash of its directory; the
//! paths are in two maps of the agent's.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use crate::error::StoreError;
use crate::files;
use crate::found::{FoundSession, Listing};
use crate::piece::Piece;

/// Map of all projects: path and name.
const PROJECTS: &str = "projects.json";
/// Path of one project.
const ROOT: &str = ".project_root";

#[derive(Default, Deserialize)]
struct Projects {
    projects: BTreeMap<String, String>,
}

/// Paths that the agent has written, and the files that they are in.
#[derive(Debug)]
pub(super) struct Folders {
    /// Map of all projects.
    projects: PathBuf,
    /// Path and its file, by the hash of the path.
    by_hash: HashMap<String, (String, PathBuf)>,
    /// Path by the name of the project's folder in `tmp`.
    by_name: HashMap<String, String>,
}

impl Folders {
    /// Reads the maps of a place with these folders in `tmp`.
    pub(super) fn read(place: &Path, folders: &[PathBuf], listing: &mut Listing) -> Self {
        let projects = place.join(PROJECTS);
        let mut found = Self { projects: projects.clone(), by_hash: HashMap::new(), by_name: HashMap::new() };
        for (path, name) in listing.shared::<Projects>(&projects).projects {
            found.by_hash.insert(hash(&path), (path.clone(), projects.clone()));
            found.by_name.insert(name, path);
        }
        for folder in folders {
            if let Some(path) = root(folder) {
                found.by_hash.insert(hash(&path), (path, root_file(folder)));
            }
        }
        found
    }

    /// Returns the working directory of a session in a folder of `tmp`, and the map that
    /// names it, or could name it later.
    pub(super) fn of(&self, folder: &Path, hash: Option<&str>) -> (Option<String>, PathBuf) {
        if let Some((path, file)) = hash.and_then(|hash| self.by_hash.get(hash)) {
            return (Some(path.clone()), file.clone());
        }
        if let Some(path) = root(folder) {
            return (Some(path), root_file(folder));
        }
        (self.by_name.get(files::name(folder)).cloned(), self.projects.clone())
    }
}

fn root_file(folder: &Path) -> PathBuf {
    folder.join(ROOT)
}

fn root(folder: &Path) -> Option<String> {
    let bytes = files::contents(&root_file(folder)).ok().flatten()?;
    let path = String::from_utf8(bytes).ok()?;
    let path = path.trim_end_matches(['\r', '\n']);
    (!path.is_empty()).then(|| path.to_owned())
}

fn hash(path: &str) -> String {
    Sha256::digest(path.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the maps of working directories, as far as they concern a session.
pub(super) fn pieces(found: &FoundSession) -> Result<Vec<Piece>, StoreError> {
    let mut pieces = Vec::new();
    for map in found.files.iter().filter(|path| path.is_file()) {
        if map.ends_with(ROOT) {
            pieces.push(Piece::shared(map));
        } else if map.ends_with(PROJECTS) {
            let folders: Vec<_> =
                found.files.iter().flat_map(|path| path.ancestors().map(files::name)).collect();
            let map_of = files::document::<Projects>(map).ok().flatten().unwrap_or_default();
            let concerns =
                |path: &str, name: &str| folders.contains(&name) || folders.contains(&hash(path).as_str());
            let projects = map_of.projects.into_iter().filter(|(path, name)| concerns(path, name));
            let part = json!({ "projects": projects.collect::<BTreeMap<_, _>>() });
            pieces.push(Piece::shared_part(map, part.to_string().into_bytes()));
        }
    }
    Ok(pieces)
}
