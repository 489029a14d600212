//! Status, integrity checks and snapshots of every database of a SQLite home, and setting a damaged
//! one aside.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use threadkeep_sqlite::{DbError, DbState, DbStatus, Depth, OpenError, inspect};

use crate::runtime::StateRuntime;
use crate::stores::DATABASES;

/// Error of a check, a copy or a move of one database.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HealthError {
    /// It could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It could not be read or copied.
    #[error(transparent)]
    Database(#[from] DbError),
    /// There is no such database.
    #[error("no database is called `{0}`; the databases are {list}", list = known())]
    Unknown(String),
    /// It is not damaged, so it is left where it is.
    #[error("{} is not damaged but {state}; it was not moved", path.display())]
    NotDamaged {
        /// The database.
        path: PathBuf,
        /// Its state: see [`DbState::as_str`].
        state: &'static str,
    },
    /// A file could not be moved.
    #[error("cannot move {} aside: {source}", path.display())]
    Move {
        /// The file.
        path: PathBuf,
        /// Error of the system.
        source: std::io::Error,
    },
}

/// Returns the labels of all databases.
fn known() -> String {
    DATABASES.iter().map(|spec| spec.label).collect::<Vec<_>>().join(", ")
}

/// Inspects every database of a SQLite home without changing a byte, in whatever state it is.
pub async fn status(sqlite_home: &Path) -> Vec<DbStatus> {
    let mut all = Vec::with_capacity(DATABASES.len());
    for spec in DATABASES {
        all.push(inspect(spec, sqlite_home).await);
    }
    all
}

/// Moves a damaged database and its log to `<name>.damaged-<ms>` in the same folder, and returns
/// the new paths. The next start creates a new database. Nothing is deleted.
///
/// No process may have the database open. The index can be rebuilt from the rollouts. Goals and
/// logs cannot; they have a snapshot from before their last upgrade, if there was one.
///
/// # Errors
///
/// [`HealthError::Unknown`] for a label that is not in [`DATABASES`], [`HealthError::NotDamaged`]
/// for anything but a file of ours that is damaged, [`HealthError::Move`].
pub async fn set_aside(sqlite_home: &Path, label: &str, now: Timestamp) -> Result<Vec<PathBuf>, HealthError> {
    let spec = DATABASES.iter().find(|spec| spec.label == label);
    let spec = spec.ok_or_else(|| HealthError::Unknown(label.to_owned()))?;
    let DbStatus { state, paths, .. } = inspect(spec, sqlite_home).await;
    if !matches!(state, DbState::Corrupt(_)) {
        return Err(HealthError::NotDamaged { path: paths.database, state: state.as_str() });
    }
    let mut moved = Vec::new();
    // The database first: a log alone is refused, and a database without its log would be taken for
    // whole.
    for path in [&paths.database, &paths.wal, &paths.journal, &paths.shm] {
        if path.symlink_metadata().is_err() {
            continue;
        }
        let mut to = path.clone().into_os_string();
        to.push(format!(".damaged-{}", now.as_millisecond()));
        let to = PathBuf::from(to);
        fs::rename(path, &to).map_err(|source| HealthError::Move { path: path.clone(), source })?;
        moved.push(to);
    }
    Ok(moved)
}

/// Result of checking one database.
#[derive(Debug)]
#[non_exhaustive]
pub struct Integrity {
    /// The database's short name.
    pub label: &'static str,
    /// Problems of the database; none is good. `Err` if it could not be checked.
    pub found: Result<Vec<String>, HealthError>,
}

impl StateRuntime {
    /// Checks every database that is there: structure and foreign keys, and with [`Depth::Full`]
    /// the indexes.
    ///
    /// Reads the files whole. A database that does not exist has no problems.
    pub async fn integrity(&self, depth: Depth) -> Vec<Integrity> {
        let mut all = Vec::with_capacity(DATABASES.len());
        for database in self.stores().databases() {
            let found = match database.existing().await {
                Ok(Some(open)) => open.check(depth).await.map_err(HealthError::from),
                Ok(None) => Ok(Vec::new()),
                Err(error) => Err(error.into()),
            };
            all.push(Integrity { label: database.spec().label, found });
        }
        all
    }

    /// Copies every database that is there into a folder, each whole and under its own name, while
    /// others use them.
    ///
    /// Each copy is one moment of its database; two copies are two moments.
    ///
    /// # Errors
    ///
    /// The first [`HealthError`]; the copies made before it stay.
    pub async fn snapshot(&self, into: &Path) -> Result<Vec<PathBuf>, HealthError> {
        let mut copies = Vec::new();
        for database in self.stores().databases() {
            let Some(open) = database.existing().await? else { continue };
            let copy = into.join(database.spec().file_name);
            open.snapshot(&copy).await?;
            copies.push(copy);
        }
        Ok(copies)
    }
}
