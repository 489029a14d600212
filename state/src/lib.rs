//! The index of a coding agent's threads and of their spawning, and one runtime over every store.
//!
//! A coding agent writes each conversation (a *thread*) to a JSONL file, its *rollout*. The
//! rollouts are the source of truth. This crate keeps an index of them that is quick to list and to
//! search, and the user's own additions: names, archived, deleted. It does **not** store
//! conversations. If `state_5.sqlite` is lost, an index run makes it again from the rollouts,
//! without the additions. Deleted threads stay deleted even then, because the other stores know
//! them too.
//!
//! [`StateRuntime::open`] opens the index and hands out the stores:
//!
//! | accessor | store | database |
//! |---|---|---|
//! | [`threads`](StateRuntime::threads) | lists, finds, edits and follows threads: [`ThreadStore`] | `state_5.sqlite` |
//! | [`graph`](StateRuntime::graph) | edges from parents to the agents that they spawned: [`AgentGraph`] | the same |
//! | `memories` (feature `memories`) | the ports of `threadkeep-memories`: jobs, memories, the lock | the same |
//! | `device_key_bindings` (feature `device-key`) | the port of `threadkeep-device-key`: the bindings | the same |
//! | `backfill_progress`, `backfill_ports` (feature `backfill`) | the ports by which a `threadkeep-backfill` engine updates the index | the same |
//! | `thread_goals` (feature `goals`) | `threadkeep_state_goals::GoalStore` | `goals_1.sqlite` |
//! | `history` (feature `history`) | `threadkeep_history::HistoryStore` | `history_1.sqlite` |
//! | `logs` (feature `logs`) | `threadkeep_state_logs::LogStore` | `logs_2.sqlite` |
//!
//! [`StateRuntime::delete_thread`] deletes a thread from all of them. [`StateRuntime::audit`]
//! compares the index with the rollouts. [`health`] checks every database. A program that records
//! threads itself follows them with [`ThreadStore::follow`].
//!
//! ```
//! use jiff::Timestamp;
//! use threadkeep_state::{ListThreads, StateOptions, StateRuntime, ThreadMetadata, ThreadUpsert};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let state = StateRuntime::open(&StateOptions::new(folder.path())).await?;
//!
//! // A live session indexes itself; a backfill does the same from files.
//! let id = "01a2036c-de71-77f1-a9e3-3c28701bba61".parse()?;
//! let mut metadata = ThreadMetadata::new(id);
//! metadata.created_at = Some("2026-11-22T13:23:16.213Z".parse()?);
//! metadata.title = Some("Please list the files here".to_owned());
//! let name = "rollout-2026-11-22T13-23-16-01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl";
//! let path = format!("sessions/2026/11/22/{name}");
//! state.threads().upsert(&[ThreadUpsert::new(metadata, &path, false, "openai")]).await?;
//!
//! state.threads().rename(id, Some("My first session"), Timestamp::now()).await?;
//! let found = ListThreads { search: Some("first".to_owned()), ..ListThreads::default() };
//! let page = state.threads().list(&found).await?;
//! assert_eq!(page.threads[0].name.as_deref(), Some("My first session"));
//!
//! state.threads().archive(id, Timestamp::now()).await?;
//! assert!(state.threads().list(&found).await?.threads.is_empty());
//!
//! // An agent spawns another one; closing the first closes both.
//! let child = "01a2036f-6413-7f52-a1f0-1d3e7f7a4c11".parse()?;
//! state.graph().upsert_edge(id, child, Timestamp::now()).await?;
//! assert_eq!(state.graph().close_subtree(id, Timestamp::now()).await?, [id, child]);
//!
//! assert!(state.delete_thread(id, Timestamp::now()).await?.is_empty());
//! state.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Locking
//!
//! Every write is one `BEGIN IMMEDIATE` transaction on the process's one writer. Other writers wait
//! for it, with a bound. Readers never wait (WAL). An index run holds a lease in the table
//! `backfill_progress`, so that one run goes on at a time. The lease of a dead process on this
//! machine is taken over at once, any other when it expires. Every batch checks the lease's fencing
//! token in its own transaction. A deletion's work in other databases is recorded in the
//! transaction that deletes the row, and finished at the next opening if the process dies.
//!
//! # Compatibility
//!
//! Migrations are only appended. An older program works on a newer database if the migrations allow
//! it. Cursors have a version, and an unknown one is refused. A database that is not ours is
//! refused without a changed byte. No start ever deletes a database.
//!
//! # Performance
//!
//! A page of a list is one statement, whatever the number of threads, and a cursor is a key. Each
//! kind of list, and each of a few folders, is a range of an index; SQLite merges them. Other
//! filters walk these ranges until the page is full. A search compares the first rows one by one,
//! and then asks a trigram index which of the others may match. A batch of up to 400 rows is one
//! statement, and an unchanged row is not written. A live session writes its thread's description
//! at once, and everything else once in [`MAX_TOUCHES`] lines of its process, or after a minute
//! ([`TOUCH_INTERVAL`]). `cargo xtask bench list`, `bench backfill` and `bench session` measure
//! this.
//!
//! # File systems
//!
//! As for `threadkeep-sqlite`. Paths in the index are relative to the agent home, so a home can
//! move. [`OpenOptions::read_only`] reads a read-only home.
//!
//! # Features
//!
//! All are on by default: `backfill`, `device-key`, `goals`, `history`, `logs` and `memories` as
//! above, and `zstd` reads `.jsonl.zst`.

