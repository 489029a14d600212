//! A database that is opened at its first use: an unused database costs nothing, and a broken one
//! stops nothing else.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::sqlite::SqliteConnection;
use tokio::sync::Mutex;

use super::Database;
use super::durability::Durability;
use super::retry::Retry;
use crate::boxed::Boxed;
use crate::error::{DbError, ErrorClass, OpenError};
use crate::open::aside::move_snapshot_aside;
use crate::open::change_guard::ChangeGuard;
use crate::open::connect::Access;
use crate::open::lock::FileLock;
use crate::open::preflight::preflight;
use crate::open::seal;
use crate::options::OpenOptions;
use crate::paths::DbPaths;
use crate::recovery::Recovery;
use crate::snapshots::Snapshot;
use crate::spec::DbSpec;

/// Longest wait for connections of this process that were dropped and are closing.
const CLOSING: Duration = Duration::from_secs(1);

/// A database that is opened at its first use. Cheap to clone; all clones share what was opened.
///
/// Making a store over it cannot fail; trouble with the file shows at the first use. A failed
/// opening is retried at the next use.
#[derive(Clone, Debug)]
pub struct LazyDatabase {
    inner: Arc<Lazy>,
    /// Longest wait of this handle.
    patience: Duration,
}

/// Edit of a snapshot: a boxed future, because that of an async closure would not be `Send`.
pub type Edit<'c> = Boxed<'c, Result<(), sqlx::Error>>;

#[derive(Debug)]
struct Lazy {
    spec: &'static DbSpec,
    folder: PathBuf,
    options: OpenOptions,
    opened: Mutex<Option<Database>>,
}

impl LazyDatabase {
    /// Describes a database in `folder`, with the parameters of [`Database::open`].
    #[must_use]
    pub fn new(spec: &'static DbSpec, folder: &Path, options: &OpenOptions) -> Self {
        let (folder, options) = (folder.to_owned(), options.clone());
        let inner = Arc::new(Lazy { spec, folder, options, opened: Mutex::default() });
        Self { inner, patience: Duration::MAX }
    }

    /// Returns a handle to the same database that waits at most `patience` for other processes,
    /// when it opens and when it writes.
    #[must_use]
    pub fn within(&self, patience: Duration) -> Self {
        Self { inner: Arc::clone(&self.inner), patience }
    }

