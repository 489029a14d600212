//! SQLite plumbing for Threadkeep's stores: open, migrate, read, write, check, measure.
//!
//! A store declares a [`DbSpec`] (file name, application id, migrations) and calls
//! [`Database::open`]. It gets readers and write transactions, with pragmas, locks, retries and
//! journal mode taken care of.
//!
//! | task | where |
//! |---|---|
//! | open, create, upgrade | [`Database::open`]; at the first use: [`LazyDatabase`] |
//! | read | [`Database::read`] |
//! | write | [`Database::write`] with a [`Durability`]; [`Database::begin`] where something is decided in between |
//! | bind and read values | [`json`], [`RowReader`] |
//! | copy, check, tidy up | [`Database::snapshot`], [`Database::check`], [`Database::checkpoint`] |
//! | report on a database in any state | [`inspect()`] |
//! | errors | [`OpenError`], [`DbError`]; of every store: [`StoreError`] |
//!
//! [`telemetry`] lists what is counted. Of threads this crate knows only deleted ones
//! ([`DeletedThreads`]). It lends sqlx connections to the stores, which hide sqlx from their users.
//!
//! ```
//! use threadkeep_sqlite::{
//!     Database, DbError, DbKind, DbSpec, Durability, MigrationFile, OpenOptions, migrations,
//! };
//!
//! static MIGRATIONS: [MigrationFile; 1] = migrations![
//!     "0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
//! ];
//! static NOTES: DbSpec =
//!     DbSpec::new("notes", "notes_1.sqlite", DbKind::Rebuildable, 0x6e6f_7465, &MIGRATIONS);
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let notes = Database::open(&NOTES, folder.path(), &OpenOptions::new()).await?;
//!
//! let add = sqlx::query("INSERT INTO notes (text) VALUES (?1)").bind("buy milk");
//! notes
//!     .write::<_, DbError>(Durability::Usual, async |conn| {
//!         add.execute(conn).await?;
//!         Ok(())
//!     })
//!     .await?;
//!
//! let text = sqlx::query_scalar("SELECT text FROM notes");
//! let text: String = notes.read(async |conn| text.fetch_one(conn).await).await?;
//! assert_eq!(text, "buy milk");
//! notes.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Opening
//!
//! [`Database::open`] first looks at the files with plain reads, and refuses what is not ours
//! before SQLite could create or change anything: also a write-ahead log or a hot rollback journal
//! of another database, which SQLite would write over the file ([`OpenError::ForeignLog`]). It then
//! connects and compares the applied migrations with this program's. If they match, it is done,
//! without a lock or a write. Otherwise it takes `<file>.lock`, looks again, creates the file,
//! copies a database with data to `<file>.before-v<N>` (the newest two copies are kept), and runs
//! all pending migrations in one transaction. A kill at any moment leaves all of them or none.
//!
//! # Locking
//!
//! A process has one writer connection, which writes take in order of arrival, and up to four
//! readers that cannot write. Between processes SQLite's locks decide. Every write is `BEGIN
//! IMMEDIATE`, because a transaction that reads first and writes later fails at once if another
//! process wrote in between. SQLite waits [`OpenOptions::busy_timeout`] in one try. Tries are
//! repeated up to [`OpenOptions::write_timeout`]. Then the error names the holder of the lock (on
//! Linux).
//!
//! A write whose future is dropped is rolled back, and the writer goes on. The look keeps one
//! handle per file open until the file is deleted: on Unix, closing it would drop SQLite's locks.
//!
//! # Durability
//!
//! [`DbKind`] decides if a commit waits for the disk. [`Durability::Durable`] makes one commit wait
//! in any database. Deleted text is overwritten in the file. The log keeps it until
//! [`Database::checkpoint`] or the last [`Database::close`], and snapshots keep it until a store
//! edits them with [`LazyDatabase::edit_snapshots`].
//!
//! # Compatibility
//!
//! An older program ignores migrations that it does not know, and compares the others by checksum
//! ([`OpenError::Checksum`]). A migration that makes the file unusable for older programs sets
//! `PRAGMA user_version` to the oldest version that may use it. Programs below that floor get
//! [`DbError::Newer`], at opening or at their next write. Migrations run with `foreign_keys` off,
//! so that rebuilding a table deletes no rows that point to it, and are rolled back if they leave
//! more dangling rows than before. Files are created for their user alone (mode 0600).
//!
//! # Performance
//!
//! Opening a database that is up to date opens one SQLite handle and runs two statements, and two
//! more if it keeps decisions. Up to 8 MiB it is read once for its seal. A log that no program has
//! open is read once more, and a database without a valid seal is checked whole.
//!
//! Each statement costs a hop to the connection's thread, so one statement over [`json`] or
//! [`values_of`] is faster than a loop. A write adds three (BEGIN, the floor, COMMIT), and one more
//! in a database that keeps decisions.
//!
//! Statements stay prepared. SQLite prepares one with `LIMIT ?1` again at each run, because its
//! plan depends on the value; `LIMIT +?1` hides it (`findings/sqlite-bound-limit-reprepares.sh`).
//!
//! # File systems
//!
//! WAL is used on local file systems, and a rollback journal (`DELETE`) where shared memory is
//! unsafe: NFS, SMB, 9p, FUSE and others ([`file_system`]). [`OpenOptions::journal`] overrides
//! that. A path must be UTF-8. A symlink in the database's place is followed.
//! [`OpenOptions::read_only`] and [`inspect()`] write no byte and create no file. A writable
//! opening needs space for a log's index. Without it, a read-only opening still works
//! ([`OpenError::is_unwritable`]).

mod boxed;
mod database;
mod decisions;
mod deleted_threads;
mod error;
mod form;
mod inspect;
mod open;
mod options;
mod owner;
mod paths;
mod recovery;
mod row;
mod rows;
mod runs;
mod snapshots;
mod spec;
mod system;
pub mod telemetry;
#[cfg(test)]
mod tests;
mod tombstone;
mod version;

pub use boxed::Boxed;
pub use database::Database;
pub use database::durability::Durability;
pub use database::lazy::{Edit, LazyDatabase};
pub use database::maintenance::Depth;
pub use database::watch::CommitWatch;
pub use database::write::{WriteError, WriteTx};
pub use decisions::Decisions;
pub use decisions::kind::DecisionKind;
pub use deleted_threads::DeletedThreads;
pub use error::{DbError, ErrorClass, OpenError, Source, StoreError};
pub use form::TextForm;
pub use inspect::inspect;
pub use inspect::status::{DbState, DbStatus, Pages, SchemaStatus};
pub use options::{JournalMode, OpenOptions};
pub use owner::{lease_owner, owner_is_dead};
pub use paths::DbPaths;
pub use recovery::Recovery;
pub use row::{JsonText, RowReader, json, timestamp, uuid_text};
pub use rows::{MOST_ROWS, value_columns, values_of};
pub use runs::{RunLease, RunState, RunStatus, Runs};
pub use snapshots::{Snapshot, Taken};
pub use spec::{DbKind, DbSpec, MigrationFile};
pub use system::file_system;
pub use system::holders::writer_of;
pub use telemetry::{AlreadyInstalled, DbTelemetry, install_telemetry};
pub use tombstone::{Tombstone, Tombstones};
pub use version::sqlite_version;
