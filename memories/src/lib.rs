//! A memory made of a coding agent's past threads, in two phases.
//!
//! 1. **Extraction**: one job a thread. A model reads the thread and gives a summary and what is
//!    worth remembering.
//! 2. **Consolidation**: one run at a time. The memories become files in a workspace with a git
//!    baseline, and an agent brings the consolidated text up to date with what has changed.
//!
//! The crate owns the procedure and the workspace. Storage, models, agents, rollouts and redaction
//! are behind ports; it knows no SQL, no HTTP and no file format of an agent.
//!
//! | port | provides |
//! |---|---|
//! | [`StageOneJobs`] | the jobs of phase 1: claims, leases, results |
//! | [`StageOneOutputs`] | the stored memories |
//! | [`ConsolidationLock`] | the global lock of phase 2, and its last results |
//! | [`RolloutText`] | the memory-relevant items of a thread |
//! | [`StageOneModel`] | a model that reads a thread and answers by [`answer_schema`] |
//! | [`ConsolidationAgent`] | an agent that works on a copy of the workspace |
//! | [`Redactor`], [`Clock`] | removal of secrets, the time |
//!
//! [`extraction::Extraction`] runs phase 1, and `consolidation::Consolidation` phase 2.
//! [`files`] writes the files that follow from stored memories.
//!
//! # Locking
//!
//! Each job has a lease of an hour with a fencing token, and at most 64 run at a time over all
//! processes. Phase 2 has one global lock of the same kind. A worker that slept through its lease
//! can write nothing. Stores may take over the lease of an owner that is provably dead.
//!
//! # Compatibility
//!
//! Answers of models are read by [`read_answer`], also with the keys of earlier contracts. Words in
//! stores ([`SkipReason::code`], [`Step::code`]) keep their meaning. Generated files carry a
//! checksum; an edited one is moved to `edited/` and never overwritten.
//!
//! # Performance
//!
//! A run of phase 1 holds at most the token budget of each of its workers in memory. A run of phase
//! 2 that finds nothing changed reads each file of the workspace once, and starts no agent.
//!
//! # File systems
//!
//! Files are written next to their place, synced and renamed. No symbolic link is followed out of
//! the workspace. The feature `workspace` needs Unix.
//!
//! # Features
//!
//! | feature | default | effect |
//! |---|---|---|
//! | `testing` | no | in-memory ports and the conformance suite |
//! | `workspace` | no | phase 2, in a folder with a git baseline; brings parts of gitoxide |

mod clock;
#[cfg(feature = "testing")]
pub mod conformance;
#[cfg(all(feature = "workspace", unix))]
pub mod consolidation;
mod error;
pub mod extraction;
pub mod files;
#[cfg(feature = "testing")]
pub mod in_memory;
mod item;
mod job;
mod lock;
mod output;
mod ports;
mod thread;
#[cfg(all(feature = "workspace", unix))]
mod workspace;

pub use clock::{Clock, SystemClock};
pub use error::{AgentError, BoxError, ModelError, ThreadTextError, WriteError};
pub use item::{HeadAndTail, MemoryItem, ThreadText};
pub use job::claim::{Claim, ClaimRequest, Eligibility};
pub use job::lease::{JobLease, Term};
pub use job::skip::{Considered, SkipReason};
pub use job::status::{JobCounts, JobFailure};
pub use lock::{
    ConsolidationClaim, ConsolidationFailure, ConsolidationLease, ConsolidationRequest, ConsolidationState,
    ConsolidationSuccess, KeptFile, NotNow, Step,
};
pub use output::answer::{AnswerError, answer_schema, read_answer};
pub use output::memory::{Memory, Selection, StageOneOutput};
pub use ports::{
    ConsolidationAgent, ConsolidationLock, ConsolidationTask, ExtractionRequest, Redactor, RolloutText,
    StageOneJobs, StageOneModel, StageOneOutputs,
};
pub use thread::ThreadFacts;
#[cfg(all(feature = "workspace", unix))]
pub use workspace::{
    Baseline, Change, ChangeKind, MOST_DIFF, Published, Refusal, Refused, Snapshot, Workspace, WorkspaceDiff,
    WorkspaceError,
};
