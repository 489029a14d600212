//! History of a coding agent's threads in one SQLite file: full-text search, turns, and
//! tokens by day.
//!
//! It is a projection of rollouts: `history_1.sqlite` can be made again at any time. Texts are not
//! stored in it. Snippets and turns are cut from the rollouts, by their bytes.
//!
//! | task | where |
//! |---|---|
//! | bring it up to date | [`HistoryStore::ports`], [`HistoryPorts::engine`] |
//! | search | [`HistoryStore::search`], then [`HistoryStore::show`] for the hits on a screen |
//! | list turns, read them | [`HistoryStore::turns`], [`HistoryStore::read_turns`] |
//! | add up tokens | [`HistoryStore::usage`] |
//! | see figures | [`HistoryStore::indexed`], [`HistoryStore::figures`] |
//! | delete a thread | [`HistoryStore::deleted_threads`] |
//!
//! ```
//! use threadkeep_history::{AgentHome, HistoryStore, OpenOptions, SearchQuery};
//! use threadkeep_rollout::{NewThread, Recorder};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let (home, sqlite_home) = (folder.path().join("home"), folder.path());
//! # std::fs::create_dir(&home)?;
//! let home = AgentHome::open(home)?;
//! let mut recorder = Recorder::create(&home, &NewThread::new("my-agent", "1.0.0", "/project"))?;
//! let message = serde_json::json!({"type": "user_message", "message": "Fix the build"});
//! recorder.append("event_msg", &message)?;
//! recorder.sync()?;
//!
//! let history = HistoryStore::new(sqlite_home, &OpenOptions::new());
//! history.ports(&home).await?.engine().run(|_| {}).await?;
//!
//! let query = SearchQuery::new("build fix");
//! let page = history.search(&query).await?;
//! let shown = history.show(&home, &query, &page.threads[0].hits).await?;
//! assert_eq!(shown[0].turn_number, Some(1));
//! assert_eq!(shown[0].snippet.as_ref().map(|snippet| &*snippet.text), Some("Fix the build"));
//! history.close().await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Words
//!
//! A word is a run of letters and digits, without regard to case and accents. In scripts without
//! spaces each character is a word. A search has words and phrases in quotes, and a passage must
//! have all of them, in any order. A typed word that has several words is a phrase
//! (`path/to/file.rs`). Words of three letters and more may go on, except in quotes. A passage is
//! one message, one command with the head of its output, or one list of changed files. Copied lines
//! of a fork are found in the thread that they come from.
//!
//! # Turns
//!
//! The unit is a file, so that a change of one touches the rows of no other. The turns of a thread
//! are put together when they are asked for, and are those of
//! [`list_turns`](threadkeep_rollout::list_turns). Turns that no longer count have no number, and
//! are no hits. A revert that splits a turn names the byte and the ordinal where it does; a search
//! goes by the byte, so that a turn that only an ordinal splits is found as a whole.
//!
//! # Deleted threads
//!
//! [`HistoryStore::deleted_threads`] erases a deleted thread from every file. FTS5 keeps deleted
//! words until it merges the segments that have them. So a deletion merges the whole index into one
//! segment, which takes about as long as copying it, for several threads as for one.
//!
//! Words of a rollout that was rewritten or removed, while its thread was not deleted, are no
//! longer found. FTS5 keeps them in its pages until it merges their segments, or a thread is
//! deleted.
//!
//! # Locking
//!
//! One lease in the database, as for `threadkeep-backfill`. Each batch is one `BEGIN IMMEDIATE`
//! transaction with the words, turns and tokens of its files, so that a kill at any moment leaves
//! all of a file or nothing. Readers do not wait (WAL).
//!
//! # Compatibility
//!
//! The schema changes only by appended migrations. When a version learns to read more from
//! rollouts, fingerprints change, and everything is read again.
//!
//! # Performance
//!
//! A file that has grown is read from the start of its last turn. A search ranks the newest 1,000
//! passages that match, and older ones on further pages. Words of passages of 1 KB take 30 % of
//! the text; the database has no text but the first words of turns.
//!
//! `cargo xtask bench history` indexes 10,000 rollouts (880 MB). On a cloud machine (2 vCPUs, in
//! use by others) that took 4.6 times as long as counting their newlines, in 29 MiB. The database
//! had 25 MB, 2.8 % of the rollouts: 228,000 passages of 40 bytes, and 65,000 turns.
//!
//! On the same machine, with a load of 10 on its 2 vCPUs, a search took 5 to 7 ms (p50) and 17 to
//! 30 ms (p99), tokens by day 14 to 25 ms, 20 turns from the middle of 100 MB 3 to 7 ms, and
//! deleting a thread 0.6 s.
//!
//! # File systems
//!
//! As for `threadkeep-sqlite`. Paths are relative to the agent home, so that a home can move.
//! [`OpenOptions::read_only`] searches a read-only home.
//!
//! # Features
//!
//! | feature | default | effect |
//! |---|---|---|
//! | `backfill` | yes | fills the database: the ports of `threadkeep-backfill` |
//! | `zstd` | yes | reads compressed rollouts (`.jsonl.zst`) |

mod blocking;
mod chain;
#[cfg(feature = "backfill")]
mod current;
mod erase;
mod error;
mod figures;
mod numbers;
mod passages;
#[cfg(feature = "backfill")]
mod ports;
#[cfg(feature = "backfill")]
mod problem;
mod query;
mod search;
mod show;
mod snippet;
mod statements;
mod store;
mod turns;
mod usage;
mod words;

pub use error::HistoryError;
pub use figures::ThreadFigures;
#[cfg(feature = "backfill")]
pub use ports::{
    FileContent, HistoryEngine, HistoryIndex, HistoryItem, HistoryPorts, HistoryProgress, HistoryReport,
    HistorySource, Indexed, Previous,
};
#[cfg(feature = "backfill")]
pub use problem::HistoryProblem;
pub use query::MAX_WORDS;
pub use search::{FoundThread, Hit, SearchCursor, SearchPage, SearchQuery};
pub use show::ShownHit;
pub use snippet::Snippet;
#[doc(hidden)]
pub use statements::statements;
pub use store::{HISTORY_DB, HistoryStore};
#[doc(no_inline)]
pub use threadkeep_rollout::{AgentHome, ItemsView, Purpose, Said, TokenUsage, Turn, TurnSpan, TurnStatus};
#[doc(no_inline)]
pub use threadkeep_sqlite::{DbError, DeletedThreads, ErrorClass, OpenError, OpenOptions};
pub use turns::{HistoryTurn, HistoryTurns, TurnsQuery};
pub use usage::{UsageQuery, UsageRow};

/// Returns the words of a text, for tests.
#[doc(hidden)]
#[must_use]
pub fn words_of(text: &str) -> Vec<String> {
    words::words(text).into_iter().map(|word| word.text).collect()
}
