//! What there is to know of a database without touching it.

use std::path::Path;

use crate::options::JournalMode;
use crate::paths::DbPaths;
use crate::spec::DbSpec;
use crate::system::file_system::{self, FileSystem};
use crate::system::regular_file::is_writable;

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
    /// A development version from before the first release made it: its first migration is not the released one.
    Development,
    /// One of its migrations differs from this program's migration of the same version.
    Checksum,
    /// It belongs to another program, or is no database; opening refuses it.
    Foreign(String),
    /// It is damaged.
    Corrupt(String),
    /// It is ours by its header, and it is locked too hard to be read now.
    Locked(String),
    /// It is ours by its header, and another program wrote to it each time we read.
    Changing(String),
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
            Self::Development => "development",
            Self::Checksum => "checksum",
            Self::Foreign(_) => "foreign",
            Self::Corrupt(_) => "corrupt",
            Self::Locked(_) => "locked",
            Self::Changing(_) => "changing",
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
            | Self::Changing(detail)
            | Self::NeedsRecovery(detail)
            | Self::Unreadable(detail) => Some(detail),
            Self::Missing
            | Self::Current
            | Self::Pending
            | Self::Newer
            | Self::Development
            | Self::Checksum => None,
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

impl DbStatus {
    pub(crate) fn new(spec: &DbSpec, folder: &Path, state: DbState) -> Self {
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
            writable: is_writable(&paths.folder)
                && (!paths.database.exists() || is_writable(&paths.database)),
            application_id: None,
            journal: None,
            schema: None,
            pages: None,
            log_unread: false,
            paths,
        }
    }
}
