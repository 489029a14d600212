//! A database that is opened when it is first needed, so that what nobody asks for costs nothing and stops nobody.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;
use tokio::sync::Mutex;

use super::Database;
use super::durability::Durability;
use crate::error::{DbError, OpenError};
use crate::open::change_guard::ChangeGuard;
use crate::open::connect::Access;
use crate::open::lock::FileLock;
use crate::open::preflight::preflight;
use crate::options::OpenOptions;
use crate::paths::DbPaths;
use crate::spec::DbSpec;

/// A database that is opened at its first use. Cheap to clone; all clones share what was opened.
///
/// A store over it can be made without any error, and says only when it is used what is wrong with its file. What could
/// not be opened is tried again at the next use.
#[derive(Clone, Debug)]
pub struct LazyDatabase {
    inner: Arc<Lazy>,
}

/// What is done to a snapshot: a boxed future, because an async closure's would be bound to one thread.
pub type Edit<'c> = Pin<Box<dyn Future<Output = Result<(), sqlx::Error>> + Send + 'c>>;

#[derive(Debug)]
struct Lazy {
    spec: &'static DbSpec,
    folder: PathBuf,
    options: OpenOptions,
    opened: Mutex<Option<Database>>,
}

impl LazyDatabase {
    /// Describes a database that is to be opened in `folder`, like [`Database::open`] does.
    #[must_use]
    pub fn new(spec: &'static DbSpec, folder: &Path, options: &OpenOptions) -> Self {
        let (folder, options) = (folder.to_owned(), options.clone());
        Self { inner: Arc::new(Lazy { spec, folder, options, opened: Mutex::default() }) }
    }

    /// Returns what the database is.
    #[must_use]
    pub fn spec(&self) -> &'static DbSpec {
        self.inner.spec
    }

    /// Returns where the database is, or will be.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.inner.folder.join(self.inner.spec.file_name)
    }

    /// Returns the open database; opens it, and makes it when it is not there.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`].
    pub async fn get(&self) -> Result<Database, OpenError> {
        let Lazy { spec, folder, options, opened } = &*self.inner;
        // Held while it is opened: others wait for the one that opens, and find it done.
        let mut opened = opened.lock().await;
        if let Some(database) = &*opened {
            return Ok(database.clone());
        }
        let database = Database::open(spec, folder, options).await?;
        *opened = Some(database.clone());
        Ok(database)
    }

    /// Returns the open database; `None` when there is no file, which is not made. Opened read-only, a file in which nothing
    /// was ever made is none either.
    ///
    /// # Errors
    ///
    /// As for [`Database::open`].
    pub async fn existing(&self) -> Result<Option<Database>, OpenError> {
        if let Some(database) = &*self.inner.opened.lock().await {
            return Ok(Some(database.clone()));
        }
        // A link that points nowhere, or a folder that may not be looked into, is for opening to explain.
        let is_missing =
            self.path().symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound);
        if is_missing {
            return Ok(None);
        }
        match self.get().await {
            // What is left of a creation that found no space: it holds nothing.
            Err(OpenError::Missing { .. } | OpenError::Outdated { applied: 0, .. }) => Ok(None),
            opened => opened.map(Some),
        }
    }

    /// Edits the snapshots that upgrades have left beside the database, each with the schema of its version: what is deleted for
    /// good is to be deleted in them, too. Each is edited in a transaction of its own that is on the disk when it returns.
    ///
    /// No upgrade makes another one meanwhile. A file that is not ours is left alone, whatever its name.
    ///
    /// # Errors
    ///
    /// [`OpenError::Busy`] when an upgrade is under way, [`OpenError::Io`] when the folder cannot be listed, and what a
    /// snapshot gives that is damaged, newer or cannot be written. The others are edited all the same.
    pub async fn edit_snapshots<E, F>(&self, mut edit: F) -> Result<(), E>
    where
        E: From<OpenError> + From<DbError>,
        F: for<'c> FnMut(&'c mut SqliteConnection) -> Edit<'c>,
    {
        let Lazy { spec, folder, options, .. } = &*self.inner;
        let paths = DbPaths::new(spec, folder);
        let _lock = FileLock::acquire(&paths.lock, options.lock_timeout).await?;
        let found = paths.snapshots().map_err(|error| OpenError::io("list", folder, error))?;
        let mut first_error = None;
        for (_, path) in found {
            let edited = async {
                let Some(snapshot) = open_snapshot(spec, &path, options)? else { return Ok(()) };
                let edited = snapshot
                    .write::<_, DbError>(Durability::Durable, async |conn| Ok(edit(conn).await?))
                    .await;
                let closed = snapshot.close().await;
                Ok::<(), E>(edited.and(closed)?)
            };
            first_error = first_error.or(edited.await.err());
        }
        first_error.map_or(Ok(()), Err)
    }

    /// Closes what was opened, for all clones. The next use opens it again.
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

/// Opens a snapshot from before an upgrade with the schema of its version. `None` when it is not ours, or empty.
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
    Ok(Some(Database::new(spec, paths, options.clone(), header.journal, Access::Read, guard)))
}
