//! The JSONL rollouts of coding agents: find, read, extract metadata and turns, append.

mod checkpoint;
mod discover;
mod error;
mod extract;
mod fingerprint;
mod git_url;
mod home;
mod line;
mod metadata;
mod name;
mod pass;
mod payload;
mod raw;
mod reader;
mod skipped;
mod source;
mod text;
mod thread_names;
mod time;

pub use checkpoint::Checkpoint;
pub use discover::{Discovery, DiscoveryProblem, ProblemReason, RolloutFile};
pub use error::ExtractError;
pub use extract::{Extraction, Extractor};
pub use fingerprint::{Fingerprint, FingerprintError};
pub use git_url::strip_credentials;
pub use home::{AgentHome, DEFAULT_MODEL_PROVIDER, HomeConfig, HomeError};
pub use metadata::ThreadMetadata;
pub use name::{RolloutName, RolloutNameError};
pub use reader::MAX_LINE;
pub use skipped::{BadLine, BadReason, MAX_BAD_LINES, SkippedLines};
pub use text::{IMAGE_PLACEHOLDER, MAX_FIRST_USER_MESSAGE, MAX_TITLE};
pub use thread_names::ThreadNames;
