//! The stores themselves, as far as they are built into this tool: their databases, their statements, their work.
//!
//! Without the feature `stores` there are none, and the parts that need them say nothing: a store that does not compile
//! just now must not keep anyone from locking its migrations (`cargo run -p xtask --no-default-features -- migrations …`).

#[cfg(feature = "stores")]
mod goals;
#[cfg(feature = "stores")]
mod logs;
#[cfg(feature = "stores")]
mod state;

use std::path::Path;
use std::pin::Pin;

use anyhow::Result;
use threadkeep_sqlite::DbSpec;

/// Describes a store.
#[derive(Clone, Copy)]
pub struct Store {
    /// The crate it is in.
    pub package: &'static str,
    /// Its database.
    pub spec: &'static DbSpec,
    /// The tables whose rows are work that is left to be done: opening the store does it, and empties them.
    pub queues: &'static [&'static str],
    /// Every statement that it can run, by name.
    pub statements: fn() -> Vec<(String, String)>,
    /// Reads and writes a database in a folder in every way that the store has; opens it, and closes it. Can be done again and
    /// again on one database, which is not empty.
    pub exercise: fn(&Path) -> Work<'_>,
}

/// What an exercise is while it runs.
pub type Work<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

/// Lists the stores.
pub const STORES: &[Store] = &[
    #[cfg(feature = "stores")]
    state::STORE,
    #[cfg(feature = "stores")]
    goals::STORE,
    #[cfg(feature = "stores")]
    logs::STORE,
];

/// Finds a crate's store.
pub fn store(package: &str) -> Option<&'static Store> {
    STORES.iter().find(|store| store.package == package)
}
