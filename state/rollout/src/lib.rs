//! The JSONL rollouts of coding agents: find, read, extract metadata and turns, append.
//!
//! A coding agent writes every conversation ("thread") to a file of JSON lines, its *rollout*. This
//! crate reads the rollouts of the Codex CLI, and writes rollouts of the same format. Data flows
//! one way: bytes, lines, facts, and what is made of them.
//!
//! 1. [`AgentHome::discover`] finds the rollouts of a home, each with a [`Fingerprint`].
//! 2. [`Lines`] reads every line of a rollout, and [`Line::fact`] gives its [`Fact`].
//! 3. [`Extractor::extract`] folds facts into [`ThreadMetadata`], and into a [`Checkpoint`].
//! 4. [`list_turns`] folds those of a [`Chain`] into turns, a page at a time.
//! 5. [`Projector::project`] gives an index of the history each file's turns, text and tokens.
//! 6. [`Recorder`] appends lines to a rollout of our own.
//!
//! The crate has no database and no async runtime, and never edits a rollout that another program
//! wrote.
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
//! let mut extractor = Extractor::of_home(&home);
//! for file in home.discover().files {
//!     let path = home.absolute(&file.path);
//!     let found = extractor.extract(&path, file.compressed, file.name.as_ref(), None)?;
//!     assert_eq!(found.metadata.title.as_deref(), Some("Fix the build"));
//!     assert_eq!(found.lines, 2);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From facts to metadata
//!
//! A thread's id and start come from the first `session_meta` line; a later one counts only if it
//! has the same id, since a fork may hold its source's lines. If that line has no time, the first
//! line's counts, then the id's own, and at last the file name's. Model, effort, approval and
//! sandbox are those of the latest `turn_context` or `thread_settings_applied`. The directory is
//! that of the first turn of the thread's newest file, until settings change it. Settings are no
//! activity: they do not move [`ThreadMetadata::updated_at`].
//!
//! The title is the user's first words: of an event, else of a `response_item` alone. An attachment
//! or the agent's goal stand in for them; a sub-agent's task comes first. The outcome of the last
//! run ([`RunOutcome`]) is the last turn's [`TurnStatus`], where the agent marks its turns. Turns
//! that the user took back (`thread_rolled_back`) count nowhere. Tokens are the sum of what the
//! counts grew by; usage records add the requests of killed agents, which no count has. Where a
//! rollout has nothing, a field is `None`: no default is made up.
//!
//! # From facts to history
//!
//! An index of the history stores each file once, and puts the files of a thread together when it
//! reads. So a [`Projection`] is that of one file: its [turns](TurnSpan) with their bytes, what
//! [takes turns back](Rollback), the [`Passage`]s for search, and the [tokens](DayUsage) of its own
//! requests. Turns that were taken back are among them, for they were paid for. Passages are not
//! redacted. Mirrored sessions of other agents may have requests that are no part of the
//! conversation ([`Purpose`]); these count in the usage alone, apart from all others, and are no
//! activity. [`read_span`] and [`read_passage`] read a turn or a passage again by its bytes. A
//! [`ProjectionCheckpoint`] stands at the start of the open turn, which may still change.
//!
//! # Bounds
//!
//! No text is longer than [`MAX_NAME`], [`MAX_PATH`], [`MAX_JSON`], [`MAX_TITLE`] or
//! [`MAX_FIRST_USER_MESSAGE`]. Of a repeated key the last value counts, and half of a surrogate
//! pair (`\ud83d` alone) becomes U+FFFD.
//!
//! The content of a file is never an error. A line that is torn, not UTF-8, not JSON or too long is
//! skipped, counted and described in [`SkippedLines`]. A line that cannot change the metadata is
//! checked for UTF-8 and for its braces, and not parsed.
//!
//! # Chains
//!
//! A thread may lie in several files: its first one, and *segments*, whose names end with an id of
//! their own. A file may name its *base*, the file that it builds on, and the part of it that still
//! counts (`history_base`). A base of another thread makes the file a *fork*. A file, its base, the
//! base of that and so on are a [`Chain`]. Metadata and turns of a thread are those of its newest
//! file's chain, as if all lines stood in one file.
//!
//! A fork inherits settings and tokens. Title, outcome and turns of its base are not its own. The
//! same holds for older forks, which begin with copied lines of their source: the own part begins
//! with the first turn that the source does not have.
//!
//! A base that is missing, cut off, or nested more than 1,000 files deep is no error. The rest is
//! read, and a [`BaseProblem`] names the file.
//!
//! # Locking
//!
//! Reading takes no lock: an agent may append meanwhile, and an unfinished line is read next time.
//! A [`Recorder`] holds an advisory lock (`flock`) on its file, so that two never interleave. Use
//! one [`Extractor`] for each thread of the program.
//!
//! # Compatibility
//!
//! Tested with files of Codex 0.171, 0.169, 0.144, 0.99 and 0.47, with the header-first files of
//! 2025, and with the JSON documents of April 2025.
//! Unknown line types and fields are passed through. A stored [`Checkpoint`] of another version of
//! this crate is ignored, and the file is read from its start. All public enums and most structs
//! are `#[non_exhaustive]`.
//!
//! # Performance
//!
//! The first bytes of a line give its kind. Only lines that can change the metadata are parsed. Of
//! settings, only the last are, unless they repeat some of the 32 that were parsed last. Of counts,
//! only the numbers are read. An [`Extractor`] owns 256 KiB and those settings, and in a home as
//! much again and a few hundred states of bases. It grows only for longer lines that matter, up to
//! [`MAX_LINE`] each, and shrinks after the file. Decompression needs at most 32 MiB; a file that
//! needs more is refused ([`ExtractError::WindowTooLarge`]). A file that has only grown is read
//! from its checkpoint on; a checksum of the 4 KiB before it detects a rewritten file.
//!
//! # File systems
//!
//! Nothing is memory-mapped, so that a file may shrink while it is read. Only regular files are
//! opened; a pipe in a sessions folder is reported. The home and its session folders may be links
//! to any place. Links in them are followed inside the home and reported when they leave it, and no
//! file is listed twice. [`Recorder`] syncs the folders it creates, so that a new rollout survives
//! a power cut; on a file system without locks it goes without. On systems other than Unix a
//! fingerprint has no change time, and folders are not synced.
//!
//! # Features
//!
//! | feature | default | effect |
//! |---|---|---|
//! | `zstd` | yes | reads compressed rollouts (`.jsonl.zst`); brings the zstd C library |

