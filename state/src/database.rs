//! The table of databases. Closing, status, checks and snapshots iterate over it, so that one more
//! database is one more row.

use threadkeep_sqlite::{DbSpec, LazyDatabase};

use crate::stores::{STATE_DB, Stores};

/// One database that a [`StateRuntime`](crate::StateRuntime) looks after.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RuntimeDatabase {
    /// Name, kind and migrations.
    pub spec: &'static DbSpec,
    /// Handle to it.
    pub(crate) of: fn(&Stores) -> &LazyDatabase,
}

/// Every database of the state, the index first.
pub static DATABASES: &[RuntimeDatabase] = &[
    RuntimeDatabase { spec: &STATE_DB, of: Stores::index },
    #[cfg(feature = "goals")]
    RuntimeDatabase {
        spec: &threadkeep_state_goals::GOALS_DB,
        of: |stores| stores.thread_goals().database(),
    },
    #[cfg(feature = "logs")]
    RuntimeDatabase { spec: &threadkeep_state_logs::LOGS_DB, of: |stores| stores.logs().database() },
];
