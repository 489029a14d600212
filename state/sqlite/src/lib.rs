//! SQLite plumbing for Threadkeep's stores: open, migrate, write, check, measure.

mod check;
mod connect;
mod database;
mod error;
pub mod file_system;
mod holders;
mod inspect;
mod lock;
mod look;
mod migrate;
mod open;
mod options;
mod paths;
mod read;
mod retry;
mod schema;
mod snapshot;
mod spec;
pub mod telemetry;
mod version;
mod write;

pub use check::{Checkpoint, Depth};
pub use database::Database;
pub use error::{DbError, ErrorClass, OpenError, Source};
pub use inspect::{DbState, DbStatus, Pages, SchemaStatus, inspect};
pub use options::{JournalChoice, JournalMode, OpenOptions};
pub use paths::DbPaths;
pub use read::Reader;
pub use spec::{DbKind, DbSpec, MigrationFile};
pub use telemetry::{AlreadyInstalled, DbTelemetry, MemoryTelemetry, install_telemetry};
pub use version::{MIN_SQLITE_VERSION, sqlite_version};
pub use write::WriteTx;
