//! The index of a coding agent's threads and of who spawned whom, and one runtime over every store beside it.
//!
//! A coding agent writes each conversation (a *thread*) to a JSONL file, its *rollout*. The rollouts are the source of
//! truth; this crate keeps beside them what makes them quick to list and to search, and the few things that only the
//! user knows: names they gave, what they archived, what they deleted. It is **not** a store of conversations: lose
//! `state_5.sqlite`, and an index run makes it again from the rollouts, but for those few things. What was deleted stays so
//! even then: the stores beside the index know it too.
//!
//! [`StateRuntime::open`] opens the index and hands out the stores, of which goals and logs open at their first use:
//!
//! | accessor | store | database |
//! |---|---|---|
//! | [`threads`](StateRuntime::threads) | lists, finds, edits and follows threads: [`ThreadStore`] | `state_5.sqlite` |
//! | [`graph`](StateRuntime::graph) | who spawned whom, and who is open: [`AgentGraph`] | the same |
//! | [`thread_memories`](StateRuntime::thread_memories) | what is remembered of a thread: [`ThreadMemories`] | the same |
//! | `backfill_progress`, `backfill_ports` (feature `backfill`) | the ports by which a `threadkeep-backfill` engine brings the index up to date | the same |
//! | `thread_goals` (feature `goals`) | `threadkeep_state_goals::GoalStore` | `goals_1.sqlite` |
//! | `logs` (feature `logs`) | `threadkeep_state_logs::LogStore` | `logs_2.sqlite` |
//!
//! [`StateRuntime::delete_thread`] deletes a thread from all of them; [`StateRuntime::audit`] proves the index right or says
//! where it is wrong; [`health`] looks after every database alike. A program that records threads itself follows them with
//! [`ThreadStore::follow`].
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
//! let path = "sessions/2026/11/22/rollout-2026-11-22T13-23-16-01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl";
//! state.threads().upsert(&[ThreadUpsert::new(metadata, path, false, "openai")]).await?;
//!
//! state.threads().rename(id, Some("My first session")).await?;
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
//! Every write is one `BEGIN IMMEDIATE` transaction on the one writing connection that a process has; others wait
//! for it, also those of other processes, with a bound. Readers never wait and are never waited for (WAL). An index
//! run holds a lease in the table `backfill_progress`: one run at a time, whatever the number of processes; the
//! lease of a process that died on this machine is taken over at once, any other when it expires. Every batch
//! checks the lease's fencing token in its own transaction. What a deletion has to do in other databases is recorded in the
//! transaction that takes the row, and finished at the next opening if the process dies in between.
//!
//! # Compatibility
//!
//! The schema changes by appended migrations only. An older program works on a newer database as long as the
//! migrations say that it may, and refuses untouched what it does not understand. Cursors bear a version; an unknown
//! one is refused. A database that is not ours is refused without a byte changed. No start ever deletes a database.
//!
//! # Performance
//!
//! A page of a list is one statement on one index, whatever the number of threads; so is the next one, because a
//! cursor is a key and not an offset. A filter by folder has indexes of its own; one by source or provider, and a search,
//! walk the list's index until the page is full, without looking at the rows that they pass: for a rare one that is
//! every entry of the list, 10 ms for 100,000. Substrings of three characters and more come from a trigram index. A batch
//! of any size is one statement, its rows one JSON array. A thread that did not change is not written. A live session writes
//! what describes its thread at once, and everything else once in [`MAX_TOUCHES`] lines of all
//! its process's sessions, or after a minute ([`TOUCH_INTERVAL`]). `cargo
//! xtask bench list`, `bench backfill` and `bench session` print what that comes to, as ratios.
//!
//! # File systems
//!
//! WAL where shared memory works, a rollback journal on network file systems; the plumbing asks the file system
//! before it opens. Paths in the index are relative to the agent home, so a home can move. A read-only home is read
//! with [`OpenOptions::read_only`].
//!
//! # Features
//!
//! | feature | default | what it brings |
//! |---|---|---|
//! | `backfill` | yes | the ports of `threadkeep-backfill` over an agent home and this index |
//! | `goals` | yes | `StateRuntime::thread_goals`: goals of threads, in `goals_1.sqlite` |
//! | `logs` | yes | `StateRuntime::logs`: logs, in `logs_2.sqlite` |
//! | `zstd` | yes | rollouts that end in `.jsonl.zst` |

/// The examples of the workspace's README are compiled with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

pub mod audit;
#[cfg(feature = "backfill")]
pub mod backfill;
mod database;
mod deletion;
mod error;
mod graph;
pub mod health;
mod home;
mod home_problem;
mod inventory;
mod memories;
mod row;
mod runtime;
mod statements;
mod thread;
mod threads;

pub use database::{DATABASES, RuntimeDatabase, STATE_DB};
pub use deletion::PendingDeletion;
pub use error::StateError;
pub use graph::{Agent, AgentGraph, Descendants, GraphError, Lifecycle, MAX_DEPTH, TreeQuery};
pub use home_problem::{FileProblem, HomeProblem};
pub use inventory::Inventory;
pub use memories::{ThreadMemories, ThreadMemory};
pub use runtime::{StateOptions, StateRuntime, Stores};
#[doc(hidden)]
pub use statements::statements;
pub use thread::{MemoryMode, Thread};
#[doc(no_inline)]
pub use threadkeep_rollout::{AgentHome, HomeError, RunOutcome, ThreadMetadata, Touch};
#[doc(no_inline)]
pub use threadkeep_sqlite::{DbError, ErrorClass, JournalChoice, OpenError, OpenOptions};
pub use threads::{
    BadCursor, Cursor, DEFAULT_PAGE, ListThreads, LiveError, LiveThread, MAX_NAME_CHARS, MAX_PAGE,
    MAX_TOUCHES, SortDirection, SortKey, TOUCH_INTERVAL, ThreadPage, ThreadStore, ThreadUpsert,
};
