//! Inspecting a database without leaving a trace: for status output and for a doctor, on a home in
//! any state.
//!
//! Writes no byte and creates no file, not even the `-wal` and `-shm` that a SQLite handle creates
//! when it only reads. A figure that cannot be read that way stays unknown. A file that changes
//! while it is read is read again, and after a few tries reported as changing.

pub(crate) mod status;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::Duration;

use sqlx::Connection as _;

use self::status::{DbState, DbStatus, Pages, SchemaStatus};
use crate::database::retry::Retry;
use crate::error::{DbError, OpenError, is_hot_journal};
use crate::open::change_guard::ChangeGuard;
use crate::open::connect::{Access, connect};
use crate::open::examine::examine;
use crate::open::header::{Content, Header, content};
use crate::open::preflight::identify;
use crate::open::schema::Schema;
use crate::open::seal;
use crate::paths::DbPaths;
use crate::spec::DbSpec;
use crate::system::holders;

/// Limit of looks at a database while other programs write to it.
const LOOKS: u32 = 12;

/// Wait for other programs: short, because a doctor is asked when something hangs.
const PATIENCE: Duration = Duration::from_millis(250);

/// Longest wait between looks, all together.
const PATIENCE_WITH_WRITERS: Duration = Duration::from_secs(1);

/// Inspects a database in any state, without changing a byte or creating a file.
///
/// There is no error: trouble is the answer, in [`DbStatus::state`].
pub async fn inspect(spec: &'static DbSpec, folder: &Path) -> DbStatus {
    look_and_read(spec, folder, async |_| ()).await
}

/// Inspects a database, and before each read calls `meanwhile` with the number of the look. Tests
/// let others write there.
async fn look_and_read(
    spec: &'static DbSpec,
    folder: &Path,
    mut meanwhile: impl AsyncFnMut(u32),
) -> DbStatus {
    let mut look = 1;
    let mut retry = Retry::new(PATIENCE_WITH_WRITERS);
    loop {
        let (mut status, header) = look_at(spec, folder).await;
        let Some(header) = header else { return status };
        let guard = ChangeGuard::of(&status.paths);
        let access = Access::without_trace(&status.paths, header.journal);
        // Without the log's index, only the file itself can be read.
        status.log_unread = access.is_none();
        let access = access.unwrap_or(Access::Immutable);
        meanwhile(look).await;
        let read = read(spec, &status.paths, access).await;
        // A sealed database is sound, and a database in use was checked when it was opened.
        let unsure = seal::is_doubtful(&status.paths);
        let damage =
            if unsure && read.is_ok() { examined(spec, &status.paths, access).await.err() } else { None };
        if !guard.was_disturbed(read.is_err() || damage.is_some(), access, &status.paths) {
            status.read(spec, read);
            if let Some(damage) = damage.filter(|_| status.state == DbState::Current) {
                status.state = refused(damage.into());
            }
            return status;
        }
        if look == LOOKS || !retry.again().await {
            status.state = DbState::Changing(holders::of_database(&status.paths));
            return status;
        }
        look += 1;
    }
}

async fn look_at(spec: &'static DbSpec, folder: &Path) -> (DbStatus, Option<Header>) {
    let (to, shown) = (folder.to_path_buf(), folder);
    let looked = tokio::task::spawn_blocking(move || first_look(spec, &to)).await;
    looked.unwrap_or_else(|error| (DbStatus::new(spec, shown, DbState::Unreadable(error.to_string())), None))
}

/// Reads the header. Returns it if SQLite may read on.
fn first_look(spec: &DbSpec, folder: &Path) -> (DbStatus, Option<Header>) {
    let paths = DbPaths::new(spec, folder);
    let found = identify(spec, &paths);
    let (state, ours) = match found {
        Ok(Some(header)) => (DbState::Current, Some(header)),
        Ok(None) if paths.show_a_database() => (
            DbState::Corrupt("it is missing or empty, and other files show that it was there".to_owned()),
            None,
        ),
        Ok(None) => (DbState::Missing, None),
        Err(error) => (refused(error), None),
    };
    let mut status = DbStatus::new(spec, folder, state);
    if let Ok(Content::Sqlite(header)) = content(&paths.database) {
        status.application_id = Some(header.application_id);
        status.journal = Some(header.journal);
    }
    (status, ours)
}

/// Makes a state of the reason why a database would not be opened.
fn refused(error: OpenError) -> DbState {
    match error {
        OpenError::NoFolder { .. } => DbState::Missing,
        OpenError::Foreign { found, .. } => DbState::Foreign(found),
        OpenError::ForeignLog { log, found, .. } => {
            DbState::Foreign(format!("{} does not belong to it: {found}", log.display()))
        }
        OpenError::NotAFile(path) => DbState::Foreign(format!("{} is not a regular file", path.display())),
        OpenError::Development(_) => DbState::Development,
        OpenError::Checksum { .. } => DbState::Checksum,
        OpenError::Database(DbError::Newer { .. }) => DbState::Newer,
        OpenError::Database(DbError::Corrupt(_, source)) => DbState::Corrupt(source.to_string()),
        OpenError::Database(DbError::Busy { holder, .. }) => DbState::Locked(holder),
        other => DbState::Unreadable(other.to_string()),
    }
}

/// Reads schema and pages through SQLite without leaving a trace.
async fn read(spec: &DbSpec, paths: &DbPaths, access: Access) -> Result<(Schema, Pages), sqlx::Error> {
    let mut connection = connect(spec, &paths.database, PATIENCE, access).await?;
    let schema = Schema::read(&mut connection).await?;
    let (size, count, unused) = sqlx::query_as(
        "SELECT (SELECT page_size FROM pragma_page_size), (SELECT page_count FROM pragma_page_count), \
         (SELECT freelist_count FROM pragma_freelist_count)",
    )
    .fetch_one(&mut connection)
    .await?;
    connection.close().await?;
    Ok((schema, Pages { size, count, unused }))
}

/// Checks a database that was not closed cleanly, or was changed since.
async fn examined(spec: &DbSpec, paths: &DbPaths, access: Access) -> Result<(), DbError> {
    let connection = connect(spec, &paths.database, PATIENCE, access).await;
    let mut connection = connection.map_err(|error| DbError::sqlx(paths, PATIENCE, error))?;
    let examined = examine(&mut connection, spec, paths).await;
    let _ = connection.close().await;
    examined
}

impl DbStatus {
    /// Adds the result of reading.
    fn read(&mut self, spec: &DbSpec, read: Result<(Schema, Pages), sqlx::Error>) {
        match read {
            Ok((schema, pages)) => {
                let pending: Vec<i64> =
                    schema.pending(spec).iter().map(|migration| migration.version).collect();
                self.state = match schema.check(spec, &self.paths) {
                    Err(error) => refused(error),
                    Ok(()) if pending.is_empty() => DbState::Current,
                    Ok(()) => DbState::Pending,
                };
                self.pages = Some(pages);
                self.schema = Some(SchemaStatus {
                    applied: schema.version(),
                    known: spec.newest_version(),
                    needs: schema.user_version,
                    pending,
                    unknown: schema.unknown(spec),
                    mismatched: schema.mismatches(spec),
                });
            }
            Err(error) if is_hot_journal(&error) => {
                let journal = self.paths.journal.display();
                self.state = DbState::NeedsRecovery(format!("{journal} was left by an interrupted program"));
            }
            Err(error) => self.state = refused(DbError::sqlx(&self.paths, PATIENCE, error).into()),
        }
    }
}
