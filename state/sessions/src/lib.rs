//! Sessions of coding agents, read from the stores that those agents keep.
//!
//! Each agent keeps its history in a place and a format of its own. This crate reads them all into
//! one form, [`Session`]: metadata, turns with their items, and each request's tokens.
//!
//! 1. [`stores`] has a [`SessionStore`] for each agent that this build knows.
//! 2. [`SessionStore::places`] says where an agent keeps its sessions.
//! 3. [`SessionStore::open`] opens such a place, and [`OpenStore::sessions`] lists what is there.
//! 4. [`OpenStore::read`] reads one session.
//!
//! ```
//! use threadkeep_sessions::{Environment, stores};
//!
//! # let folder = tempfile::tempdir()?;
//! # let home = folder.path();
//! let environment = Environment::new(home);
//! for store in stores() {
//!     for place in store.places(&environment).iter().filter(|place| place.is_dir()) {
//!         let open = store.open(place)?;
//!         for found in open.sessions() {
//!             let session = open.read(found)?;
//!             println!("{} {:?} {} turns", store.name(), session.title, session.turns.len());
//!         }
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # From stores to sessions
//!
//! Nothing is guessed: where a store says nothing, a field is `None`. The working directory comes
//! from the content, or from the agent's own map of folders, and is the session's first one. Times
//! are the earliest and the latest of what was said; neither settings nor a file's own times count.
//! Input tokens include cached ones, and output tokens include reasoning, whatever the agent's own
//! meaning. Each request counts once, wherever it stands. Copies in a fork are marked as inherited.
//!
//! Texts are not redacted.
//!
//! # From sessions to rollouts
//!
//! [`to_rollout`] writes a session as the rollout that an agent with that format would have
//! written, without secrets. A [`Mirror`] is a folder of such rollouts. It is brought up to date
//! place by place ([`Mirror::sync`]). If a session has only grown, new lines are appended to its
//! rollout, and its last lines may be written again. A session that its agent has deleted stays,
//! and so do turns that it has erased. So an index, a search or a transcript, which reads rollouts,
//! has the sessions of every agent, also when they are gone. Every own request is in it. Requests
//! outside the conversation are `other_usage_record` lines with their [`Purpose`], which readers of
//! Codex's rollouts ignore.
//!
//! # Copies of files
//!
//! A [`Vault`] keeps the files of sessions as their agents wrote them, each session with all that
//! it needs to be read alone ([`OpenStore::pieces`]), and gives them back. A [`Mirror`] that has
//! lost the rollout of a deleted session reads it from such a copy ([`MirrorLock::recover`]).
//!
//! # Bounds
//!
//! A line or a document of more than 16 MiB ([`MAX_LINE`](threadkeep_rollout::MAX_LINE)) is skipped
//! and counted. Texts of items are cut at
//! [`MAX_ITEM_TEXT`](threadkeep_rollout::MAX_ITEM_TEXT) characters. A rollout leaves out the last
//! 8 KiB of a text that was cut, where half a secret may stand. Reading has one session in memory.
//! A [`Mirror`] reads up to four at a time, and has the old and the new rollout of each. A
//! [`Vault`] has the rows of one session of a database.
//!
//! # Locking
//!
//! Reading takes no lock: an agent may write meanwhile. A line that is not finished is read next
//! time, and a database that changes while it is copied is copied again. A [`Mirror`] has a lock
//! file, so that one process at a time writes to it: [`Mirror::lock`] never waits. A [`Vault`] has
//! another one.
//!
//! # Compatibility
//!
//! `docs/agents.md` lists the versions of agents whose files were read, and
//! [`SessionStore::tested_version`] is the newest of them. Records and fields of newer ones are
//! passed over. All public structs but those for implementations are `#[non_exhaustive]`.
//! When rollouts of a [`Mirror`] are made otherwise, every session is read again.
//!
//! # Performance
//!
//! A session is read again when its fingerprint changes. A mirror reads a large session that is a
//! file of lines, and has only grown, on from its last turn ([`Mirror::with_checkpoints_from`]);
//! it computes a checksum of what is before. It first looks at the names, lengths and times of a
//! place's files ([`SessionStore::watched`]), and opens the place only if one has changed.
//! A pass finishes its sessions once 16 MiB of their rollouts wait, which it checks after each 256
//! sessions. After a kill, the next pass goes on from there.
//!
//! # File systems
//!
//! Nothing in a store is written, but what [`VaultLock::restore`] puts back where no file or entry
//! is. SQLite databases are read from a private copy of the database and of its write-ahead log,
//! and not even a time of a file changes. A link is followed in place of a folder like
//! `projects`, and nowhere below it.
//!
//! # Features
//!
//! One for each agent (`claude`, `gemini`, …), all on by default. `testing` has the conformance
//! suite for implementations of [`SessionStore`] elsewhere.

#![cfg_attr(
    not(all(
        feature = "claude",
        feature = "cline",
        feature = "codex",
        feature = "continue",
        feature = "copilot",
        feature = "gemini",
        feature = "goose",
        feature = "grok",
        feature = "kimi",
        feature = "kimi-code",
        feature = "openhands",
        feature = "opencode",
        feature = "pi",
        feature = "qwen",
        feature = "vibe",
    )),
    allow(dead_code, reason = "each agent uses some of what all of them share")
)]

mod agents;
mod checksum;
mod disk;
mod draft;
mod environment;
mod error;
mod files;
mod found;
mod ids;
mod incremental;
mod mirror;
mod piece;
mod rollout;
mod session;
#[cfg(feature = "sqlite")]
mod sqlite;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod tolerant;
mod tools;
mod vault;
mod walk;

pub use agents::{store, stores};
pub use draft::Draft;
pub use environment::Environment;
pub use error::StoreError;
pub use found::{FoundSession, Listing, SkippedFile, Unread};
pub use ids::ThreadIds;
pub use mirror::{Mirror, MirrorError, MirrorLock, Mirrored, SessionCopy, StorePlace, SyncReport, unlisted};
pub use piece::{Piece, PieceKind};
pub use rollout::to_rollout;
pub use session::{
    Outcome, Parent, Purpose, Relation, Request, Session, SessionTurn, Title, TitleSource, Tokens,
};
pub use store::{LastUse, OpenStore, ResumeCommand, Retention, SessionStore};
pub use vault::{Kept, KeptFile, LeftAlone, Restored, Vault, VaultContents, VaultError, VaultLock};
pub use walk::{MAX_DEPTH, each_file};
