//! Logs of an agent in one SQLite file, kept within limits.
//!
//! A [`LogLayer`] for `tracing` passes a program's events to a [`LogWriter`], which commits them in
//! batches to `logs_2.sqlite`. A [`LogStore`] finds them by level, time, module, file, thread and
//! text. Logs fail soft: an unusable database never stops a program.
//!
//! | task | where |
//! |---|---|
//! | log | [`LogWriter::start`], then install its [`LogLayer`] |
//! | choose events | [`LogFilter`] in [`LogOptions`] |
//! | find rows, follow new ones | [`LogStore::query`] with [`LogQuery`] |
//! | see figures | [`LogStore::inventory`] |
//! | delete old rows | [`LogStore::expire`] |
//!
//! Logs are not a record of conversations. A text under a name such as `prompt` or `output` is
//! stored as its length (`[1234 bytes]`). The last word of the name decides: args, argument,
//! arguments, authorization, bodies, body, completion, content, contents, conversation, delta,
//! diff, document, history, html, input, inputs, instruction, instructions, messages, output,
//! outputs, patch, payload, payloads, prompt, prompts, request, response, stderr, stdin, stdout,
//! transcript. Numbers and booleans under such names stay, and so does an event's `message`.
//! Secrets are redacted in all texts by `threadkeep-redact`, and the value of a field with a
//! secret's name is dropped. That happens before a row is cut to its limit of 64 KiB.
//!
//! ```
//! use threadkeep_state_logs::{Level, LevelMatch, LogOptions, LogQuery, LogStore, LogWriter};
//! use threadkeep_state_logs::OpenOptions;
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
//! let severe = LogQuery { level: Some(LevelMatch::AtLeast(Level::Warn)), ..LogQuery::default() };
//! let rows = store.query(&severe).await?;
//! assert_eq!(rows[0].message, "the command failed");
//! assert_eq!(rows[0].fields["prompt"], "[12 bytes]");
//! assert_eq!(rows[0].spans[0].name, "turn");
//! writer.close().await?;
//! store.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Retention
//!
//! A row belongs to a thread, otherwise to the process that logged it, otherwise to neither. Each
//! thread, each process's threadless rows, and the rows with neither have a limit of 1,000 rows and
//! 10 MiB. The transaction that adds rows deletes the oldest. So a talkative thread costs no other
//! thread its rows. Rows older than 90 days are deleted when a writer first writes. Rows that find
//! the queue full are dropped, and a row of its own reports their number later.
//!
//! [`LogStore::deleted_threads`] erases a deleted thread's rows from every file. Its tombstone
//! keeps the thread's id and drops what programs still log for it, until the thread is restored.
//!
//! # Locking
//!
//! The writer is a thread of its own with its own runtime. A logging thread holds the queue's lock
//! only to push a row, and never waits for a file. A commit is one `BEGIN IMMEDIATE` transaction;
//! processes take turns. A killed process loses the rows in its queue: those of the last two
//! seconds, or 512. While the database is unusable, the writer retries after a pause that grows
//! from a second to five minutes, and the queue keeps the rows that fit.
//!
//! Ids grow in the order of commits across all processes, and none is used twice. So a program that
//! asks for rows after the last id that it saw misses none.
//!
//! # Compatibility
//!
//! The schema changes only by appended migrations. A database that is not ours, damaged or too new
//! is refused without a byte changed. Rows are then dropped and counted, and [`LogWriter::trouble`]
//! returns the error.
//!
//! # Performance
//!
//! Logs are written far more often than they are read, so writing has a budget. A test logs 20,000
//! rows to nine full partitions. The bytes written to the database and its log, checkpoints
//! included, stay within 6 for each logged byte. It measured 3.95; a single partition takes less
//! than half of that. Three decisions make it so:
//!
//! * Commits are large. With 32 rows each, it was four times as much.
//! * The rows of a partition are adjacent, so that old rows fill whole pages.
//! * Old rows are deleted before new ones are written, which then reuse their pages. The reverse
//!   order wrote half as much again.
//!
//! The one index is on ids, and an id also bounds the time: it is at least the time in milliseconds
//! times 1,000, and the database stores the largest difference. A query walks along the ids, or
//! along a thread's rows, from either end between such bounds until it has enough rows. It reads
//! the rows that filters drop. A batch of any size is one statement. `cargo xtask bench logs`
//! compares rows a second with rusqlite.
//!
//! # File systems
//!
//! WAL on local file systems, a rollback journal on network file systems. Nothing is opened before
//! its first use, and only writing creates a file. [`OpenOptions::read_only`] reads a read-only
//! home. Deleted text is overwritten.

mod capture;
mod error;
mod filter;
mod level;
mod options;
mod quiet;
mod store;
mod writer;

pub use capture::LogLayer;
pub use error::LogError;
pub use filter::{BadFilter, LogFilter};
pub use level::Level;
#[doc(hidden)]
pub use options::Keep;
pub use options::LogOptions;
pub use store::{
    DEFAULT_LIMIT, LOGS_DB, LevelMatch, LogInventory, LogQuery, LogRow, LogSpan, LogStore, MAX_LIMIT, Order,
};
#[doc(hidden)]
pub use store::{NewRow, statements};
#[doc(no_inline)]
pub use threadkeep_sqlite::{DbError, DeletedThreads, ErrorClass, OpenError, OpenOptions};
pub use writer::LogWriter;
