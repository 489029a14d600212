//! A database that is opened when it is first needed, so that what nobody asks for costs nothing and stops nobody.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use sqlx::sqlite::SqliteConnection;
use tokio::sync::Mutex;

use crate::database::Database;
use crate::db_error::DbError;
use crate::open_error::OpenError;
use crate::options::OpenOptions;
use crate::paths::DbPaths;
use crate::snapshot;
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

    /// Opens the snapshots that upgrades have left beside the database, as they are, each with the schema of its version: what
    /// is deleted for good is to be deleted in them, too. Whoever asks for them closes them.
    ///
    /// A file that is not ours is left out, whatever its name.
    ///
    /// # Errors
    ///
    /// [`OpenError::Io`] when the folder cannot be listed, and as for [`Database::open`] for a snapshot that is damaged or newer.
    pub async fn snapshots(&self) -> Result<Vec<Database>, OpenError> {
        let Lazy { spec, folder, options, .. } = &*self.inner;
        let (spec, folder, options) = (*spec, folder.clone(), options.clone());
        let failed_at = folder.clone();
        let opened = tokio::task::spawn_blocking(move || {
            let paths = DbPaths::new(spec, &folder);
            let found = paths.snapshots().map_err(|error| OpenError::io("list", &folder, error))?;
            found.iter().filter_map(|(_, path)| snapshot::open(spec, path, &options).transpose()).collect()
        });
        opened.await.unwrap_or_else(|error| {
            Err(OpenError::Io { doing: "list", path: failed_at, source: error.into() })
        })
    }

    /// Edits each of the [`snapshots`](Self::snapshots), in a transaction of its own that is on the disk when it returns.
    ///
    /// # Errors
    ///
    /// The first that a snapshot gives; those before it are edited.
    pub async fn edit_snapshots<E, F>(&self, mut edit: F) -> Result<(), E>
    where
        E: From<OpenError> + From<DbError>,
        F: for<'c> FnMut(&'c mut SqliteConnection) -> Edit<'c>,
    {
        for snapshot in self.snapshots().await? {
            let edited = async {
                let mut tx = snapshot.begin_durable().await?;
                edit(tx.conn()).await.map_err(|error| snapshot.error(error))?;
                tx.commit().await
            };
            let edited: Result<(), DbError> = edited.await;
            let closed = snapshot.close().await;
            edited.and(closed)?;
        }
        Ok(())
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
