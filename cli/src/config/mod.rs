//! The settings: `config.toml` in the SQLite home, read once a command.
//!
//! *Read → check against the schema → lay over the defaults.* A file that is not there sets nothing. One that is wrong keeps
//! every command from running but those that help to mend it: a setting that is not heeded is worse than none.

mod check;
mod file;
mod filter;
mod nearest;
mod place;
mod problem;
mod schema;
mod settings;

pub(crate) use file::{ConfigFile, Feature, Origin, Setting};
pub(crate) use problem::{Problem, Severity};
pub(crate) use schema::schema;
pub(crate) use settings::{Logs, NOT_IN_EFFECT, Settings};
