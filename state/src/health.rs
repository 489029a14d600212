//! Status, integrity checks and snapshots of every database of a SQLite home.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use threadkeep_sqlite::{
    Database, DbError, DbStatus, Decisions, Depth, Durability, OpenError, Recovery, inspect,
};

use crate::runtime::StateRuntime;
use crate::stores::{DATABASES, STATE_DB, Stores};

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
}

/// Inspects every database of a SQLite home without changing a byte, in whatever state it is.
pub async fn status(sqlite_home: &Path) -> Vec<DbStatus> {
    let mut all = Vec::with_capacity(DATABASES.len());
    for spec in DATABASES {
        all.push(inspect(spec, sqlite_home).await);
    }
    all
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

/// Result of repairing one database.
#[derive(Debug)]
pub enum Repaired {
    /// There is none, and nothing says that there was one.
    Missing,
    /// It is whole.
    Sound,
    /// It is whole but for its search index, which was made again.
    SearchMade,
    /// It is whole, and decisions that differed from their file are now as in the file.
    InLine,
    /// It was lost or damaged, and has been made again.
    MadeAgain(Recovery),
}

impl Stores {
    /// Returns the labels of all databases.
    pub fn labels(&self) -> impl Iterator<Item = &'static str> {
        DATABASES.iter().map(|spec| spec.label)
    }

    /// Opens every database that is there and closes it again, which clears up what an interrupted
    /// program left. A database that cannot be opened stays as it is.
    pub async fn clear_up(&self) {
        for database in self.databases() {
            if database.existing().await.is_ok() {
                // What cannot be written back stays in the log.
                let _ = database.close().await;
            }
        }
    }

    /// Makes those databases again in which SQLite has met damage. Returns true if there was one.
    /// No other process may have it open.
    pub async fn recover(&self) -> bool {
        let mut recovered = false;
        for database in self.databases() {
            // What cannot be made again stays as it is.
            recovered |= database.recover().await.unwrap_or(false);
            let _ = database.close().await;
        }
        recovered
    }

    /// Checks a database whole, indexes included, and makes it again if it is damaged. The stores
    /// must have been made with [`OpenOptions::recover`](threadkeep_sqlite::OpenOptions::recover).
    ///
    /// A new index has no thread but those with decisions; an index run reads the rest.
    ///
    /// # Errors
    ///
    /// [`HealthError::Open`], [`HealthError::Database`]: it could not be checked, or another
    /// process is using it.
    pub async fn repair(&self, label: &str) -> Result<Repaired, HealthError> {
        let databases = self.databases();
        let Some(database) = databases.iter().find(|database| database.spec().label == label) else {
            return Ok(Repaired::Missing);
        };
        let open = loop {
            let Some(open) = database.existing().await? else { return Ok(Repaired::Missing) };
            if let Some(recovery) = open.recovery() {
                return Ok(Repaired::MadeAgain(recovery.clone()));
            }
            let problems = open.check(Depth::Full).await?;
            let Some(problem) = problems.first() else { break open };
            drop(open);
            if let Some(recovery) = database.make_again(problem).await? {
                return Ok(Repaired::MadeAgain(recovery));
            }
            // Another process has just made it again.
        };
        if open.reconcile_decisions().await? > 0 {
            return Ok(Repaired::InLine);
        }
        if label == STATE_DB.label && !has_sound_search(&open).await? {
            return Ok(Repaired::SearchMade);
        }
        Ok(Repaired::Sound)
    }
}

/// Compares the search index with the threads, which no check of SQLite does. Makes it again if it
/// differs, and returns false.
async fn has_sound_search(db: &Database) -> Result<bool, DbError> {
    const CHECK: &str = "INSERT INTO thread_trigrams (thread_trigrams, rank) VALUES ('integrity-check', 1)";
    const MAKE: &str = "INSERT INTO thread_trigrams (thread_trigrams) VALUES ('rebuild')";
    let run = async |sql: &'static str| {
        let run =
            async |conn: &mut sqlx::SqliteConnection| Ok(sqlx::query(sql).execute(conn).await.map(drop)?);
        db.write::<(), DbError>(Durability::Durable, run).await
    };
    match run(CHECK).await {
        Err(DbError::Corrupt(..)) => run(MAKE).await.map(|()| false),
        checked => checked.map(|()| true),
    }
}

/// Decisions of one database, in it and in its file.
#[derive(Debug)]
#[non_exhaustive]
pub struct DecisionsOf {
    /// The database's short name.
    pub label: &'static str,
    /// Their numbers. `Err` if the database could not be read.
    pub found: Result<Decisions, HealthError>,
}

impl Stores {
    /// Compares the user's decisions in every database that is there with those in its file.
    pub async fn decisions(&self) -> Vec<DecisionsOf> {
        let mut all = Vec::new();
        for database in self.databases() {
            if database.spec().decisions.is_empty() {
                continue;
            }
            let found = match database.existing().await {
                Ok(Some(open)) => open.decisions().await.map_err(HealthError::from),
                Ok(None) => continue,
                Err(error) => Err(error.into()),
            };
            all.push(DecisionsOf { label: database.spec().label, found });
        }
        all
    }
}

/// Snapshot of one database.
#[derive(Debug)]
#[non_exhaustive]
pub struct SnapshotOf {
    /// The database's short name.
    pub label: &'static str,
    /// Its path. `Err` if it could not be taken.
    pub path: Result<PathBuf, HealthError>,
}

impl Stores {
    /// Takes a snapshot of every database that is there, and keeps the newest `keep` of each.
    pub async fn keep_snapshots(&self, now: Timestamp, keep: usize) -> Vec<SnapshotOf> {
        let mut all = Vec::new();
        for database in self.databases() {
            let path = match database.existing().await {
                Ok(Some(open)) => open.keep_snapshot(now, keep).await.map_err(HealthError::from),
                Ok(None) => continue,
                Err(error) => Err(error.into()),
            };
            all.push(SnapshotOf { label: database.spec().label, path });
        }
        all
    }

    /// Takes a snapshot of the databases that hold what the user decided, if their last one is a
    /// day old. A database without any decision has none, and so have logs: they are made to be
    /// forgotten.
    pub async fn keep_daily_snapshots(&self, now: Timestamp, keep: usize) -> Vec<SnapshotOf> {
        let day = SignedDuration::from_hours(24);
        let mut all = Vec::new();
        for database in self.databases() {
            if database.spec().decisions.is_empty() {
                continue;
            }
            let path = match database.existing().await {
                Ok(Some(open)) => match open.has_decisions().await {
                    Ok(true) => open.keep_snapshot_every(day, now, keep).await.map_err(HealthError::from),
                    // All of it can be made again.
                    none => none.map(|_| None).map_err(HealthError::from),
                },
                Ok(None) => Ok(None),
                Err(error) => Err(error.into()),
            };
            if let Some(path) = path.transpose() {
                all.push(SnapshotOf { label: database.spec().label, path });
            }
        }
        all
    }
}

impl Stores {
    /// Checks every database that is there: structure and foreign keys, and with [`Depth::Full`]
    /// the indexes.
    ///
    /// Reads the files whole. A database that does not exist has no problems.
    pub async fn integrity(&self, depth: Depth) -> Vec<Integrity> {
        let mut all = Vec::with_capacity(DATABASES.len());
        for database in self.databases() {
            let found = match database.existing().await {
                Ok(Some(open)) => open.check(depth).await.map_err(HealthError::from),
                Ok(None) => Ok(Vec::new()),
                Err(error) => Err(error.into()),
            };
            all.push(Integrity { label: database.spec().label, found });
        }
        all
    }
}

impl StateRuntime {
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
