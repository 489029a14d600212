//! Opening a database: first a look without SQLite, then connecting. Only where needed come
//! locking, creating, a snapshot and migrations.

pub(crate) mod aside;
pub(crate) mod change_guard;
pub(crate) mod connect;
pub(crate) mod examine;
pub(crate) mod header;
mod journal;
mod leftover;
pub(crate) mod lock;
mod migrate;
pub(crate) mod preflight;
mod prepare;
mod recover;
pub(crate) mod schema;
pub(crate) mod seal;
pub(crate) mod snapshot;
mod table;
mod wal;

use std::path::Path;
use std::time::Instant;

use sqlx::Connection as _;

use self::change_guard::ChangeGuard;
use self::connect::{Access, closed_on_error};
use self::lock::FileLock;
use self::preflight::{Preflight, preflight};
use crate::boxed::Boxed;
use crate::database::Database;
use crate::database::retry::Retry;
use crate::error::{DbError, ErrorClass, OpenError, is_hot_journal, lacks_log_index};
use crate::options::{JournalMode, OnRecovery, OpenOptions};
use crate::paths::DbPaths;
use crate::spec::DbSpec;
use crate::telemetry::{self, names};

/// Number of retries, within a quarter of a second, at a log without an index. A program that is
/// just closing the database leaves it for a moment, a killed program for ever.
const TRIES_AT_A_LOG: u32 = 8;

impl Database {
    /// Opens a database, creating or upgrading it when needed.
    ///
    /// Refuses a file that is not ours, is newer or is damaged before it writes anything. Takes no
    /// lock and writes nothing if the database is up to date.
    ///
    /// # Errors
    ///
    /// * [`OpenError::Foreign`], [`OpenError::ForeignLog`], [`OpenError::NotAFile`]: something else
    ///   is in the place of the database or of a file next to it.
    /// * [`OpenError::Development`], [`OpenError::Checksum`]: a development version, or a build
    ///   with edited migrations, made the database.
    /// * [`OpenError::NotUtf8`], [`OpenError::NoFolder`], [`OpenError::NotWritable`]: the file
    ///   system.
    /// * [`OpenError::Missing`], [`OpenError::Outdated`], [`OpenError::NeedsRecovery`]: read-only,
    ///   and there is nothing to read without writing first.
    /// * [`OpenError::Migration`]: a bug.
    /// * [`OpenError::Database`]: [`DbError::Newer`], this program is too old;
    ///   [`DbError::Corrupt`]; [`DbError::Busy`], another process migrates or writes for too long;
    ///   [`DbError::Changed`], read-only, and another program wrote each time; [`DbError::Full`],
    ///   [`DbError::Io`].
    pub fn open<'a>(
        spec: &'static DbSpec,
        folder: &'a Path,
        options: &'a OpenOptions,
    ) -> Boxed<'a, Result<Self, OpenError>> {
        Box::pin(async move {
            let started = Instant::now();
            let mut opening = Opening { spec, paths: DbPaths::new(spec, folder), options, phase: "look" };
            let result = opening.run().await;
            telemetry::report_step(names::OPEN, spec.label, opening.phase, started, &result);
            result
        })
    }
}

/// Describes damage for an account of it.
fn describe(error: &OpenError) -> String {
    match error {
        OpenError::Database(DbError::Corrupt(path, found)) => {
            format!("{} was damaged ({found})", path.display())
        }
        other => format!("{other} (it was damaged)"),
    }
}

/// An opening in progress.
struct Opening<'a> {
    spec: &'static DbSpec,
    paths: DbPaths,
    options: &'a OpenOptions,
    /// Current step, for telemetry.
    phase: &'static str,
}

