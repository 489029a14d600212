//! Result of inspecting a database.

use std::path::Path;

use serde::Serialize;

use crate::options::JournalMode;
use crate::paths::DbPaths;
use crate::snapshots::Snapshot;
use crate::spec::DbSpec;
use crate::system::file_system::{self, FileSystem};

/// Facts about a database, found without touching it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DbStatus {
    /// Short name of the database.
    pub label: &'static str,
    /// Paths.
    pub paths: DbPaths,
    /// State of the file.
    pub state: DbState,
    /// Size of the database file in bytes, if it exists.
    pub size: Option<u64>,
    /// Size of the write-ahead log in bytes, if it exists.
    pub wal_size: Option<u64>,
    /// Size of the log's index in bytes, if it exists.
    pub shm_size: Option<u64>,
    /// Snapshots, the newest first.
    pub snapshots: Vec<Snapshot>,
    /// File system of the folder.
    pub file_system: FileSystem,
    /// True if this user may write to the file and its folder.
    pub writable: bool,
    /// Application id in the header, if there is a header.
    pub application_id: Option<u32>,
    /// Journal mode in the header, if there is a header.
    pub journal: Option<JournalMode>,
    /// Applied migrations, if they could be read.
    pub schema: Option<SchemaStatus>,
    /// Pages of the file, if they could be read.
    pub pages: Option<Pages>,
    /// True if the log could not be read, so that `schema` and `pages` may be out of date.
    pub log_unread: bool,
}

/// State of a database.
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
    /// A development version from before the first release made it: its first migration is not the
    /// released one.
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

    /// Returns details, for the states that have any.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Foreign(detail)
            | Self::Corrupt(detail)
            | Self::Locked(detail)
            | Self::Changing(detail)
            | Self::NeedsRecovery(detail)
            | Self::Unreadable(detail) => Some(detail),
            _ => None,
        }
    }
}

/// Applied migrations (table `_sqlx_migrations`). Serializes as an object of its fields.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct SchemaStatus {
    /// Newest applied version; 0 for none.
    pub applied: i64,
    /// Newest version that this program knows.
    pub known: i64,
    /// Oldest version that a program must know to use the file (`PRAGMA user_version`).
    pub needs: i64,
    /// Versions of this program that are not applied.
    pub pending: Vec<i64>,
    /// Applied versions that this program does not know. Harmless unless `needs` is above `known`.
    pub unknown: Vec<i64>,
    /// Versions that are applied with another checksum.
    pub mismatched: Vec<i64>,
}

/// Pages of a database file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pages {
    /// Size of a page in bytes.
    pub size: u64,
    /// Number of pages.
    pub count: u64,
    /// Number of unused pages.
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
            writable: paths.are_writable(),
            application_id: None,
            journal: None,
            schema: None,
            pages: None,
            log_unread: false,
            paths,
        }
    }
}
