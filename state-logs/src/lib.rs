//! What an agent logs, in one SQLite file, kept within bounds.
//!
//! **What it is.** A [`LogLayer`] for `tracing` takes a program's events and hands them to a [`LogWriter`], which commits
//! them in batches to `logs_2.sqlite`. A [`LogStore`] finds them again: by level, time, module, file, thread and text, and
//! from an id on, for whoever follows along. Logs fail soft: a database that cannot be used never stops a program.
//!
//! **What it is not.** It is no place for what was said. A text under a name such as `prompt`, `body`, `arguments` or
//! `output` is stored as its length (`[1234 bytes]`; the list is that of the last words of names: args, argument, arguments,
//! authorization, bodies, body, completion, content, contents, conversation, delta, diff, document, history, html, input,
//! inputs, instruction, instructions, messages, output, outputs, patch, payload, payloads, prompt, prompts, request,
//! response, stderr, stdin, stdout, transcript). Numbers and switches under such names stay, and so does the `message` of an
//! event, which is its author's sentence. Secrets are taken out of all texts by `threadkeep-redact`, and of a field whose
//! name is a secret's nothing is kept. That is done before a row is cut to what it may hold, 64 KiB.
//!
//! ```
//! use threadkeep_state_logs::{Level, LevelMatch, LogOptions, LogQuery, LogStore, LogWriter, OpenOptions};
//! use tracing_subscriber::layer::SubscriberExt as _;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let store = LogStore::new(folder.path(), &OpenOptions::new());
//! let (layer, writer) = LogWriter::start(&store, LogOptions::default())?;
//!
//! // A program would install it for good: tracing::subscriber::set_global_default(…).
//! let subscriber = tracing_subscriber::registry().with(layer.filtered());
//! tracing::subscriber::with_default(subscriber, || {
//!     let thread_id = "01a2036c-de71-77f1-a9e3-3c28701bba61";
//!     let _turn = tracing::info_span!("turn", thread_id, number = 7).entered();
//!     tracing::warn!(exit_code = 1, prompt = "never stored", "the command failed");
//! });
//! writer.flush().await?;
//!
//! let grave = LogQuery { level: Some(LevelMatch::AtLeast(Level::Warn)), ..LogQuery::default() };
//! let rows = store.query(&grave).await?;
//! assert_eq!(rows[0].message, "the command failed");
//! assert_eq!(rows[0].fields["prompt"], "[12 bytes]");
//! assert_eq!(rows[0].spans[0].name, "turn");
//! writer.close().await?;
//! store.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # What is kept
//!
//! Rows belong to a thread, else to the process that logged them, else to neither. Of each thread, of the threadless rows of
//! each process, and of rows with neither there are at most 1,000 rows and 10 MiB; the oldest go in the transaction that
//! brings new ones. So no thread loses its rows because another one is talkative. What is older than 90 days goes when a
//! writer first writes. What finds no room in the queue is dropped, and how many rows that were is a row of its own as
//! soon as there is room again.
//!
//! [`LogStore::forget`] takes a deleted thread's rows out of every file, and drops what programs still log for it, until
//! [`LogStore::readmit`]. What is kept for that is a digest of the thread's id, which names nobody.
//!
//! # Locking
//!
//! The writer is a thread of its own with a runtime of its own. Who logs takes the lock of the queue for as long as it takes
//! to push a row, and never waits for a file. A commit is one `BEGIN IMMEDIATE` transaction; several processes write to one
//! file in turns. A killed process loses what was in its queue: rows of the last two seconds, or 512 of them. While the
//! database cannot be used, the writer tries again after a pause that grows from a second to five minutes; the queue keeps
//! what fits.
//!
//! Ids grow in the order of commits, across all processes, and none is given twice: a tail that asks for what is after the last
//! id it saw misses nothing.
//!
//! # Compatibility
//!
//! The schema changes by appended migrations only. A database that is not ours, or that is damaged or too new, is refused
//! without a byte changed; rows are dropped and counted then, and [`LogWriter::trouble`] says why.
//!
//! # Performance
//!
//! Logs are written far more often than they are read, so writes have a budget: a test logs 20,000 rows of nine full
//! partitions at once, and what is written to the database and its log, checkpoints included, stays within 6 bytes for each
//! byte that was logged. It measured 3.95; one partition alone takes less than half of that. Three things make it so. Commits
//! are large: with 32 rows in each it was four times as much. The rows of a partition lie together, so that old ones are
//! whole pages. And they go before the new ones are written, which then take those pages: the other way round cost half as
//! much again.
//!
//! There is one index, of ids, and an id is also a bound for the time: it is never less than the time in milliseconds times a
//! thousand, and the database knows by how much it was ever more. A query walks along the ids, or along the rows of a
//! thread, from the end that it is asked for, between such bounds, until it has enough rows; what filters leave out on the
//! way is read. A batch of any size is one statement. `cargo xtask bench logs` prints rows a second against rusqlite.
//!
//! # File systems
//!
//! WAL where shared memory works, a rollback journal on network file systems; the plumbing asks the file system. Nothing is
//! opened before it is needed, and only writing makes a file. A read-only home is read with [`OpenOptions::read_only`].
//! Deleted text is overwritten.

mod capture;
mod database;
mod error;
mod filter;
mod level;
mod options;
mod quiet;
mod store;
mod writer;

pub use capture::LogLayer;
pub use database::LOGS_DB;
pub use error::LogError;
pub use filter::{BadFilter, LogFilter};
pub use level::{BadLevel, Level};
#[doc(hidden)]
pub use options::Keep;
pub use options::LogOptions;
pub use store::{
    DEFAULT_LIMIT, LevelMatch, LogInventory, LogQuery, LogRow, LogSpan, LogStore, MAX_LIMIT, Order,
};
#[doc(hidden)]
pub use store::{NewRow, statements};
#[doc(no_inline)]
pub use threadkeep_sqlite::{DbError, ErrorClass, OpenError, OpenOptions};
pub use writer::LogWriter;
