//! The settings: `config.toml` in the SQLite home, read once a command.
//!
//! *Read → check against the schema → lay over the defaults.* A missing file sets nothing. A file
//! with errors stops every command that does not help to correct it: a setting that is silently
//! ignored is worse than none.

mod check;
mod file;
mod filter;
mod nearest;
mod place;
mod problem;
mod schema;
mod values;

pub use file::{ConfigFile, Feature, Origin, Setting};
pub use place::Place;
pub use problem::{Problem, Severity};
pub use schema::schema;
pub use values::{DeviceKeys, Features, Feedback, Logs, Memories, Settings, Snapshots};
