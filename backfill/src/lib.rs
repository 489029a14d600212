//! A generic backfill engine: it brings an index up to date with a source, in batches, resumably, one process at a time.
//!
//! The engine owns the *procedure* (what is new, what has changed, what has gone; in which order, in which batches, by whom)
//! and knows nothing of *what*: that is behind three ports.
//!
//! | port | says | for example |
//! |---|---|---|
//! | [`Source`] | what there is: keys and fingerprints | the files of a folder |
//! | [`Index`] | how an item is read, and how a batch of them is stored | a table of a database |
//! | [`Progress`] | what was stored of each item, how far a pass came, who holds the lease | two more tables of it |
//!
//! A pass lists the source, compares it with the stored outcomes, reads what is new, changed, lost from the index or worth
//! another try, and commits it in key order; what has vanished goes last, so that a moved item is found at its new place first.
//! A complete pass is a report and never a terminal state: the next one looks at everything again, and heals any single row
//! that was lost and any item that came or went.
//!
//! It is not a file watcher, a job queue or a database: it runs when it is called, holds nothing between runs, and everything
//! that must last is written by the index's own transaction.
//!
//! # Locking
//!
//! One lease in the store, with an owner, an expiry and a **fencing token** that grows by one at each grant. It is renewed
//! by heartbeats (three a term, 30 s by default) and by every commit. Whoever finds it held by a living owner is told so
//! ([`RunOutcome::Held`]) or waits ([`Backfill::run_or_wait`]). An expired lease is taken over. Each commit checks the token
//! in its own transaction, so that an engine that slept through its term cannot write, whatever it believes: it ends with
//! [`BackfillError::LeaseLost`]. The lease is given back at the end, when a run is stopped, fails, or its future is dropped
//! within a runtime.
//!
//! Batch, outcomes and watermark are one transaction. A kill at any instant leaves whole batches, and the next pass finds by
//! fingerprints what is left. That alone makes it correct; the **watermark** (all listed keys up to it have been seen to) is
//! for fairness and for people: a pass after an unfinished one begins behind it, so that runs which are killed again and
//! again still reach everything, and a status can say how far it has come.
//!
//! # Compatibility
//!
//! Fingerprints are opaque and compared for equality: an index that learns to read more changes them (by a version in the
//! fingerprint), or runs once with [`Backfill::force`]. Keys are ordered by their bytes; sources and stores must agree on that.
//! Leases are compared by the wall clock ([`Clock`]): machines that share a store should agree on the time to within a term.
//!
//! # Performance
//!
//! A pass over unchanged items makes two writes (taking and giving back the lease) and reads outcomes in pages of 2,000;
//! it allocates nothing for an item but what listing and reading its outcome take. The listing is in memory, the outcomes
//! are not. Batches hold 200 items or 32 MiB; while one is committed the next is read by as many threads as the
//! machine runs at once, and there are never more than these two. An item that failed for good is not read again until it
//! changes.
//!
//! # File systems
//!
//! The engine touches none. A source that walks folders says in [`Listing::unknown_prefixes`] which of them it could not
//! read, and nothing under them is taken for vanished; one that finds nothing at all where its root should be fails with
//! [`SourceError::Missing`], and an unmounted disk empties no index.
//!
//! # Example
//!
//! With the in-memory ports of the feature `testing`; real ones are proved by the suite in `conformance`.
//!
//! ```
//! # #[cfg(feature = "testing")]
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use std::sync::Arc;
//! use threadkeep_backfill::memory::{Content, MemorySource, MemoryStore};
//! use threadkeep_backfill::{Backfill, RunOutcome};
//!
//! let source = Arc::new(MemorySource::new());
//! let store = Arc::new(MemoryStore::new());
//! source.put("a", Content::text("some text"));
//! source.put("b", Content::text("some more"));
//!
//! let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
//! runtime.block_on(async {
//!     let backfill = Backfill::new(Arc::clone(&source), Arc::clone(&store), Arc::clone(&store));
//!     let first = backfill.run(|update| assert!(update.done_items <= update.total_items)).await?;
//!     assert_eq!((first.outcome, first.indexed), (RunOutcome::Complete, 2));
//!
//!     source.put("b", Content::text("something else"));
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
//! | feature | default | what it adds |
//! |---|---|---|
//! | `testing` | no | `memory` (in-memory ports with faults), `conformance` (the suite for implementations), `ManualClock` |

mod batch;
mod clock;
#[cfg(feature = "testing")]
pub mod conformance;
mod engine;
mod error;
mod item;
mod lease;
#[cfg(feature = "testing")]
pub mod memory;
mod outcome;
mod ports;
mod report;
mod stop;

pub use batch::{Batch, BatchOf, CommitReport, Duplicate, ExtractedItem, FailedItem, Remark};
#[cfg(feature = "testing")]
pub use clock::ManualClock;
pub use clock::{Clock, SystemClock};
pub use engine::Backfill;
pub use error::{BackfillError, BoxError, CommitError, LeaseError, SourceError};
pub use item::{Item, ItemFailure, Listing, ListingProblem};
pub use lease::{Acquired, Finish, Lease, ProgressState, Status, Term};
pub use outcome::{OutcomeState, StoredOutcome};
pub use ports::{Index, Progress, Source};
pub use report::{Phase, Problem, ProblemKind, ProgressUpdate, Report, RunOutcome};
pub use stop::StopHandle;
