//! Looking at a database without leaving a trace: for status output and for a doctor, on a home in any state.
//!
//! Nothing here writes a byte or creates a file, also not `-wal` and `-shm`, which a SQLite handle does create when it only
//! reads. What cannot be known that way is left unknown rather than found out by force.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use sqlx::Connection as _;

use crate::connect::{Access, connect};
use crate::error::ErrorClass;
use crate::file_system::{self, FileSystem};
use crate::look::{self, Content, Header, has_content};
use crate::options::JournalMode;
use crate::paths::DbPaths;
use crate::schema::Schema;
use crate::spec::DbSpec;

/// What there is to know of a database without touching it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DbStatus {
    /// The database's short name.
    pub label: &'static str,
    /// Where everything is.
    pub paths: DbPaths,
    /// What the file is, and whether it can be used.
    pub state: DbState,
    /// The bytes of the database file; `None` when there is none.
    pub size: Option<u64>,
    /// The bytes of the write-ahead log; `None` when there is none.
    pub wal_size: Option<u64>,
    /// The bytes of the log's index; `None` when there is none.
    pub shm_size: Option<u64>,
    /// The snapshots from before upgrades, newest version first.
    pub snapshots: Vec<(i64, std::path::PathBuf)>,
    /// What kind of file system the folder is on.
    pub file_system: FileSystem,
    /// Whether this user may write to the file and its folder.
    pub writable: bool,
    /// The application id in the header; `None` when there is no header.
    pub application_id: Option<u32>,
    /// The journal mode in the header; `None` when there is no header.
    pub journal: Option<JournalMode>,
    /// What is applied; `None` when it could not be read.
    pub schema: Option<SchemaStatus>,
    /// The file's pages; `None` when it could not be read.
    pub pages: Option<Pages>,
    /// Whether data in the log could not be taken into account, so that `schema` and `pages` may be behind.
    pub log_unread: bool,
}

/// What a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DbState {
    /// There is no file, or an empty one: opening creates the database.
    Missing,
    /// It is ours and up to date.
    Current,
    /// It is ours, and opening upgrades it.
    Pending,
    /// It needs a newer program.
    Newer,
    /// A migration in it differs from the one of the same version in this program.
    Checksum,
    /// It belongs to another program, or is no database; opening refuses it.
    Foreign(String),
    /// It is damaged.
    Corrupt(String),
    /// It is ours by its header, and it is locked too hard to be read now.
    Locked(String),
    /// It is ours by its header, and only a writer can clear up what an interrupted program left.
    NeedsRecovery(String),
    /// The file system does not let us look.
    Unreadable(String),
}

impl DbState {
    /// Returns the state's name for status output.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Current => "current",
            Self::Pending => "pending",
            Self::Newer => "newer",
            Self::Checksum => "checksum",
            Self::Foreign(_) => "foreign",
            Self::Corrupt(_) => "corrupt",
            Self::Locked(_) => "locked",
            Self::NeedsRecovery(_) => "needs_recovery",
            Self::Unreadable(_) => "unreadable",
        }
    }

    /// Returns what was found, where the name does not say it all.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Foreign(detail)
            | Self::Corrupt(detail)
            | Self::Locked(detail)
            | Self::NeedsRecovery(detail)
            | Self::Unreadable(detail) => Some(detail),
            Self::Missing | Self::Current | Self::Pending | Self::Newer | Self::Checksum => None,
        }
    }
}

/// Which migrations are applied (table `_sqlx_migrations`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SchemaStatus {
    /// The newest applied version; 0 when nothing is applied.
    pub applied: i64,
    /// The newest version that this program knows.
    pub known: i64,
    /// The oldest version that a program must know to use the file (`PRAGMA user_version`).
    pub needs: i64,
    /// The versions of ours that are not applied.
    pub pending: Vec<i64>,
    /// The applied versions that this program does not know. Harmless as long as `needs` is not above `known`.
    pub unknown: Vec<i64>,
    /// The versions that are applied with another checksum.
    pub mismatched: Vec<i64>,
}

/// The pages of a database file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pages {
    /// The bytes of one page.
    pub size: u64,
    /// The number of pages.
    pub count: u64,
    /// How many of them are unused.
    pub unused: u64,
}

/// Looks at a database, whatever state it is in, without changing a byte or creating a file.
///
/// There is no error: whatever is wrong is the answer, in [`DbStatus::state`].
pub async fn inspect(spec: &'static DbSpec, folder: &Path) -> DbStatus {
    let folder = folder.to_path_buf();
    let shown = folder.clone();
    let looked = tokio::task::spawn_blocking(move || first_look(spec, &folder)).await;
    let (mut status, header) = match looked {
        Ok(looked) => looked,
        Err(error) => (DbStatus::new(spec, &shown, DbState::Unreadable(error.to_string())), None),
    };
    if let Some(header) = header {
        read(spec, header, &mut status).await;
    }
    status
}

impl DbStatus {
    fn new(spec: &DbSpec, folder: &Path, state: DbState) -> Self {
        let paths = DbPaths::new(spec, folder);
        let size = |path: &Path| {
            std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len())
        };
        Self {
            label: spec.label,
            state,
            size: size(&paths.database),
            wal_size: size(&paths.wal),
            shm_size: size(&paths.shm),
            snapshots: paths.snapshots().unwrap_or_default(),
            file_system: file_system::of(&paths.folder),
            writable: look::is_writable(&paths.folder)
                && (!paths.database.exists() || look::is_writable(&paths.database)),
            application_id: None,
            journal: None,
            schema: None,
            pages: None,
            log_unread: false,
            paths,
        }
    }
}

/// Reads the header; returns it when SQLite should look further.
fn first_look(spec: &DbSpec, folder: &Path) -> (DbStatus, Option<Header>) {
    let paths = DbPaths::new(spec, folder);
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
        Ok(Content::Sqlite(header)) => (DbState::Current, Some(header)),
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
    let ours = header.filter(|header| header.application_id == spec.application_id);
    (status, ours)
}

/// Reads schema and pages through SQLite, in the way that leaves no trace.
async fn read(spec: &'static DbSpec, header: Header, status: &mut DbStatus) {
    let access = Access::without_trace(&status.paths, header.journal);
    // A log without its index: what is in the file itself can still be read.
    status.log_unread = access.is_none();
    let access = access.unwrap_or(Access::Immutable);
    let read = async {
        // Bounded: a doctor is asked exactly when something hangs.
        let patience = Duration::from_millis(250);
        let mut connection = connect(spec, &status.paths.database, patience, access).await?;
        let schema = Schema::read(&mut connection).await?;
        let pages: (i64, i64, i64) = sqlx::query_as(
            "SELECT (SELECT page_size FROM pragma_page_size), (SELECT page_count FROM pragma_page_count), \
             (SELECT freelist_count FROM pragma_freelist_count)",
        )
        .fetch_one(&mut connection)
        .await?;
        connection.close().await?;
        Ok::<_, sqlx::Error>((schema, pages))
    };
    match read.await {
        Ok((schema, (size, count, unused))) => {
            let number = |value: i64| u64::try_from(value).unwrap_or(0);
            status.pages = Some(Pages { size: number(size), count: number(count), unused: number(unused) });
            let schema = SchemaStatus {
                applied: schema.version(),
                known: spec.newest_version(),
                needs: schema.user_version,
                pending: schema.pending(spec).iter().map(|migration| migration.version).collect(),
                unknown: schema.unknown(spec),
                mismatched: schema.mismatches(spec),
            };
            status.state = state_of(&schema);
            status.schema = Some(schema);
        }
        Err(error) => status.state = state_of_error(&status.paths, &error),
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
