//! Opening the stores: as well as possible, and never worse than that without a note.

use std::io::{self, ErrorKind};
use std::path::Path;

use tempfile::TempDir;
use threadkeep_sqlite::{ErrorClass, LazyDatabase, OpenError, OpenOptions};
use threadkeep_state::{STATE_DB, StateError, StateOptions, StateRuntime};
use threadkeep_state_goals::GoalStore;
use threadkeep_state_logs::LogStore;

use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::messages;
use crate::observer::Observer;
use crate::telemetry;

/// An open index, with the stores next to it.
#[derive(Debug)]
pub struct Index {
    /// The stores.
    pub state: StateRuntime,
    /// Permitted use.
    pub access: Access,
    /// Removed with the index.
    _temporary: Option<TempDir>,
}

/// Permitted use of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading and writing.
    Write,
    /// Reading it as it is, because of this.
    ReadOnly(String),
    /// Anything, for this run alone: its place cannot be written.
    Temporary,
}

impl Index {
    /// Opens the index for writing, and creates it if there is none.
    ///
    /// # Errors
    ///
    /// Fails if the SQLite home cannot be created, and as [`StateRuntime::open`].
    pub async fn for_writing(dirs: &Dirs) -> Result<Index, Fault> {
        need_sqlite_home(dirs)?;
        let state = StateRuntime::open(&StateOptions::new(&dirs.sqlite_home)).await?;
        Ok(Index { state, access: Access::Write, _temporary: None })
    }

    /// Opens the index for a list. Where it cannot be written, it is read as it is; where there is none, one is created
    /// for this run, with a note.
    ///
    /// # Errors
    ///
    /// Fails as [`StateRuntime::open`], other than for a place that cannot be written.
    pub async fn for_reading(dirs: &Dirs, observer: &dyn Observer) -> Result<Index, Fault> {
        let refusal = match dirs.create_sqlite_home() {
            Err(error) if is_refusal(&error) => {
                let (place, why) = (dirs.sqlite_home.display(), messages::of_io(&error));
                let refusal = format!("cannot create {place} ({why})");
                return Index::temporary(observer, ErrorClass::of_io(&error), &refusal).await;
            }
            Err(error) => return Err(messages::no_sqlite_home(&dirs.sqlite_home, &error)),
            Ok(()) => match StateRuntime::open(&StateOptions::new(&dirs.sqlite_home)).await {
                Ok(state) => return Ok(Index { state, access: Access::Write, _temporary: None }),
                Err(StateError::Open(error)) if error.is_unwritable() => error,
                Err(error) => return Err(error.into()),
            },
        };
        let class = refusal.class();
        let refusal = messages::of_refusal(&refusal);
        match read_only(dirs).await {
            Ok(state) => {
                telemetry::fell_back(class);
                Ok(Index { state, access: Access::ReadOnly(refusal), _temporary: None })
            }
            Err(StateError::Open(
                OpenError::Missing { .. } | OpenError::Outdated { .. } | OpenError::NeedsRecovery { .. },
            )) => Index::temporary(observer, class, &refusal).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Opens an index that exists, for reading.
    ///
    /// # Errors
    ///
    /// Fails if there is none, and as [`for_reading`](Index::for_reading).
    pub async fn existing(dirs: &Dirs, observer: &dyn Observer) -> Result<Index, Fault> {
        if !dirs.sqlite_home.join(STATE_DB.file_name).exists() {
            return Err(messages::no_index(&dirs.sqlite_home));
        }
        Index::for_reading(dirs, observer).await
    }

    async fn temporary(observer: &dyn Observer, class: ErrorClass, refusal: &str) -> Result<Index, Fault> {
        telemetry::fell_back(class);
        let folder = tempfile::Builder::new().prefix("threadkeep-").tempdir().map_err(|error| {
            let why = messages::of_io(&error);
            Fault::without_hint(format!("cannot create a temporary folder for the index: {why}"))
                .because(&error)
        })?;
        let state = StateRuntime::open(&StateOptions::new(folder.path())).await?;
        observer.note(
            &format!(
                "{refusal}: indexing into a temporary folder, for this run alone; \
                 --sqlite-home DIR chooses a place where the index can stay"
            )
            .into(),
        );
        Ok(Index { state, access: Access::Temporary, _temporary: Some(folder) })
    }

    /// Closes the databases, so that their logs are written back.
    ///
    /// # Errors
    ///
    /// Fails if something that was waiting could not be written.
    pub async fn close(self) -> Result<(), Fault> {
        Ok(self.state.close().await?)
    }
}

/// Creates the SQLite home if it does not exist.
///
/// # Errors
///
/// Fails with a message that names the option for another folder.
pub fn need_sqlite_home(dirs: &Dirs) -> Result<(), Fault> {
    dirs.create_sqlite_home().map_err(|error| messages::no_sqlite_home(&dirs.sqlite_home, &error))
}

/// Opens the index without changing a byte.
///
/// # Errors
///
/// As [`StateRuntime::open`] with read-only options.
pub async fn read_only(dirs: &Dirs) -> Result<StateRuntime, StateError> {
    let options = StateOptions::new(&dirs.sqlite_home).open_options(as_it_is());
    StateRuntime::open(&options).await
}

/// Returns the goals of a SQLite home without opening its index: read-only where they cannot be written.
///
/// # Errors
///
/// Fails if the database exists and cannot be opened in either way.
pub async fn goals(dirs: &Dirs) -> Result<GoalStore, OpenError> {
    readable(dirs, GoalStore::new, GoalStore::database).await
}

/// Returns the logs of a SQLite home without opening its index: read-only where they cannot be written.
///
/// # Errors
///
/// Fails if the database exists and cannot be opened in either way.
pub async fn logs(dirs: &Dirs) -> Result<LogStore, OpenError> {
    readable(dirs, LogStore::new, LogStore::database).await
}

async fn readable<S>(
    dirs: &Dirs,
    new: fn(&Path, &OpenOptions) -> S,
    database: fn(&S) -> &LazyDatabase,
) -> Result<S, OpenError> {
    let store = new(&dirs.sqlite_home, &OpenOptions::new());
    match database(&store).existing().await {
        Err(error) if error.is_unwritable() => Ok(new(&dirs.sqlite_home, &as_it_is())),
        existing => existing.map(|_| store),
    }
}

/// Returns the goals of a SQLite home for writing, without opening its index. Creates the SQLite home.
///
/// # Errors
///
/// Fails if the SQLite home cannot be created.
pub fn goals_for_writing(dirs: &Dirs) -> Result<GoalStore, Fault> {
    need_sqlite_home(dirs)?;
    Ok(GoalStore::new(&dirs.sqlite_home, &OpenOptions::new()))
}

/// Returns the goals of a SQLite home read-only, so that not one byte changes.
pub fn goals_as_they_are(dirs: &Dirs) -> GoalStore {
    GoalStore::new(&dirs.sqlite_home, &as_it_is())
}

/// Returns the logs of a SQLite home read-only, so that not one byte changes.
pub fn logs_as_they_are(dirs: &Dirs) -> LogStore {
    LogStore::new(&dirs.sqlite_home, &as_it_is())
}

fn as_it_is() -> OpenOptions {
    OpenOptions::new().read_only(true)
}

fn is_refusal(error: &io::Error) -> bool {
    ErrorClass::of_io(error) == ErrorClass::Full
        || matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}
