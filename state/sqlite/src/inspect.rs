//! Looking at a database without leaving a trace: for status output and for a doctor, on a home in any state.
//!
//! Nothing here writes a byte or creates a file, also not `-wal` and `-shm`, which a SQLite handle does create when it only
//! reads. What cannot be known that way is left unknown rather than found out by force; a file that
//! others change while it is read is looked at again, and then said to be changing rather than guessed at.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use sqlx::Connection as _;

use crate::connect::{Access, connect};
use crate::error::ErrorClass;
use crate::look::{self, Content, Header, has_content};
use crate::open_error::OpenError;
use crate::paths::DbPaths;
use crate::schema::Schema;
use crate::spec::DbSpec;
use crate::stamp::Stamp;
use crate::status::{DbState, DbStatus, Pages, SchemaStatus};

/// How often a database is looked at, when other programs write to it meanwhile.
const LOOKS: u32 = 5;

/// Looks at a database, whatever state it is in, without changing a byte or creating a file.
///
/// There is no error: whatever is wrong is the answer, in [`DbStatus::state`].
pub async fn inspect(spec: &'static DbSpec, folder: &Path) -> DbStatus {
    look_and_read(spec, folder, async |_| ()).await
}

/// Looks, and calls `meanwhile` with the number of the look before each read: what others do just then.
async fn look_and_read(
    spec: &'static DbSpec,
    folder: &Path,
    mut meanwhile: impl AsyncFnMut(u32),
) -> DbStatus {
    let mut look = 1;
    loop {
        let (mut status, header) = look_at(spec, folder).await;
        let Some(header) = header else { return status };
        let stamp = Stamp::of(&status.paths);
        let access = Access::without_trace(&status.paths, header.journal);
        // A log without its index: what is in the file itself can still be read.
        status.log_unread = access.is_none();
        let access = access.unwrap_or(Access::Immutable);
        meanwhile(look).await;
        let read = read(spec, &status.paths, access).await;
        // A program that closes takes the log away, and with it what a reader was just about to open.
        let failed_meanwhile = read.is_err() && stamp != Stamp::of(&status.paths);
        if !failed_meanwhile && !stamp.is_stale(access, &status.paths) {
            status.read(spec, read);
            return status;
        }
        if look == LOOKS {
            status.state = DbState::Changing(crate::holders::of_database(&status.paths));
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

/// Reads the header; returns it when SQLite should look further.
fn first_look(spec: &DbSpec, folder: &Path) -> (DbStatus, Option<Header>) {
    let paths = DbPaths::new(spec, folder);
    if paths.database.to_str().is_none() {
        let error = OpenError::NotUtf8 { path: paths.database };
        return (DbStatus::new(spec, folder, DbState::Unreadable(error.to_string())), None);
    }
    let (state, header) = match look::content(&paths.database) {
        Ok(Content::Fresh) if has_content(&paths.wal) => (
            DbState::Corrupt("the file is empty or missing, but its write-ahead log is not".to_owned()),
            None,
        ),
        Ok(Content::Fresh) => (DbState::Missing, None),
        Ok(Content::Torn(length)) => {
            (DbState::Corrupt(format!("it ends after {length} bytes, within its header")), None)
        }
        Ok(Content::Other) => (DbState::Foreign("the file is not a SQLite database".to_owned()), None),
        Ok(Content::Sqlite(header)) if header.application_id != spec.application_id => {
            let found = format!("a SQLite database with application id {:#010x}", header.application_id);
            (DbState::Foreign(found), Some(header))
        }
        Ok(Content::Sqlite(header)) => (beside(&paths, header), Some(header)),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            (DbState::Missing, None)
        }
        Err(error) if error.kind() == ErrorKind::IsADirectory => {
            (DbState::Foreign("no regular file is there".to_owned()), None)
        }
        Err(error) => (DbState::Unreadable(error.to_string()), None),
    };
    let mut status = DbStatus::new(spec, folder, state);
    status.application_id = header.map(|header| header.application_id);
    status.journal = header.map(|header| header.journal);
    let ours = header.filter(|_| status.state == DbState::Current);
    (status, ours)
}

/// Looks at what is beside a database of ours: whether SQLite may be let near it.
fn beside(paths: &DbPaths, header: Header) -> DbState {
    if let Some(path) = look::irregular(paths) {
        return DbState::Foreign(format!("{} is no regular file", path.display()));
    }
    match look::journal(paths, header) {
        Ok(Ok(_)) => {}
        Ok(Err(found)) => {
            return DbState::Foreign(format!(
                "{} is not its rollback journal: {found}",
                paths.journal.display()
            ));
        }
        Err(error) => return DbState::Unreadable(format!("{}: {error}", paths.journal.display())),
    }
    match look::log(paths, header) {
        Ok(Ok(_)) => DbState::Current,
        Ok(Err(found)) => {
            DbState::Foreign(format!("{} is not its write-ahead log: {found}", paths.wal.display()))
        }
        Err(error) => DbState::Unreadable(format!("{}: {error}", paths.wal.display())),
    }
}

/// Reads schema and pages through SQLite, in the way that leaves no trace.
async fn read(spec: &DbSpec, paths: &DbPaths, access: Access) -> Result<(Schema, Pages), sqlx::Error> {
    // Bounded: a doctor is asked exactly when something hangs.
    let patience = Duration::from_millis(250);
    let mut connection = connect(spec, &paths.database, patience, access).await?;
    let schema = Schema::read(&mut connection).await?;
    let (size, count, unused): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT page_size FROM pragma_page_size), (SELECT page_count FROM pragma_page_count), \
         (SELECT freelist_count FROM pragma_freelist_count)",
    )
    .fetch_one(&mut connection)
    .await?;
    connection.close().await?;
    let number = |value: i64| u64::try_from(value).unwrap_or(0);
    Ok((schema, Pages { size: number(size), count: number(count), unused: number(unused) }))
}

impl DbStatus {
    /// Takes in what was read.
    fn read(&mut self, spec: &DbSpec, read: Result<(Schema, Pages), sqlx::Error>) {
        match read {
            Ok((schema, pages)) => {
                let stranger = schema.stranger(spec);
                let schema = SchemaStatus {
                    applied: schema.version(),
                    known: spec.newest_version(),
                    needs: schema.user_version,
                    pending: schema.pending(spec).iter().map(|migration| migration.version).collect(),
                    unknown: schema.unknown(spec),
                    mismatched: schema.mismatches(spec),
                };
                self.pages = Some(pages);
                self.state = stranger.map_or_else(|| state_of(&schema), DbState::Foreign);
                self.schema = Some(schema);
            }
            Err(error) => self.state = state_of_error(&self.paths, &error),
        }
    }
}

fn state_of(schema: &SchemaStatus) -> DbState {
    if schema.needs > schema.known {
        DbState::Newer
    } else if !schema.mismatched.is_empty() {
        DbState::Checksum
    } else if schema.pending.is_empty() {
        DbState::Current
    } else {
        DbState::Pending
    }
}

fn state_of_error(paths: &DbPaths, error: &sqlx::Error) -> DbState {
    match ErrorClass::of(error) {
        ErrorClass::Corrupt => DbState::Corrupt(error.to_string()),
        ErrorClass::Busy => DbState::Locked(crate::holders::of_database(paths)),
        _ if crate::error::is_hot_journal(error) => {
            DbState::NeedsRecovery(format!("{} was left by an interrupted program", paths.journal.display()))
        }
        _ => DbState::Unreadable(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