mod chain;
mod format;
mod home;
mod json;
mod lines;
mod metadata;
mod projection;
mod recorder;
#[cfg(test)]
mod tests;
mod text;
mod time;
mod turns;

pub use chain::link::{BaseProblem, Chain};
pub use format::agent_goal::AgentGoal;
pub use format::command::command_line;
pub use format::edit::{EditKind, FileEdit};
pub use format::fact::Fact;
pub use format::item::{CalledAgent, PlanStep, TurnItem, TurnItemKind, TurnStatus, Written};
pub use format::line::{Line, Lines};
pub use format::purpose::Purpose;
pub use format::session_meta::{HistoryBase, SessionMeta};
pub use format::strip_credentials;
pub use format::token_usage::TokenUsage;
pub use format::tool_call::ToolCall;
pub use format::turn_context::TurnContext;
pub use format::user_message::{IMAGE_PLACEHOLDER, UserMessage};
pub use home::config::{DEFAULT_MODEL_PROVIDER, HomeConfig};
pub use home::discover::Discovery;
pub use home::error::HomeError;
pub use home::file::RolloutFile;
pub use home::fingerprint::Fingerprint;
pub use home::name::{RolloutName, RolloutNameError};
pub use home::problem::{DiscoveryProblem, ProblemReason};
pub use home::thread_names::{ThreadName, ThreadNames};
pub use home::{AgentHome, MIRROR, MIRROR_ARCHIVE, SESSION_INDEX, untouched};
pub use lines::error::ExtractError;
pub use lines::reader::MAX_LINE;
pub use lines::skipped::{BadLine, BadReason, MAX_BAD_LINES, SkippedLines};
pub use metadata::checkpoint::Checkpoint;
pub use metadata::extract::{Extraction, Extractor};
pub use metadata::kind::{ThreadKind, UnknownThreadKind};
pub use metadata::thread::{ClosedAgent, ThreadMetadata};
pub use projection::checkpoint::ProjectionCheckpoint;
pub use projection::passage::{Passage, read_passage};
pub use projection::project::{Projection, Projector};
pub use projection::said::Said;
pub use projection::span::{MAX_FIRST_WORDS, Rollback, SpanFile, TurnSpan, read_span};
pub use projection::text::MAX_TOOL_TEXT;
pub use projection::usage::DayUsage;
pub use recorder::change::{Change, Touch};
pub use recorder::error::RecordError;
pub use recorder::new_thread::NewThread;
pub use recorder::{Appended, Recorder};
pub use text::{MAX_FIRST_USER_MESSAGE, MAX_ITEM_TEXT, MAX_JSON, MAX_NAME, MAX_PATH, MAX_TITLE, bounded};
pub use turns::page::{TurnPage, TurnQuery, list_turns, read_turns};
pub use turns::run_outcome::{RunOutcome, UnknownRunOutcome};
pub use turns::turn::{ItemsView, MAX_TURN_ITEMS, Turn, TurnPlace};