impl Opening<'_> {
    async fn run(&mut self) -> Result<Database, OpenError> {
        if self.options.read_only {
            let found = self.look().await?;
            self.phase = "connect";
            let database = self.read_patiently(found).await?;
            self.phase = "done";
            return Ok(database);
        }
        let mut retry = Retry::new(self.options.lock_timeout);
        let mut doubt = Retry::new(self.options.busy_timeout);
        let mut was_unsure = false;
        let mut database = loop {
            let seen = self.identity();
            let lost = self.lost();
            if let Some(damage) = lost {
                self.phase = "recover";
                match self.recover(damage, seen).await? {
                    Some(database) => break database,
                    None if retry.again().await => continue,
                    // Another process is at it: its database is opened as any other.
                    None => {}
                }
            }
            // A database that no process has open does not change while we look.
            let unsure = seal::is_doubtful(&self.paths);
            was_unsure = unsure;
            match self.sound(unsure).await {
                Ok(database) => break database,
                // Another process has put a database in its place.
                Err(_)
                    if self.options.on_recovery.is_some()
                        && self.identity() != seen
                        && retry.again().await => {}
                Err(error)
                    if self.options.on_recovery.is_some()
                        && (unsure || self.is_worn(&error))
                        && self.is_damage(&error).await =>
                {
                    self.phase = "recover";
                    match self.recover(describe(&error), seen).await? {
                        Some(database) => break database,
                        None if retry.again().await => {}
                        None => return Err(error),
                    }
                }
                // Another process is making it again, or is about to.
                Err(error)
                    if self.options.on_recovery.is_some()
                        && !unsure
                        && matches!(
                            error.class(),
                            ErrorClass::Foreign | ErrorClass::Newer | ErrorClass::Checksum
                        )
                        && self.is_damage(&error).await
                        && doubt.again().await => {}
                Err(error) => return Err(error),
            }
        };
        self.phase = "decisions";
        let mut applied = database.catch_up_with_decisions().await?;
        if was_unsure && database.recovery.is_none() {
            applied += database.try_reconcile_decisions().await?;
        }
        if applied > 0 {
            database.recovery.get_or_insert_default().decisions += applied;
        }
        if let (Some(recovery), Some(OnRecovery(listener))) = (&database.recovery, &self.options.on_recovery)
        {
            listener(self.spec.label, recovery);
        }
        self.phase = "done";
        Ok(database)
    }

    /// Returns true if SQLite finds damage in a sealed database that no process has open: the disk
    /// has changed it.
    fn is_worn(&self, error: &OpenError) -> bool {
        matches!(error, OpenError::Database(DbError::Corrupt(..))) && !seal::is_in_use(&self.paths)
    }

    /// Opens the database for writing. Checks it first if it may be damaged.
    async fn sound(&mut self, unsure: bool) -> Result<Database, OpenError> {
        let found = self.look().await?;
        self.phase = "connect";
        let database = self.writable(found).await?;
        if unsure && found.header.is_some() {
            self.phase = "check";
            if let Err(error) = database.examine().await {
                let _ = database.close().await;
                return Err(error.into());
            }
        }
        Ok(database)
    }

    /// Returns why the database must have been lost; `None` if it is there, or never was: a file of
    /// decisions, a snapshot or a damaged database would show it.
    fn lost(&self) -> Option<String> {
        let Self { paths, .. } = self;
        let path = paths.database.display();
        match std::fs::metadata(&paths.database) {
            Ok(file) if file.len() > 0 || !file.is_file() => None,
            Ok(_) => paths.show_a_database().then(|| format!("{path} was empty")),
            Err(_) if paths.database.is_symlink() => None,
            Err(_) => paths.show_a_database().then(|| format!("{path} was missing")),
        }
    }

    /// Looks at the database's place on a thread that may block.
    async fn look(&self) -> Result<Preflight, OpenError> {
        let (spec, paths, read_only) = (self.spec, self.paths.clone(), self.options.read_only);
        let looked = tokio::task::spawn_blocking(move || preflight(spec, &paths, read_only)).await;
        looked.unwrap_or_else(|error| Err(DbError::io("read", &self.paths.database, error.into()).into()))
    }

    /// Opens read-only, and again while other programs open and close the database.
    async fn read_patiently(&self, mut found: Preflight) -> Result<Database, OpenError> {
        let mut retry = Retry::new(self.options.busy_timeout);
        loop {
            let opened = self.read_only(found).await;
            let is_disturbed = match &opened {
                Err(OpenError::Database(DbError::Changed(_))) => true,
                // A program that closes the database deletes the log's index before the log. It
                // holds its lock meanwhile.
                Err(OpenError::NeedsRecovery { .. }) => {
                    retry.tries() < TRIES_AT_A_LOG || seal::is_in_use(&self.paths)
                }
                _ => false,
            };
            if !is_disturbed || !retry.again().await {
                return opened;
            }
            found = self.look().await?;
        }
    }

    async fn read_only(&self, found: Preflight) -> Result<Database, OpenError> {
        let Self { spec, paths, options, .. } = self;
        let journal = found.header.map_or(JournalMode::Delete, |header| header.journal);
        let recovery =
            |left: &Path| OpenError::NeedsRecovery { path: paths.database.clone(), left: left.to_path_buf() };
        let unsure = seal::is_doubtful(paths);
        let guard = ChangeGuard::of(paths);
        let access = Access::without_trace(paths, journal).ok_or_else(|| recovery(&paths.wal))?;
        let database =
            Database::new(spec, paths.clone(), (*options).clone(), journal, access, guard, spec.decisions);
        let read = self.connect(access).await;
        if guard.was_disturbed(read.is_err(), access, paths) {
            return Err(DbError::Changed(paths.database.clone()).into());
        }
        let (connection, schema) = read.map_err(|error| match error {
            error if is_hot_journal(&error) => recovery(&paths.journal),
            error if lacks_log_index(&error) => recovery(&paths.wal),
            error => DbError::sqlx(paths, options.busy_timeout, error).into(),
        })?;
        let usable = schema.check(spec, paths).and_then(|()| {
            if schema.pending(spec).is_empty() {
                return Ok(());
            }
            let (applied, needed) = (schema.version(), spec.newest_version());
            Err(OpenError::Outdated { path: paths.database.clone(), applied, needed })
        });
        let (mut connection, ()) = closed_on_error(connection, usable).await?;
        if unsure {
            let examined = examine::examine(&mut connection, spec, paths).await;
            if guard.was_disturbed(examined.is_err(), access, paths) {
                let _ = connection.close().await;
                return Err(DbError::Changed(paths.database.clone()).into());
            }
            let (checked, ()) = closed_on_error(connection, examined).await?;
            connection = checked;
        }
        database.keep_reader(connection);
        Ok(database)
    }

    async fn writable(&mut self, found: Preflight) -> Result<Database, OpenError> {
        let wanted = self.options.journal.unwrap_or_else(|| JournalMode::for_file_system(found.file_system));
        // The common case first: a database that is up to date needs one handle, two statements and
        // no lock. A WAL database where WAL is unsafe can only be opened alone, under the lock.
        if let Some(header) = found.header
            && (header.journal, wanted) != (JournalMode::Wal, JournalMode::Delete)
        {
            let (connection, schema) = self.connect_patiently().await?;
            // A blank database with our header was killed in the commit that created it, which
            // SQLite has just rolled back.
            let usable = if schema.is_blank() { Ok(()) } else { schema.check(self.spec, &self.paths) };
            let (connection, ()) = closed_on_error(connection, usable).await?;
            if header.journal == wanted && !schema.is_blank() && schema.pending(self.spec).is_empty() {
                return Ok(self.opened(wanted, connection));
            }
            // Closed at once, or it would be in the way under the lock.
            let _ = connection.close().await;
        }
        self.phase = "lock";
        let lock = FileLock::acquire(&self.paths.lock, self.options.lock_timeout).await?;
        let prepared = self.prepare(wanted).await;
        drop(lock);
        let (connection, journal) = prepared?;
        Ok(self.opened(journal, connection))
    }

    fn opened(&self, journal: JournalMode, writer: sqlx::sqlite::SqliteConnection) -> Database {
        let guard = ChangeGuard::of(&self.paths);
        let (paths, options) = (self.paths.clone(), self.options.clone());
        let database =
            Database::new(self.spec, paths, options, journal, Access::Read, guard, self.spec.decisions);
        database.keep_writer(writer);
        database
    }

    /// Sorts the error that ended a retry.
    fn error_after(&self, retry: &Retry, error: sqlx::Error) -> DbError {
        DbError::sqlx(&self.paths, retry.waited(), error)
    }
}
