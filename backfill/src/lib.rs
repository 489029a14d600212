//! Under construction.

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
