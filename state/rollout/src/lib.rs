//! The JSONL rollouts of coding agents: find, read, extract metadata and turns, append.
//!
//! A coding agent writes every conversation ("thread") to a file of JSON lines, its *rollout*. This crate reads those of
//! the Codex CLI, and writes rollouts of the same format. Data flows one way:
//!
//! 1. [`AgentHome::discover`] finds the rollouts of a home, each with a [`Fingerprint`] that tells whether it changed;
//! 2. [`Extractor::extract`] reads one into [`ThreadMetadata`], and into a [`Checkpoint`] from where to go on;
//! 3. [`Lines`] hands out every line of one, typed where we use it and as it is written where we do not;
//! 4. [`list_turns`] reads its turns, a page at a time;
//! 5. [`Recorder`] appends lines to a rollout of our own.
//!
//! It knows no database and no async runtime, and it never edits a rollout that another program wrote.
//!
//! # Example
//!
//! ```
//! use threadkeep_rollout::{AgentHome, Extractor, NewThread, Recorder};
//! # let folder = tempfile::tempdir()?;
//! # let dir = folder.path();
//!
//! let home = AgentHome::open(dir)?;
//! let mut recorder = Recorder::create(&home, &NewThread::new("my-agent", "1.0.0", "/project"))?;
//! let message = serde_json::json!({"type": "user_message", "message": "Fix the build"});
//! recorder.append("event_msg", &message)?;
//! recorder.sync()?;
//!
//! let mut extractor = Extractor::new();
//! for file in home.discover().files {
//!     let found = extractor.extract(&home.absolute(&file.path), file.compressed, file.name.as_ref(), None)?;
//!     assert_eq!(found.metadata.title.as_deref(), Some("Fix the build"));
//!     assert_eq!(found.lines, 2);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What a rollout says
//!
//! A thread's id and creation time come from the first `session_meta` line; a later one counts only if it has the same
//! id (a fork holds its source's lines). Without a time there, the first line's counts, then the id's own, and at last the
//! file name's. Directory, model, effort, approval and sandbox are those of the latest `turn_context`: a
//! `thread_settings_applied` event says what the *next* turn will use, and is passed over. The title is the user's first
//! message. How the last run ended ([`RunOutcome`]) is the last turn's [`TurnStatus`], where the agent marks its turns: one
//! rule decides both. No text is longer than [`MAX_NAME`], [`MAX_PATH`], [`MAX_JSON`], [`MAX_TITLE`] or
//! [`MAX_FIRST_USER_MESSAGE`], whatever stands in the file. Where a rollout says nothing, the field is `None`: no default is made up.
//!
//! [`Lines`] reads more than that: every line is a [`Line`], with its JSON as it is written; [`Line::fact`] is a [`Fact`],
//! typed where this crate uses it and [`Fact::Other`] where it does not. Of a key that comes twice the last counts, and
//! half of a surrogate pair (`\ud83d` alone) is read as U+FFFD.
//!
//! Whatever stands in a file, reading it is no error: a line that is torn, not UTF-8, not JSON or too long is skipped,
//! counted and described in [`SkippedLines`]. A line that cannot change the metadata is looked at no further than it
//! takes to know that: it is checked for UTF-8 and for its braces, and not parsed.
//!
//! # Locking
//!
//! Reading takes no lock: an agent may append while we read, and what it has not finished is read the next time. A
//! [`Recorder`] holds an advisory lock (`flock`) on its file for as long as it lives, so that two never interleave. Any
//! number of [`Extractor`]s may run at once; one is for one thread at a time.
//!
//! # Compatibility
//!
//! Read and tested against files of Codex 0.169, 0.144, 0.99 and 0.47; the oldest, header-first files (2025) are read
//! too. Line types and fields that are not known are passed over. A stored [`Checkpoint`] of another version of this
//! crate is not an error: the file is read from its start. All public enums and most structs are `#[non_exhaustive]`.
//!
//! # Performance
//!
//! What a line is stands in its first bytes; only lines that can change the metadata are parsed, and of those of which
//! the last counts, only the last. Reading costs between one and a half and two and a half times a plain newline count
//! over the same files: about 0.25 s of processor time a GB, on top of copying it from the page cache. An [`Extractor`]
//! owns 256 KiB and grows only for lines that matter and are longer, up to [`MAX_LINE`] each; it gives that back after
//! the file. To decompress one takes a window of at most 32 MiB; what asks for more is refused
//! ([`ExtractError::WindowTooLarge`]). A file that has only grown is read from its checkpoint on, and a checksum of the
//! 4 KiB before it notices one that was written anew.
//!
//! # File systems
//!
//! Nothing is memory-mapped, so a file that shrinks while it is read is no fault. Only regular files are opened; a pipe
//! in the sessions folder is reported. Symbolic links are followed inside the home and reported when they leave it, and
//! no file is counted twice. [`Recorder`] syncs the folders it creates, so that a new rollout survives a power cut; where
//! a file system has no locks, it goes without. On other systems than Unix a fingerprint has no change time, and folders
//! are not synced.
//!
//! # Features
//!
//! | feature | default | what it does |
//! |---|---|---|
//! | `zstd` | yes | reads compressed rollouts (`.jsonl.zst`); brings the zstd C library |

mod format;
mod home;
mod json;
mod lines;
mod metadata;
mod recorder;
mod text;
mod time;
mod turns;

pub use format::fact::Fact;
pub use format::item::{MAX_ITEM_TEXT, TurnItem, TurnItemKind, TurnStatus};
pub use format::line::{Line, Lines};
pub use format::session_meta::SessionMeta;
pub use format::strip_credentials;
pub use format::tool_call::ToolCall;
pub use format::turn_context::TurnContext;
pub use format::user_message::{IMAGE_PLACEHOLDER, UserMessage};
pub use home::config::{DEFAULT_MODEL_PROVIDER, HomeConfig};
pub use home::discover::{Discovery, RolloutFile};
pub use home::error::HomeError;
pub use home::fingerprint::{Fingerprint, FingerprintError};
pub use home::name::{RolloutName, RolloutNameError};
pub use home::problem::{DiscoveryProblem, ProblemReason};
pub use home::thread_names::ThreadNames;
pub use home::{AgentHome, SESSION_INDEX};
pub use lines::error::ExtractError;
pub use lines::reader::MAX_LINE;
pub use lines::skipped::{BadLine, BadReason, MAX_BAD_LINES, SkippedLines};
pub use metadata::checkpoint::Checkpoint;
pub use metadata::extract::{Extraction, Extractor};
pub use metadata::thread::ThreadMetadata;
pub use recorder::change::{Change, Touch};
pub use recorder::error::RecordError;
pub use recorder::new_thread::NewThread;
pub use recorder::{Appended, Recorder};
pub use text::{MAX_FIRST_USER_MESSAGE, MAX_JSON, MAX_NAME, MAX_PATH, MAX_TITLE};
pub use turns::page::{TurnPage, TurnQuery, list_turns};
pub use turns::run_outcome::{RunOutcome, UnknownRunOutcome};
pub use turns::turn::{ItemsView, MAX_TURN_ITEMS, Turn};
