//! A generic backfill engine: brings an index up to date with a source, in batches, resumably, one
//! process at a time.
//!
//! The engine owns the *procedure*: it finds what is new, changed or gone, and decides order,
//! batches and owner. It knows no storage and no content. Those are behind three ports:
//!
//! | port | provides | for example |
//! |---|---|---|
//! | [`Source`] | the items: keys and fingerprints | the files of a folder |
//! | [`Index`] | reading an item, storing a batch of them | a table of a database |
//! | [`Progress`] | the stored outcome of each item, the watermark, the lease | two more tables of it |
//!
//! A pass lists the source and compares it with the stored outcomes. It reads items that are new,
//! changed, lost from the index or worth another try, and commits them in key order. Vanished items
//! go last, so that a moved item is found at its new place first. The next pass looks at everything
//! again. So every lost row heals, and so does every item that came or went unnoticed.
//!
//! The engine is not a file watcher, a job queue or a database. It runs when it is called and keeps
//! nothing between runs. The index's own transaction writes everything that must last.
//!
//! # Problems
//!
//! Adapters bring their own problem type ([`ItemProblem`]). The engine asks it only whether another
//! try may succeed. It stores the problem in the item's outcome and hands it out in the [`Report`].
//!
//! # Locking
//!
//! One lease in the store, with an owner, an expiry and a **fencing token** that grows by one at
//! each grant. Heartbeats (three a term, 30 s by default) and commits renew it. A run that finds a
//! living owner reports [`Ending::Held`] or waits ([`BackfillOptions::patience`]). An expired lease
//! is taken over. Each commit checks the token in its own transaction. An engine that slept through
//! its term therefore cannot write and ends with [`BackfillError::LeaseLost`]. A run gives its
//! lease back when it ends, is stopped, fails, or its future is dropped within a runtime.
//!
//! Batch, outcomes and watermark are one transaction. A kill at any instant leaves whole batches,
//! and the next pass finds the rest by fingerprints. The **watermark** (every listed key up to it
//! is done) is there for fairness and for people. A pass after an unfinished one begins after it,
//! so runs that are killed again and again still reach everything. A pass may go through the keys
//! from the last to the first ([`BackfillOptions::descending`]); the watermark then goes down.
//!
//! # Compatibility
//!
//! Fingerprints are opaque and compared for equality. An index that learns to read more puts a
//! version into them, or runs once with [`BackfillOptions::force`]. Keys are ordered by their
//! bytes; sources and stores must agree on that. Leases are compared by the wall clock ([`Clock`]):
//! machines that share a store should agree on the time to within a term.
//!
//! # Performance
//!
//! A pass over unchanged items makes two writes (taking and giving back the lease) and reads
//! outcomes in pages of 1,000: the first while the source lists, each other while the page before
//! it is compared. The listing is in memory, the outcomes are not. Batches hold 400 items or
//! 32 MiB. While one is committed, as many threads as the machine runs at once read the next; there
//! are never more than these two. A permanent failure is not read again until the item changes.
//!
//! # File systems
//!
//! The engine touches none. A source that walks folders names unreadable ones in
//! [`Listing::unknown_prefixes`], and no item under them counts as vanished. A source without its
//! root fails with [`SourceError::Missing`], so an unmounted disk empties no index.
//!
//! # Example
//!
//! With the in-memory ports of the feature `testing`:
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use threadkeep_backfill::in_memory::{InMemorySource, InMemoryStore, ItemContent};
//! use threadkeep_backfill::{Backfill, Ending};
//!
//! let source = Arc::new(InMemorySource::default());
//! let store = Arc::new(InMemoryStore::default());
//! source.put("a", ItemContent::text("some text"));
//! source.put("b", ItemContent::text("some more"));
//!
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! runtime.block_on(async {
//!     let backfill = Backfill::new(Arc::clone(&source), Arc::clone(&store), Arc::clone(&store));
//!     let first = backfill.run(|update| assert!(update.done_items <= update.total_items)).await?;
//!     assert_eq!((first.ending, first.indexed), (Ending::Complete, 2));
//!
//!     source.put("b", ItemContent::text("something else"));
//!     let second = backfill.run(|_| {}).await?;
//!     assert_eq!((second.unchanged, second.indexed), (1, 1));
//!     assert_eq!(store.text_of("b").as_deref(), Some("something else"));
//!     Ok(())
//! })
//! # }
//! # #[cfg(not(feature = "testing"))]
//! # fn main() {}
//! ```
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `testing` | no | `in_memory` (ports with faults, a manual clock), `conformance` (the suite for implementations) |

mod batch;
mod clock;
#[cfg(feature = "testing")]
pub mod conformance;
mod engine;
mod error;
#[cfg(feature = "testing")]
pub mod in_memory;
mod item;
mod lease;
mod options;
mod outcome;
mod ports;
mod problem;
mod report;
mod stop;

pub use batch::{Batch, CommitReport, Extraction};
pub use clock::{Clock, SystemClock};
pub use engine::Backfill;
pub use error::{BackfillError, BoxError, SourceError, WriteError};
pub use item::{Item, Listing};
pub use lease::{Acquired, BackfillStatus, Finish, Lease, ProgressState, Term};
pub use options::BackfillOptions;
pub use outcome::{OutcomeState, StoredOutcome};
pub use ports::{BatchOf, Index, Progress, Source};
pub use problem::{ItemProblem, Problem, ProblemKind};
pub use report::{Ending, Phase, Preview, ProgressUpdate, Report};
pub use stop::StopHandle;
