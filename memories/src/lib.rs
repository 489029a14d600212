//! A memory made of a coding agent's past threads, in two phases.
//!
//! 1. **Extraction**: one job a thread. A model reads the thread and gives a summary and what is
//!    worth remembering.
//! 2. **Consolidation**: one run at a time. The memories become files in a workspace with a git
//!    baseline, and an agent brings the consolidated text up to date with what has changed.
//!
//! The crate owns the procedure and the workspace. Storage, models, agents, rollouts and redaction
//! are behind [ports](crate::StageOneJobs); it knows no SQL, no HTTP and no file format.

mod clock;
#[cfg(feature = "testing")]
pub mod conformance;
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

pub use clock::{Clock, SystemClock};
pub use error::{AgentError, BoxError, ModelError, ThreadTextError, WriteError};
pub use item::{HeadAndTail, MemoryItem, ThreadText};
pub use job::claim::{Claim, ClaimRequest, Eligibility};
pub use job::lease::{JobLease, Term};
pub use job::skip::{Considered, SkipReason};
pub use job::status::{JobCounts, JobFailure};
pub use lock::{
    ConsolidationClaim, ConsolidationFailure, ConsolidationLease, ConsolidationRequest, ConsolidationState,
    ConsolidationSuccess, KeptFile, Step,
};
pub use output::answer::{AnswerError, answer_schema, read_answer};
pub use output::memory::{Memory, Selection, StageOneOutput};
pub use ports::{
    ConsolidationAgent, ConsolidationLock, ConsolidationTask, ExtractionRequest, Redactor, RolloutText,
    StageOneJobs, StageOneModel, StageOneOutputs,
};
pub use thread::ThreadFacts;
