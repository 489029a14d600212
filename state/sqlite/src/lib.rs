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
//! It has no tables of its own, and of threads it knows only deleted ones ([`Tombstones`]). It is
//! the one crate with sqlx types in its signatures: it lends sqlx connections to stores, which hide
//! sqlx from their users.
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
//! # Opening
//!
//! 1. **Look** with plain reads, without SQLite. A file that is not ours is refused before SQLite
//!    could create or change anything. So is a write-ahead log or a hot rollback journal of another
//!    database, or of another state of this one: SQLite would write it over the file
//!    ([`OpenError::ForeignLog`]). Two kinds go unnoticed, both of a database of the same kind:
//!    change counters that happen to fit, and no first page but as many pages.
//! 2. **Connect** and compare the applied migrations with this program's. If they match, opening is
//!    done, without a lock or a write.
//! 3. **Lock** `<file>.lock` and look again, because another process may have finished the job.
//! 4. **Create**: the file's first page has the application id from the beginning. Then WAL is
//!    switched on.
//! 5. **Snapshot**: a database with data is copied to `<file>.before-v<N>` before an upgrade to
//!    version N. The newest two copies are kept.
//! 6. **Migrate**: all pending migrations run in one transaction. A kill at any moment leaves all
//!    of them or none.
//!
//! # Locking
//!
//! A process has one writer connection, which writes take in order of arrival, and up to
//! [`OpenOptions::readers`] readers that cannot write. Between processes SQLite's locks decide.
//! Every write is `BEGIN IMMEDIATE`, because a transaction that reads first and writes later fails
//! at once if another process wrote in between, whatever the timeout. SQLite waits
//! [`OpenOptions::busy_timeout`] in one try. Tries are repeated with random pauses up to
//! [`OpenOptions::write_timeout`]. Then the error names the holder of the lock, where the system
//! knows it (Linux).
//!
//! A write whose future is dropped is rolled back, and the writer goes on. The file lock is taken
//! only to create, to upgrade and to change the journal mode.
//!
//! The look keeps one handle per file open until the file is deleted: on Unix, closing it would
//! drop SQLite's locks.
//!
//! # Durability
//!
//! [`DbKind`] decides if a commit waits for the disk. [`Durability::Durable`] makes one commit wait
//! in any database: for data that only the user has, such as a name.
//!
//! Deleted text is overwritten in the file. The log keeps it until a checkpoint has written the log
//! back and truncated it, as [`Database::checkpoint`] does unless a reader is in its way, and as
//! the last [`Database::close`] does. Snapshots keep it until a store edits them with
//! [`LazyDatabase::edit_snapshots`].
//!
//! # Compatibility
//!
//! Several versions of a program may have one file open. An older program ignores migrations that
//! it does not know, and compares the others by checksum ([`OpenError::Checksum`]). A migration
//! that makes the file unusable for older programs sets `PRAGMA user_version` to the oldest version
//! that may use it. Programs below that floor get [`OpenError::Newer`], or [`DbError::Newer`] at
//! their next write if they had the file open.
//!
//! Migrations run with `foreign_keys` off, so that rebuilding a table deletes no rows that point to
//! it. Migrations that leave more dangling rows than before are rolled back. A database whose first
//! migration differs was made by a development version from before the first release
//! ([`OpenError::Development`]). Files are created for their user alone (mode 0600).
//!
//! # Performance
//!
//! Opening a database that is up to date opens one SQLite handle and runs two statements. Readers
//! are opened when they are first used. The look reads a log that no program has open, and so
//! SQLite reads it a second time; on systems other than Linux the look also reads a log in use.
//!
//! Each statement costs a hop to the connection's thread, so the number of statements is the cost
//! of an operation: one statement over [`json`] or [`values_of`] is faster than a loop. A write
//! adds three (BEGIN, the floor, COMMIT). A connection caches 256 statements.
//! [`Database::snapshot`] reads and writes the whole file, and [`Database::check`] reads it.
//!
//! # File systems
//!
//! WAL is used on local file systems, and a rollback journal (`DELETE`) where shared memory is
//! unsafe: NFS, SMB, 9p, FUSE and others ([`file_system`]). A WAL database on one of those is
//! switched when no other program has it open. Linux and Android report the file system; elsewhere
//! it counts as local, and [`OpenOptions::journal`] overrides that. A path must be UTF-8
//! ([`OpenError::NotUtf8`]). A symlink in the database's place is followed.
//!
//! [`OpenOptions::read_only`] and [`inspect()`] write no byte and create no file. Within one
//! process, though, handles share a log's index, and a read-only handle notes its reads there. A
//! writable opening needs space for a log's index; without it there is [`OpenError::Full`], and a
//! read-only opening still works ([`OpenError::is_unwritable`]).
//!
//! # Telemetry
//!
//! [`telemetry`] lists names and tags; [`install_telemetry`] sets the process's one sink.

mod boxed;
mod database;
mod error;
mod inspect;
mod open;
mod options;
mod paths;
mod row;
mod rows;
mod spec;
mod system;
pub mod telemetry;
mod tombstone;
mod version;

pub use boxed::Boxed;
pub use database::Database;
pub use database::durability::Durability;
pub use database::lazy::{Edit, LazyDatabase};
pub use database::maintenance::Depth;
pub use database::read::Reader;
pub use database::write::{WriteError, WriteTx};
pub use error::{DbError, ErrorClass, OpenError, Source, StoreError};
pub use inspect::inspect;
pub use inspect::status::{DbState, DbStatus, Pages, SchemaStatus};
pub use options::{JournalChoice, JournalMode, OpenOptions};
pub use paths::DbPaths;
pub use row::{JsonText, RowReader, json, uuid_text};
pub use rows::{MOST_ROWS, value_columns, values_of};
pub use spec::{DbKind, DbSpec, MigrationFile};
pub use system::file_system;
pub use telemetry::{AlreadyInstalled, DbTelemetry, install_telemetry};
pub use tombstone::{Tombstone, Tombstones};
pub use version::{MIN_SQLITE_VERSION, sqlite_version};
