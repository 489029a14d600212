//! Shared parts of every command of Threadkeep, whichever program runs it: directories, settings,
//! opening the stores, bringing the index up to date, and errors in words.
//!
//! The crate prints nothing and knows no command line. It reports notes and progress to an
//! [`Observer`], and every failure as a [`Fault`]: a message, and a hint whose commands are values.
//!
//! | module | contents |
//! |---|---|
//! | [`agents`] | other agents that the user added, the mirror of their sessions, and the vault of their files |
//! | [`dirs`] | the agent's home and the SQLite home |
//! | [`settings`] | `config.toml` in the SQLite home, checked against its JSON Schema |
//! | [`opening`] | the index and the stores next to it, read-only or temporary where they cannot be written |
//! | [`refresh`] | one pass of the backfill before the index is read |
//! | [`history`] | the history: opening it, and bringing it up to date after the index |
//! | [`messages`] | each library error in words, with the command that helps |
//! | [`pages`] | pages for a browser |
//! | [`private`] | folders for one user alone |
//! | [`protected`] | files that no export may replace |
//! | [`own_log`], [`telemetry`] | what a program of ours logs about itself |
//! | [`text`], [`time`], [`label`], [`sandbox`] | text that is safe to print: times, threads, policies |
//! | [`feedback`] | the bundle for a bug report |
//! | [`folders`] | folders and repositories as people mean them |
//! | [`memories`] | the folder of memories, and the model and the agent that the settings choose |
//! | [`name`] | names that users give to threads |
//! | [`outcome`] | whether a run still goes on |
//! | [`version`] | versions of programs and formats, in their order |
//! | [`when`], [`typo`] | times that users type, and words that they mistype |
//!
//! ```
//! use threadkeep_app::dirs::{Dirs, Given};
//! use threadkeep_app::message::{Message, command};
//! use threadkeep_app::settings::ConfigFile;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let folder = tempfile::tempdir()?;
//! let given = Given { home: Some(folder.path().join("agent")), sqlite_home: None };
//! let dirs = Dirs::find(&given)?;
//! assert!(dirs.sqlite_home.ends_with("agent/threadkeep"));
//! assert!(!ConfigFile::read(&dirs.sqlite_home).exists);
//!
//! // A hint is a value: it gets the directories that were given when it is rendered.
//! let hint = Message::from((command("backfill"), " indexes the rollouts"));
//! assert_eq!(hint.to_string(), "`threadkeep backfill` indexes the rollouts");
//! assert!(hint.render(&given).starts_with("`threadkeep --home "));
//! # Ok(())
//! # }
//! ```
//!
//! # Locking
//!
//! None of its own: opening waits for the locks of `threadkeep-sqlite`, within its time limits.
//!
//! # Compatibility
//!
//! A key of `config.toml` that is not known is a warning, so that an older program runs with newer
//! settings.
//!
//! # Performance
//!
//! Settings are read once a command. Goals and logs are opened when they are first used.
//!
//! # File systems
//!
//! Where the SQLite home cannot be written, an index that is there is read as it is, and a missing
//! one is made in a temporary folder for one run.

pub mod agents;
pub mod device_keys;
pub mod dirs;
pub mod fault;
pub mod feedback;
pub mod folders;
pub mod history;
pub mod html;
pub mod label;
pub mod memories;
pub mod message;
pub mod messages;
pub mod name;
pub mod observer;
pub mod opening;
pub mod outcome;
pub mod own_log;
pub mod pages;
pub mod private;
pub mod protected;
pub mod recovered;
pub mod refresh;
pub mod sandbox;
pub mod settings;
pub mod telemetry;
pub mod text;
pub mod time;
pub mod typo;
pub mod version;
pub mod when;
pub mod whole_file;

mod given;
#[cfg(any(feature = "otel", feature = "sentry"))]
mod http;
mod owner;
mod pass;

pub use fault::{Fault, FaultKind};
pub use message::{Command, Message, command};
pub use observer::Observer;
