//! The stores that are built into this tool: databases, statements, exercises.
//!
//! Without the feature `stores` there are none, and the parts that need them pass. So a store that
//! does not compile keeps no one from locking its migrations:
//! `cargo run -p xtask --no-default-features -- migrations …`.

#[cfg(feature = "stores")]
mod goals;
#[cfg(feature = "stores")]
mod history;
#[cfg(feature = "stores")]
mod logs;
#[cfg(feature = "stores")]
mod state;

use std::path::Path;
use std::pin::Pin;

use anyhow::Result;
use threadkeep_sqlite::DbSpec;

#[derive(Clone, Copy)]
pub struct Store {
    pub package: &'static str,
    pub spec: &'static DbSpec,
    /// Tables with pending work: opening the store does it, and empties them.
    pub queues: &'static [&'static str],
    /// Returns its statements by name, at least one of every shape.
    pub statements: fn() -> Vec<(String, String)>,
    /// Opens a database in a folder, reads and writes it in every way, and closes it. It may run
    /// several times on one database, which is not empty.
    pub exercise: fn(&Path) -> Work<'_>,
}

/// Thread that an exercise keeps.
#[cfg(feature = "stores")]
const KEPT: uuid::Uuid = uuid::Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba61);
/// Thread that an exercise deletes.
#[cfg(feature = "stores")]
const DELETED: uuid::Uuid = uuid::Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_3c28_701b_ba62);

/// Exercise while it runs.
pub type Work<'a> = Pin<Box<dyn Future<Output = Result<()>> + 'a>>;

#[cfg(feature = "stores")]
pub const STORES: &[Store] = &[state::STORE, goals::STORE, history::STORE, logs::STORE];
#[cfg(not(feature = "stores"))]
pub const STORES: &[Store] = &[];

pub fn store(package: &str) -> Option<&'static Store> {
    STORES.iter().find(|store| store.package == package)
}
