//! Opening the index: as well as it can be, and never worse than that without a word.

use std::io::{self, ErrorKind};

use anyhow::Context as _;
use tempfile::TempDir;
use threadkeep_sqlite::{ErrorClass, OpenError, OpenOptions};
use threadkeep_state::{STATE_DB, StateError, StateOptions, StateRuntime};

use crate::exit::{fault, plain};
use crate::homes::Homes;
use crate::output::Screen;
use crate::telemetry;

/// An open index.
pub(crate) struct Index {
    pub(crate) state: StateRuntime,
    pub(crate) access: Access,
    /// Removed with the index.
    _temporary: Option<TempDir>,
}

/// What can be done with an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everything.
    Write,
    /// It is read as it is, because of this.
    ReadOnly(String),
    /// It is made for this run, because its place cannot be written to.
    Temporary,
}

impl Index {
    /// Opens the index for writing, making it if there is none.
    pub(crate) async fn for_writing(homes: &Homes) -> anyhow::Result<Index> {
        need_sqlite_home(homes)?;
        let state = StateRuntime::open(&StateOptions::new(&homes.sqlite_home)).await?;
        Ok(Index { state, access: Access::Write, _temporary: None })
    }

    /// Opens the index for a list: where it cannot be written, it is read as it is; where there is none, one is made for
    /// this run, which is said.
    pub(crate) async fn for_reading(homes: &Homes, screen: &Screen) -> anyhow::Result<Index> {
        let refusal = match homes.make_sqlite_home() {
            Err(error) if is_refusal(&error) => {
                let refusal = format!("{} cannot be made ({})", homes.sqlite_home.display(), plain(&error));
                return Index::temporary(screen, ErrorClass::of_io(&error), &refusal).await;
            }
            Err(error) => return Err(no_sqlite_home(homes, &error)),
            Ok(()) => match StateRuntime::open(&StateOptions::new(&homes.sqlite_home)).await {
                Ok(state) => return Ok(Index { state, access: Access::Write, _temporary: None }),
                Err(StateError::Open(error)) if error.is_unwritable() => error,
                Err(error) => return Err(error.into()),
            },
        };
        let class = refusal.class();
        let refusal = in_words(&refusal);
        match read_only(homes).await {
            Ok(state) => {
                telemetry::fell_back(class);
                Ok(Index { state, access: Access::ReadOnly(refusal), _temporary: None })
            }
            Err(StateError::Open(
                OpenError::Missing { .. } | OpenError::Outdated { .. } | OpenError::NeedsRecovery { .. },
            )) => Index::temporary(screen, class, &refusal).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Opens an index that is there already, for looking at it; `None` when there is none.
    pub(crate) async fn existing(homes: &Homes, screen: &Screen) -> anyhow::Result<Option<Index>> {
        if !homes.sqlite_home.join(STATE_DB.file_name).exists() {
            return Ok(None);
        }
        Index::for_reading(homes, screen).await.map(Some)
    }

    async fn temporary(screen: &Screen, class: ErrorClass, refusal: &str) -> anyhow::Result<Index> {
        telemetry::fell_back(class);
        let folder = tempfile::Builder::new()
            .prefix("threadkeep-")
            .tempdir()
            .context("cannot make a temporary folder for the index")?;
        let state = StateRuntime::open(&StateOptions::new(folder.path())).await?;
        screen.note(&format!(
            "{refusal}: indexing into a temporary folder, for this run alone; \
             --sqlite-home DIR chooses a place where the index can stay"
        ));
        Ok(Index { state, access: Access::Temporary, _temporary: Some(folder) })
    }

    /// Closes the databases, so that their logs are written back.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        Ok(self.state.close().await?)
    }
}

/// Makes the SQLite home if it is not there; where it cannot be made, says what to do.
pub(crate) fn need_sqlite_home(homes: &Homes) -> anyhow::Result<()> {
    homes.make_sqlite_home().map_err(|error| no_sqlite_home(homes, &error))
}

/// Opens the index without changing a byte.
pub(crate) async fn read_only(homes: &Homes) -> Result<StateRuntime, StateError> {
    let options = StateOptions::new(&homes.sqlite_home).open_options(OpenOptions::new().read_only(true));
    StateRuntime::open(&options).await
}

fn is_refusal(error: &io::Error) -> bool {
    ErrorClass::of_io(error) == ErrorClass::Full
        || matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

/// Why a database cannot be written, for who only wants to read it.
fn in_words(refusal: &OpenError) -> String {
    match refusal {
        OpenError::NotWritable { path, .. } => format!("{} cannot be written to", path.display()),
        OpenError::Full { path, .. } => format!("no space is left for {}", path.display()),
        other => other.to_string(),
    }
}

fn no_sqlite_home(homes: &Homes, error: &io::Error) -> anyhow::Error {
    let place = homes.sqlite_home.display();
    let hint = "choose another folder for the databases with --sqlite-home DIR";
    match error.kind() {
        ErrorKind::NotADirectory | ErrorKind::AlreadyExists => {
            fault(format!("{place} is not a folder"), hint)
        }
        _ => fault(format!("cannot make {place}: {}", plain(error)), hint),
    }
}