/// The examples of the workspace's README are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

mod agent_database;
pub mod audit;
#[cfg(feature = "backfill")]
pub mod backfill;
mod census;
mod decisions;
mod deletion;
#[cfg(feature = "device-key")]
mod device_keys;
mod error;
mod fingerprint;
mod graph;
pub mod health;
mod home;
mod home_problem;
mod inventory;
#[cfg(feature = "memories")]
pub mod memories;
mod row;
mod runtime;
mod statements;
mod stores;
#[cfg(test)]
mod tests;
mod thread;
mod threads;
mod watch;

pub use agent_database::{AgentRollouts, agent_rollouts};
pub use census::Census;
pub use deletion::{DeletedNow, PendingDeletion};
#[cfg(feature = "device-key")]
pub use device_keys::DeviceKeyBindings;
pub use error::StateError;
pub use graph::{Agent, AgentGraph, AgentTotals, Descendants, GraphError, Lifecycle, MAX_DEPTH, TreeQuery};
pub use home_problem::{FileProblem, HomeProblem};
pub use inventory::{Hidden, Inventory};
pub use runtime::StateRuntime;
#[doc(hidden)]
pub use statements::statements;
pub use stores::{DATABASES, STATE_DB, StateOptions, Stores};
pub use thread::{HOME_AGENT, MemoryMode, NameSource, Thread};
#[doc(no_inline)]
pub use threadkeep_rollout::{
    AgentGoal, AgentHome, HomeError, RunOutcome, ThreadKind, ThreadMetadata, Touch,
};
#[doc(no_inline)]
pub use threadkeep_sqlite::{
    DbError, ErrorClass, JournalMode, OpenError, OpenOptions, Tombstone, lease_owner, owner_is_dead,
};
pub use threads::{
    BadCursor, Cursor, DEFAULT_PAGE, GitUpdate, LEAST_END, ListThreads, LiveError, LiveThread, MAX_GIT_CHARS,
    MAX_NAME_CHARS, MAX_PAGE, MAX_TOUCHES, Shelf, SortDirection, SortKey, SourceFilter, TOUCH_INTERVAL,
    ThreadCaption, ThreadCounts, ThreadPage, ThreadStore, ThreadUpsert,
};
pub use watch::{ThreadChange, ThreadWatch};
