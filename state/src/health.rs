//! Looking after every database of a SQLite home alike: status, integrity, snapshots, and setting aside what is damaged.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use threadkeep_sqlite::{DbError, DbPaths, DbState, DbStatus, Depth, OpenError, inspect};

use crate::database::DATABASES;
use crate::runtime::StateRuntime;

/// Why one database could not be looked after.
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
    #[error("there is no database `{label}`; there are: {}", known())]
    Unknown {
        /// What was given.
        label: String,
    },
    /// It is not damaged, so it is left where it is.
    #[error("{} is {state}, not damaged: it stays where it is", path.display())]
    NotDamaged {
        /// The database.
        path: PathBuf,
        /// What it is: see [`DbState::as_str`].
        state: &'static str,
    },
    /// A file could not be moved.
    #[error("{} cannot be moved aside: check who may write to its folder", path.display())]
    Move {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// The labels of all databases.
fn known() -> String {
    DATABASES.iter().map(|database| database.spec.label).collect::<Vec<_>>().join(", ")
}

/// Looks at every database of a SQLite home without changing a byte, whatever state it is in.
pub async fn status(sqlite_home: &Path) -> Vec<DbStatus> {
    let mut all = Vec::with_capacity(DATABASES.len());
    for database in DATABASES {
        all.push(inspect(database.spec, sqlite_home).await);
    }
    all
}

/// Moves a damaged database, with its log, to `<name>.damaged-<ms>` beside it, so that the next start makes a new one; returns
/// where it is now. Nothing is deleted: what only this file holds can still be taken out of it.
///
/// Nobody may have it open. The index is made again from the rollouts; goals and logs are not, and have a snapshot from before
/// their last upgrade, if there was one.
///
/// # Errors
///
/// [`HealthError::Unknown`] for a label that is not in [`DATABASES`], [`HealthError::NotDamaged`] for anything but a file of
/// ours that is damaged, [`HealthError::Move`].
pub async fn set_aside(sqlite_home: &Path, label: &str, now: Timestamp) -> Result<Vec<PathBuf>, HealthError> {
    let database = DATABASES.iter().find(|database| database.spec.label == label);
    let database = database.ok_or_else(|| HealthError::Unknown { label: label.to_owned() })?;
    let DbStatus { state, paths, .. } = inspect(database.spec, sqlite_home).await;
    if !matches!(state, DbState::Corrupt(_)) {
        return Err(HealthError::NotDamaged { path: paths.database, state: state.as_str() });
    }
    move_away(&paths, now)
}

fn move_away(paths: &DbPaths, now: Timestamp) -> Result<Vec<PathBuf>, HealthError> {
    let mut moved = Vec::new();
    // The database first: a log alone is refused, and a database without its log would be taken for whole.
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

/// What a check of one database found.
#[derive(Debug)]
#[non_exhaustive]
pub struct Integrity {
    /// The database's short name.
    pub label: &'static str,
    /// The problems, none of which is good; `Err` when it could not be checked.
    pub found: Result<Vec<String>, HealthError>,
}

impl StateRuntime {
    /// Checks every database that is there: structure and foreign keys, and with [`Depth::Full`] the indexes.
    ///
    /// Reads the files whole. One that is not there has nothing that could be wrong.
    pub async fn integrity(&self, depth: Depth) -> Vec<Integrity> {
        let mut all = Vec::with_capacity(DATABASES.len());
        for database in DATABASES {
            let found = match (database.of)(self).existing().await {
                Ok(Some(open)) => open.check(depth).await.map_err(HealthError::from),
                Ok(None) => Ok(Vec::new()),
                Err(error) => Err(error.into()),
            };
            all.push(Integrity { label: database.spec.label, found });
        }
        all
    }

    /// Copies every database that is there into a folder, each whole and under its own name, while others use them.
    ///
    /// Each copy is one moment of its database; two copies are two moments.
    ///
    /// # Errors
    ///
    /// The first [`HealthError`]; the copies made before it stay.
    pub async fn snapshot(&self, into: &Path) -> Result<Vec<PathBuf>, HealthError> {
        let mut copies = Vec::new();
        for database in DATABASES {
            let Some(open) = (database.of)(self).existing().await? else { continue };
            let copy = into.join(database.spec.file_name);
            open.snapshot(&copy).await?;
            copies.push(copy);
        }
        Ok(copies)
    }
}
