//! Models and agents for [`threadkeep_memories`].
//!
//! | | model (phase 1) | agent (phase 2) |
//! |---|---|---|
//! | needs no network, the default | [`DigestModel`] | [`DigestAgent`] |
//! | any program | | [`CommandAgent`] |
//! | a Responses API, with the feature `responses` | `ResponsesModel` | |
//!
//! ```
//! use threadkeep_memories::{ExtractionRequest, MemoryItem, StageOneModel, ThreadFacts};
//! use threadkeep_memories::{ThreadText, answer_schema, read_answer};
//! use threadkeep_memory_runners::DigestModel;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let thread = ThreadFacts {
//!     id: uuid::Uuid::nil(),
//!     title: None,
//!     cwd: None,
//!     git_branch: None,
//!     rollout_path: "sessions/a.jsonl".to_owned(),
//!     updated_at: jiff::Timestamp::UNIX_EPOCH,
//! };
//! let asked = MemoryItem::User { text: "Rename it. Never use tabs.".to_owned() };
//! let text = ThreadText { head: vec![asked], ..ThreadText::default() };
//! let request = ExtractionRequest {
//!     thread: &thread,
//!     instructions: "",
//!     input: "",
//!     text: &text,
//!     schema: &answer_schema(),
//! };
//! let output = read_answer(&DigestModel.extract(request).await?)?.ok_or("no output")?;
//! assert_eq!(output.raw_memory, "### Preferences\n\n- Never use tabs.");
//! # Ok(())
//! # }
//! ```
//!
//! # Locking
//!
//! None. The procedure of [`threadkeep_memories`] lets one agent run at a time.
//!
//! # Compatibility
//!
//! The client works with servers that know the Responses API in part: structured output, error
//! bodies and reasoning items differ, and are read in all known forms. Servers with
//! `chat/completions` only are not supported.
//!
//! The digests read no format but the values of the ports and Markdown. `memory_summary.md` keeps
//! its two marks; any version may change the text between them.
//!
//! # Performance
//!
//! A digest reads each item once, and long texts only as far as they are shown. A program's output
//! costs two copies of its last 64 KiB, however long it is.
//!
//! # File systems
//!
//! Agents write in the root that they are given: the digest one file, by a temporary file and a
//! rename. Links in the root are not followed.

mod command;
mod digest;
#[cfg(feature = "responses")]
mod responses;

pub use command::{CommandAgent, CommandError};
pub use digest::agent::DigestAgent;
pub use digest::block::without_digest;
pub use digest::model::DigestModel;
#[cfg(feature = "responses")]
pub use responses::{Environment, Machine, ResponsesError, ResponsesModel, ResponsesSettings};
