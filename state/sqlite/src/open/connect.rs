//! One SQLite connection: its URI and its pragmas.
//!
//! | pragma | value | why |
//! |---|---|---|
//! | `foreign_keys` | ON | off by default in SQLite, for each connection |
//! | `synchronous` | NORMAL or FULL | by [`DbKind`]: NORMAL in WAL never corrupts, FULL also keeps the last commits; [`durability`](crate::database::durability) changes it for a transaction |
//! | `fullfsync` | ON for durable ones | on macOS a plain `fsync` does not reach the disk |
//! | `checkpoint_fullfsync` | ON for writers | what was on the disk in the log is on it in the database before the log is cut, on macOS too |
//! | `wal_autocheckpoint` | 16 MiB of log for writers | a first backfill rewrites the same pages often, and each checkpoint waits for the disk twice |
//! | `journal_size_limit` | 64 MiB | a log that one long transaction blew up is cut back at the next checkpoint |
//! | `temp_store` | MEMORY | sorts leave no file in a folder that may be full, slow or shared |
//! | `trusted_schema` | OFF | a schema that someone else wrote into the file cannot call functions |
//! | `cell_size_check` | ON | damage is found where it is read, before it spreads |
//! | `secure_delete` | ON for writers | deleted text is overwritten: it lingers in no free page, nor in the gaps of others |
//! | `query_only` | ON for readers | a write that went to a reader by mistake fails, at once and always |
//! | `auto_vacuum` | INCREMENTAL | set once, at creation: it cannot be changed after the first table without a VACUUM |
//! | `journal_mode` | WAL or DELETE | set once, after `auto_vacuum` and `application_id`, under our lock |
//! | `locking_mode` | EXCLUSIVE | only while a database leaves WAL on a file system without shared memory |

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Executor as _};

use super::wal::holds_pages;
use crate::boxed::Boxed;
use crate::options::JournalMode;
use crate::paths::DbPaths;
use crate::spec::{DbKind, DbSpec};
use crate::system::regular_file::has_content;

/// Size to which a write-ahead log is truncated, in bytes.
const JOURNAL_SIZE_LIMIT: u32 = 64 << 20;

/// Number of prepared statements that a connection caches: more than a store has.
const STATEMENTS: usize = 256;

/// Permissions of a connection, and its way of reading.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Reads and writes; creates nothing.
    Write,
    /// Reads and writes, alone on the file and without shared memory.
    Exclusive,
    /// Reads while another connection of this process writes.
    Read,
    /// Reads a file that no program has open as if it could not change, without lock, log or
    /// any other file.
    Immutable,
    /// Reads a file and its log through locks, without writing to the log's index. This process
    /// cannot write until it has closed all its connections to the file at once: see
    /// `findings/sqlite-readonly-shm.sh`.
    Untouched,
}

impl Access {
    /// Chooses a way to read without leaving a trace. `None`: only a writer can read the file.
    pub(crate) fn without_trace(paths: &DbPaths, journal: JournalMode) -> Option<Self> {
        match journal {
            // A rollback journal may be a running writer's or a killed one's. SQLite goes by
            // the locks.
            JournalMode::Delete => Some(Self::Untouched),
            JournalMode::Wal if !holds_pages(&paths.wal) => Some(Self::Immutable),
            // With its index present, SQLite reads the log even when no program has it open.
            JournalMode::Wal if has_content(&paths.shm) => Some(Self::Untouched),
            JournalMode::Wal => None,
        }
    }
}

/// Opens a connection. Closes it again if it cannot be set up, as on a damaged schema.
pub(crate) fn connect<'a>(
    spec: &'a DbSpec,
    path: &'a Path,
    busy_timeout: Duration,
    access: Access,
) -> Boxed<'a, Result<SqliteConnection, sqlx::Error>> {
    let mut options = SqliteConnectOptions::new()
        .filename(path)
        .busy_timeout(busy_timeout)
        .statement_cache_capacity(STATEMENTS)
        .thread_name(|id| format!("sqlite-{id}"))
        .foreign_keys(true)
        .disable_statement_logging();
    options = match access {
        Access::Write | Access::Exclusive | Access::Read => options,
        Access::Immutable => options.filename(uri(path, "immutable=1")).read_only(true),
        Access::Untouched => options.filename(uri(path, "readonly_shm=1")).read_only(true),
    };
    Box::pin(async move {
        // sqlx would drop the connection if one of its own pragmas failed: see `closed_on_error`.
        let mut connection = options.connect().await?;
        let set_up = connection.execute(AssertSqlSafe(pragmas(spec.kind, access))).await;
        closed_on_error(connection, set_up).await.map(|(connection, _)| connection)
    })
}

fn pragmas(kind: DbKind, access: Access) -> String {
    let for_access = match access {
        // Before the first read of the file; afterwards it has no effect.
        Access::Exclusive => {
            "PRAGMA locking_mode = EXCLUSIVE; PRAGMA secure_delete = ON; PRAGMA checkpoint_fullfsync = ON;"
        }
        // Pages of 4 KiB: 16 MiB.
        Access::Write => {
            "PRAGMA secure_delete = ON; PRAGMA checkpoint_fullfsync = ON; PRAGMA wal_autocheckpoint = 4096;"
        }
        Access::Read | Access::Immutable | Access::Untouched => "PRAGMA query_only = ON;",
    };
    let for_kind = match kind {
        DbKind::Rebuildable => "PRAGMA synchronous = NORMAL;",
        DbKind::Durable => "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON;",
    };
    format!(
        "{for_access} {for_kind} PRAGMA journal_size_limit = {JOURNAL_SIZE_LIMIT}; PRAGMA temp_store = MEMORY; \
         PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON"
    )
}

/// Closes a connection after an error.
///
/// A dropped connection closes later on its own thread. Until then there are files next to
/// the database, and they stay if the process ends before.
pub(crate) async fn closed_on_error<T, E>(
    connection: SqliteConnection,
    result: Result<T, E>,
) -> Result<(SqliteConnection, T), E> {
    match result {
        Ok(done) => Ok((connection, done)),
        Err(error) => {
            let _ = connection.close().await;
            Err(error)
        }
    }
}

/// Makes a `file:` URI of an absolute path. sqlx checks that it is UTF-8.
pub(crate) fn uri(path: &Path, query: &str) -> String {
    let mut uri = String::from("file:");
    for byte in path.to_string_lossy().bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(byte.into());
        } else {
            uri.push('%');
            for digit in [byte >> 4, byte & 15] {
                uri.push(char::from_digit(digit.into(), 16).unwrap_or('0'));
            }
        }
    }
    uri.push('?');
    uri.push_str(query);
    uri
}
