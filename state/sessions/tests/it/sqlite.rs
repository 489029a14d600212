//! Databases of the examples that a test may change.

use std::fs;
use std::path::{Path, PathBuf};

use threadkeep_sessions::{Environment, SessionStore, StoreError};

use crate::facts::Result;

/// A home folder with a copy of an example's database.
pub(crate) struct Home {
    folder: tempfile::TempDir,
    database: PathBuf,
}

impl Home {
    /// Copies a database of the examples, with its log, to a path in a new home folder.
    pub(crate) fn copy(example: &str, path: &str) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/agents").join(example);
        let database = folder.path().join(path);
        fs::create_dir_all(database.parent().ok_or("a folder")?)?;
        for end in ["", "-wal"] {
            fs::copy(format!("{}{end}", from.display()), format!("{}{end}", database.display()))?;
        }
        Ok(Self { folder, database })
    }

    /// Returns the path of the database.
    pub(crate) fn database(&self) -> &Path {
        &self.database
    }

    /// Returns the agent's place in this home.
    pub(crate) fn place(&self, store: &dyn SessionStore) -> Result<PathBuf> {
        Ok(store.places(&Environment::new(self.folder.path())).remove(0))
    }
}

/// Cuts the log, and then the database, at many places. The place never fails, and no request
/// counts twice.
pub(crate) fn cuts(store: &dyn SessionStore, home: &Home) -> Result {
    let place = home.place(store)?;
    for end in ["-wal", ""] {
        let path = PathBuf::from(format!("{}{end}", home.database().display()));
        let whole = fs::read(&path)?;
        for part in 0..24 {
            // Not only between pages.
            let length = whole.len() * part / 24 + part % 3;
            fs::write(&path, whole.get(..length).unwrap_or(&whole))?;
            let open = store.open(&place)?;
            for found in open.sessions() {
                let session = match open.read(found) {
                    Ok(session) => session,
                    Err(StoreError::Malformed { .. }) => continue,
                    Err(error) => return Err(error.into()),
                };
                let mut ids: Vec<_> = session.requests.iter().map(|request| &request.id).collect();
                let count = ids.len();
                ids.sort();
                ids.dedup();
                assert_eq!(ids.len(), count, "a request counts twice");
            }
        }
        fs::write(&path, whole)?;
    }
    Ok(())
}