    /// Returns the description of the database.
    #[must_use]
    pub fn spec(&self) -> &'static DbSpec {
        self.inner.spec
    }

    /// Returns the path of the database, which need not exist.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.inner.folder.join(self.inner.spec.file_name)
    }

    /// Returns the open database. Opens it at the first call, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`].
    pub async fn get(&self) -> Result<Database, OpenError> {
        let Lazy { spec, folder, options, opened } = &*self.inner;
        // Held while opening, so that other tasks wait and share the result.
        let mut opened = opened.lock().await;
        let database = match &mut *opened {
            Some(database) => database,
            none => {
                let mut database = Database::open(spec, folder, &options.within(self.patience)).await?;
                database.options = options.clone();
                none.insert(database)
            }
        };
        Ok(database.within(self.patience))
    }

    /// Returns the open database; `None` when there is no file, and none is created. Opened
    /// read-only, a file without any migration counts as none.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`].
    pub async fn existing(&self) -> Result<Option<Database>, OpenError> {
        if let Some(database) = &*self.inner.opened.lock().await {
            return Ok(Some(database.within(self.patience)));
        }
        // Opening explains a dangling link, or a folder without permission.
        let is_missing =
            self.path().symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        // A database that was lost is made again.
        let is_lost = || DbPaths::new(self.inner.spec, &self.inner.folder).show_a_database();
        if is_missing && (self.inner.options.read_only || !is_lost()) {
            return Ok(None);
        }
        match self.get().await {
            // Left by a creation that found no space: it holds nothing.
            Err(OpenError::Missing { .. } | OpenError::Outdated { applied: 0, .. }) => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// Edits the snapshots, each with the schema of its version. A store
    /// deletes content there too. Each edit is a durable transaction of its own.
    ///
    /// No upgrade makes a snapshot meanwhile. A damaged snapshot cannot be edited and is no use: it
    /// is moved aside like a damaged database, and [`DbPaths::damaged`] lists it. A file that is
    /// too short for a database is left alone.
    ///
    /// # Errors
    ///
    /// [`DbError::Busy`]: an upgrade is running. [`DbError::Io`]: the folder cannot be listed.
    /// Otherwise the first error of a snapshot; the other snapshots are edited all the same.
    pub async fn edit_snapshots(
        &self,
        mut edit: impl for<'c> FnMut(&'c mut SqliteConnection) -> Edit<'c>,
    ) -> Result<(), OpenError> {
        let Lazy { spec, folder, options, .. } = &*self.inner;
        let options = &options.within(self.patience);
        let paths = DbPaths::new(spec, folder);
        let _lock = FileLock::acquire(&paths.lock, options.lock_timeout).await?;
        let found = paths.snapshots().map_err(|error| DbError::io("list", folder, error))?;
        // What a killed program left of a snapshot has the same content, and no other use.
        for partial in paths.partial_snapshots() {
            let _ = std::fs::remove_file(partial);
        }
        let mut first_error = None;
        for Snapshot { path, .. } in found {
            let edited = async {
                let Some(snapshot) = open_snapshot(spec, &path, options)? else { return Ok(false) };
                let edited = snapshot
                    .write::<_, DbError>(Durability::Durable, async |conn| Ok(edit(conn).await?))
                    .await;
                let closed = snapshot.close().await;
                edited.and(closed)?;
                Ok(true)
            };
            let is_damaged =
                |error: &OpenError| matches!(error.class(), ErrorClass::Corrupt | ErrorClass::Foreign);
            let error = match edited.await {
                Ok(true) => None,
                Ok(false) => move_snapshot_aside(&paths, &path).err().map(OpenError::from),
                Err(error) if is_damaged(&error) => {
                    move_snapshot_aside(&paths, &path).err().map(OpenError::from)
                }
                Err(error) => Some(error),
            };
            // The lock of the opening above.
            let _ = std::fs::remove_file(DbPaths::at(&path).lock);
            first_error = first_error.or(error);
        }
        first_error.map_or(Ok(()), Err)
    }

    /// Moves the open database aside and makes it again, as
    /// [`OpenOptions::recover`](crate::OpenOptions::recover) does with a damaged one. Waits for
    /// other processes that use it as long as SQLite does in one try. Returns `None` if another
    /// process has put a new one in its place meanwhile.
    ///
    /// # Errors
    ///
    /// [`DbError::Busy`]: another process uses it. Otherwise as for [`Database::open`].
    pub async fn make_again(&self, damage: &str) -> Result<Option<Recovery>, OpenError> {
        let Lazy { spec, folder, options, opened } = &*self.inner;
        let mut opened = opened.lock().await;
        let Some(database) = Database::make_again(spec, folder, options, damage, opened.take()).await? else {
            return Ok(None);
        };
        let recovery = database.recovery().cloned().unwrap_or_default();
        *opened = Some(database);
        Ok(Some(recovery))
    }

    /// Closes a database in which SQLite has met damage, and makes it again. Returns true if it was
    /// made again. Connections of this process that are still closing are waited for.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`].
    pub async fn recover(&self) -> Result<bool, OpenError> {
        let Lazy { spec, folder, options, .. } = &*self.inner;
        let paths = DbPaths::new(spec, folder);
        self.close().await?;
        let mut retry = Retry::new(options.busy_timeout.min(CLOSING));
        while !seal::exists(&paths) && seal::is_in_use(&paths) && retry.again().await {}
        let Some(open) = self.existing().await? else { return Ok(false) };
        Ok(open.recovery().is_some_and(|recovery| recovery.damage.is_some()))
    }

    /// Closes the database for all clones. The next use opens it again.
    ///
    /// # Errors
    ///
    /// As for [`Database::close`].
    pub async fn close(&self) -> Result<(), DbError> {
        match self.inner.opened.lock().await.take() {
            Some(database) => database.close().await,
            None => Ok(()),
        }
    }
}

/// Opens a snapshot from before an upgrade with the schema of its version. `None` when it is not
/// ours, or empty.
fn open_snapshot(
    spec: &'static DbSpec,
    path: &Path,
    options: &OpenOptions,
) -> Result<Option<Database>, OpenError> {
    let paths = DbPaths::at(path);
    let header = match preflight(spec, &paths, options.read_only) {
        Ok(found) => found.header,
        Err(OpenError::Foreign { .. } | OpenError::NotAFile { .. }) => None,
        Err(error) => return Err(error),
    };
    let Some(header) = header else { return Ok(None) };
    let guard = ChangeGuard::of(&paths);
    Ok(Some(Database::new(spec, paths, options.clone(), header.journal, Access::Read, guard, &[])))
}
