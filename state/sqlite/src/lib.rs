//! SQLite plumbing for Threadkeep's stores: open, migrate, read, write, check, measure.
//!
//! **What it is.** The one place that knows how a database of ours is opened: which pragmas, which locks, which journal mode, what
//! happens before a migration, and what is refused. A store declares a [`DbSpec`], calls [`Database::open`] and gets
//! readers and write transactions.
//!
//! **What it is not.** It has no tables of its own and knows of threads only how a deleted one is known again ([`Tombstones`]). It is also the one crate with sqlx types in its
//! signatures: it lends sqlx connections to stores, which depend on sqlx themselves and hide it from their own users.
//!
//! ```
//! use threadkeep_sqlite::{
//!     Database, DbError, DbKind, DbSpec, Durability, MigrationFile, OpenOptions, migrations,
//! };
//!
//! static MIGRATIONS: [MigrationFile; 1] = migrations![
//!     "0001_notes" => "CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;",
//! ];
//! static NOTES: DbSpec = DbSpec::new("notes", "notes_1.sqlite", DbKind::Rebuildable, 0x6e6f_7465, &MIGRATIONS);
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
//! let text: String =
//!     notes.read(async |conn| sqlx::query_scalar("SELECT text FROM notes").fetch_one(conn).await).await?;
//! assert_eq!(text, "buy milk");
//! notes.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # How opening works
//!
//! 1. **Look**, with plain reads and no SQLite handle. What is not ours (another application id, no database, no file) is
//!    refused before SQLite could create or change anything. So is a write-ahead log that another database, or another
//!    state of this one, left beside ours ([`OpenError::ForeignLog`]): SQLite would write it over the file. What cannot be
//!    told is a log of a database of the same kind whose change counters happen to follow on ours, and one that never
//!    wrote the first page, of a database with just as many pages. So is a *hot* rollback journal of another database or
//!    another state, which SQLite would roll back into the file; what cannot be told is one of the same kind whose change
//!    counter is ours or one less, and one without the first page, of a database with just as many pages.
//! 2. **Connect** and compare what is applied with what this program knows. Up to date: done, without a lock or a write.
//! 3. **Lock** `<file>.lock`, and look again: another process may have done it all.
//! 4. **Create**: the application id is on the file's first page from its first moment, then WAL is switched on.
//! 5. **Snapshot**: a database with data is copied to `<file>.before-v<N>` before it is upgraded to version N. The newest two
//!    such copies are kept; nothing else is ever deleted.
//! 6. **Migrate**: all pending migrations in one transaction. A kill at any moment leaves the file before or after all.
//!
//! # Locking
//!
//! Within a process there is one writer connection, which [`Database::begin`] hands out in order of arrival, and up to
//! [`OpenOptions::readers`] readers that cannot write. Between processes SQLite's own locks decide. Every write is `BEGIN
//! IMMEDIATE`: a transaction that reads first and writes later fails at once when someone else wrote in between, and no
//! timeout helps. SQLite waits [`OpenOptions::busy_timeout`] in one try; above that, tries are repeated with random pauses
//! up to [`OpenOptions::write_timeout`]. The error that is left names who holds the lock, where the system tells (Linux).
//! A [`WriteTx`] that is dropped, or whose future is cancelled at any point, is rolled back, and the writer goes on.
//! The file lock is taken for creating, upgrading and changing the journal mode only.
//!
//! A file is looked at through one handle, which stays open as long as the process and the file: on Unix, closing it would
//! drop SQLite's locks.
//!
//! # Durability
//!
//! [`DbKind`] decides whether a commit waits for the disk. What only the user knows (a name, a deletion) is written with
//! [`Database::begin_durable`], which waits for it also where everything else could be rebuilt after a power cut.
//!
//! Deleted text is overwritten in the file. The log still has it until a checkpoint has written all of it back and cut it
//! to nothing, as [`Database::checkpoint`] does unless a reader is in its way, and the last [`Database::close`]; a snapshot
//! has what it was made of, until a store deletes it there, too ([`LazyDatabase::edit_snapshots`]).
//!
//! # Compatibility
//!
//! Several versions of a program may have one file open. An **older** program opens a newer database: migrations it does not
//! know are ignored, those it knows are compared by checksum ([`OpenError::Checksum`]). When a migration makes a file
//! unusable for older programs, it sets `PRAGMA user_version` to the oldest version a program must know; programs below
//! that floor get [`OpenError::Newer`], and those that had the file open get [`DbError::Newer`] at their next write.
//! Migrations run with `foreign_keys` off, so that a table can be rebuilt without deleting what points to it; a migration
//! that leaves more dangling rows than it found is rolled back. Files are created for their user alone (mode 0600).
//!
//! # Performance
//!
//! Opening a database that is up to date opens one SQLite handle and runs two statements; readers are opened when they are
//! first used. A log that nobody has open is read twice, by the look and by SQLite; one in use is not read (Linux says
//! which; elsewhere the look reads it). On a connection, sqlx pays for each statement with a hop to its thread, so the
//! number of statements is the cost of an operation: prefer one statement over a batch (`json_each(?1)`) to a loop. A write
//! transaction adds three (BEGIN, the floor, COMMIT). Statements are cached per connection (256). `VACUUM INTO`, and so a
//! snapshot, reads and writes the whole file; [`Database::check`] reads it whole.
//!
//! # File systems
//!
//! WAL is used on file systems of this machine, and the rollback journal (`DELETE`) where memory cannot be shared safely:
//! NFS, SMB, 9p, FUSE and others ([`file_system`]). A WAL database that is found on one of those is switched when nobody
//! else has it open. The file system is asked on Linux and Android; elsewhere it is taken for local, and
//! [`OpenOptions::journal`] is there to say otherwise. A path must be UTF-8 ([`OpenError::NotUtf8`]). A symlink in the database's place is followed.
//! [`OpenOptions::read_only`] and [`inspect()`] write no byte and create no file, on a folder that allows it as on one that
//! does not; within one process, though, handles share a log's index, and a read-only one then notes its reads there.
//! A writable opening needs room for a log's index; without it there is [`OpenError::Full`], and a read-only opening still
//! reads ([`OpenError::is_unwritable`]).
//!
//! # Telemetry
//!
//! Names and tags are listed in [`telemetry`]; [`install_telemetry`] sets the process's one sink.

mod database;
mod error;
mod forget;
mod inspect;
mod open;
mod options;
mod paths;
mod row;
mod spec;
mod system;
pub mod telemetry;
mod tombstone;
mod version;

pub use database::Database;
pub use database::durability::Durability;
pub use database::lazy::{Edit, LazyDatabase};
pub use database::maintenance::{Checkpoint, Depth};
pub use database::read::Reader;
pub use database::write::{WriteError, WriteTx};
pub use error::{DbError, ErrorClass, OpenError, Source, StoreError};
pub use inspect::inspect;
pub use inspect::status::{DbState, DbStatus, Pages, SchemaStatus};
pub use options::{JournalChoice, JournalMode, OpenOptions};
pub use paths::DbPaths;
pub use row::{JsonText, RowReader, json, text_of};
pub use spec::{DbKind, DbSpec, MigrationFile};
pub use system::file_system;
pub use telemetry::{AlreadyInstalled, DbTelemetry, MemoryTelemetry, install_telemetry};
pub use tombstone::{Tombstone, Tombstones};
pub use version::{MIN_SQLITE_VERSION, sqlite_version};
