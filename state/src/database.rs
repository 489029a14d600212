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
    /// True if a runtime opens without it. Only its own content is missing then.
    pub fails_soft: bool,
    /// Handle to it.
    pub(crate) of: fn(&Stores) -> &LazyDatabase,
}

/// Every database of the state, the index first.
pub static DATABASES: &[RuntimeDatabase] = &[
    RuntimeDatabase { spec: &STATE_DB, fails_soft: false, of: Stores::index },
    #[cfg(feature = "goals")]
    RuntimeDatabase {
        spec: &threadkeep_state_goals::GOALS_DB,
        fails_soft: true,
        of: |stores| stores.thread_goals().database(),
    },
    #[cfg(feature = "logs")]
    RuntimeDatabase {
        spec: &threadkeep_state_logs::LOGS_DB,
        fails_soft: true,
        of: |stores| stores.logs().database(),
    },
];
