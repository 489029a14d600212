//! Opening the stores: as well as possible, and never worse than that without a note.

use std::io::{self, ErrorKind};

use tempfile::TempDir;
use threadkeep_sqlite::{DbError, ErrorClass, OpenError, OpenOptions};
use threadkeep_state::{STATE_DB, StateError, StateOptions, StateRuntime, Stores};
use threadkeep_state_goals::GoalStore;
use threadkeep_state_logs::LogStore;

use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::message::{Message, command};
use crate::messages;
use crate::observer::Observer;
use crate::recovered;
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
        let state = stores(dirs).open_index().await?;
        dirs.claim();
        Ok(Index { state, access: Access::Write, _temporary: None })
    }

    /// Opens the index for a list. Where it cannot be written, it is read as it is; where there is
    /// none, or it is damaged and cannot be made again, one is created for this run, with a note.
    ///
    /// # Errors
    ///
    /// Fails as [`StateRuntime::open`], other than for a place that cannot be written.
    pub async fn for_reading(dirs: &Dirs, observer: &dyn Observer) -> Result<Index, Fault> {
        Index::readable(dirs, observer, true).await
    }

    /// Opens the index for a list; `has_substitute` if an index that was made for this run can take
    /// the place of a damaged one.
    async fn readable(dirs: &Dirs, observer: &dyn Observer, has_substitute: bool) -> Result<Index, Fault> {
        dirs.check()?;
        match dirs.create_sqlite_home() {
            Err(error) if is_refusal(&error) => {
                let (place, why) = (dirs.sqlite_home.display(), messages::of_io(&error));
                let refusal = format!("cannot create {place} ({why})");
                return Index::temporary(observer, ErrorClass::of_io(&error), &refusal).await;
            }
            Err(error) => return Err(messages::no_sqlite_home(&dirs.sqlite_home, &error)),
            Ok(()) => {}
        }
        let (refusal, opened) = readable(dirs, Stores::open_index).await;
        let Some(refusal) = refusal else {
            let state = match opened {
                // It could not be made again: the place is not writable, or a process uses it.
                Err(StateError::Open(OpenError::Database(error @ DbError::Corrupt(..))))
                    if has_substitute =>
                {
                    return Index::temporary(observer, ErrorClass::Corrupt, &error.to_string()).await;
                }
                opened => opened?,
            };
            dirs.claim();
            return Ok(Index { state, access: Access::Write, _temporary: None });
        };
        let class = refusal.class();
        let refusal = messages::of_refusal(&refusal);
        match opened {
            Ok(state) => {
                telemetry::fell_back(class);
                Ok(Index { state, access: Access::ReadOnly(refusal), _temporary: None })
            }
            Err(StateError::Open(
                OpenError::Missing { .. } | OpenError::Outdated { .. } | OpenError::NeedsRecovery { .. },
            )) => Index::temporary(observer, class, &refusal).await,
            Err(StateError::Open(OpenError::Database(error @ DbError::Corrupt(..)))) if has_substitute => {
                Index::temporary(observer, ErrorClass::Corrupt, &error.to_string()).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Opens an index that exists, for reading. A damaged one has no substitute: it knows what no
    /// rollout does.
    ///
    /// # Errors
    ///
    /// Fails if there is none, or if it is damaged and cannot be made again, and as
    /// [`for_reading`](Index::for_reading).
    pub async fn existing(dirs: &Dirs, observer: &dyn Observer) -> Result<Index, Fault> {
        if !dirs.sqlite_home.join(STATE_DB.file_name).exists() {
            return Err(messages::no_index(&dirs.sqlite_home));
        }
        Index::readable(dirs, observer, false).await
    }

    async fn temporary(observer: &dyn Observer, class: ErrorClass, refusal: &str) -> Result<Index, Fault> {
        telemetry::fell_back(class);
        let folder = tempfile::Builder::new().prefix("threadkeep-").tempdir().map_err(|error| {
            let why = messages::of_io(&error);
            Fault::without_hint(format!("cannot create a temporary folder for the index: {why}"))
                .because(&error)
        })?;
        let state = StateRuntime::open(&StateOptions::new(folder.path())).await?;
        let note = format!("{refusal}: indexing into a temporary folder, for this run alone; ");
        let note: Message = if class == ErrorClass::Corrupt {
            (note, command("repair"), " makes it again once it can be written").into()
        } else {
            (note, "--sqlite-home DIR chooses a place where the index can stay").into()
        };
        observer.note(&note);
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
/// As [`Dirs::check`], and with a message that names the option for another folder.
pub fn need_sqlite_home(dirs: &Dirs) -> Result<(), Fault> {
    dirs.check()?;
    dirs.create_sqlite_home().map_err(|error| messages::no_sqlite_home(&dirs.sqlite_home, &error))
}

/// Returns the stores of a SQLite home, for reading and writing. Opens nothing.
pub fn stores(dirs: &Dirs) -> Stores {
    let recovering = OpenOptions::new().recover(recovered::remember);
    Stores::new(&StateOptions::new(&dirs.sqlite_home).open_options(recovering))
}

/// Makes those databases again in which SQLite has met damage. Returns true if there was one.
pub async fn recover(dirs: &Dirs) -> bool {
    stores(dirs).recover().await
}

/// Returns the stores of a SQLite home read-only, so that not one byte changes. Opens nothing.
pub fn stores_as_they_are(dirs: &Dirs) -> Stores {
    let read_only = OpenOptions::new().read_only(true);
    Stores::new(&StateOptions::new(&dirs.sqlite_home).open_options(read_only))
}

/// Opens something of a SQLite home: read-only where it cannot be written. Then also returns the
/// error that kept it from being opened for writing.
async fn readable<T>(
    dirs: &Dirs,
    open: impl AsyncFn(Stores) -> Result<T, StateError>,
) -> (Option<OpenError>, Result<T, StateError>) {
    match open(stores(dirs)).await {
        Err(StateError::Open(refusal)) if refusal.is_unwritable() => {
            (Some(refusal), open(stores_as_they_are(dirs)).await)
        }
        opened => (None, opened),
    }
}

/// Returns the goals of a SQLite home without opening its index: read-only where they cannot be
/// written.
///
/// # Errors
///
/// [`StateError::Open`] if the database exists and cannot be opened in either way.
pub async fn goals(dirs: &Dirs) -> Result<GoalStore, StateError> {
    let open = async |stores: Stores| {
        let goals = stores.thread_goals();
        goals.database().existing().await?;
        Ok(goals.clone())
    };
    readable(dirs, open).await.1
}

/// Returns the logs of a SQLite home without opening its index: read-only where they cannot be
/// written.
///
/// # Errors
///
/// [`StateError::Open`] if the database exists and cannot be opened in either way.
pub async fn logs(dirs: &Dirs) -> Result<LogStore, StateError> {
    let open = async |stores: Stores| {
        let logs = stores.logs();
        logs.database().existing().await?;
        Ok(logs.clone())
    };
    readable(dirs, open).await.1
}

fn is_refusal(error: &io::Error) -> bool {
    ErrorClass::of_io(error) == ErrorClass::Full
        || matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}
