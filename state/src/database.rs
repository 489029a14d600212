//! The databases of the state, in one table: what holds for all of them (opening, status, checks, snapshots, repair) goes
//! through it, so that a further one is a further row.

use threadkeep_sqlite::{DbKind, DbSpec, LazyDatabase, migrations};

use crate::runtime::StateRuntime;

/// The database of the index, as the plumbing needs to know it.
pub static STATE_DB: DbSpec = DbSpec::new(
    "state",
    "state_5.sqlite",
    DbKind::Rebuildable,
    // Threadkeep, state.
    u32::from_be_bytes(*b"TKst"),
    &migrations![
        "0001_threads",
        "0002_backfill",
        "0003_agents",
        "0004_thread_memory",
        "0005_pending_cleanups",
        "0006_tombstones",
    ],
);

/// One database that a [`StateRuntime`] looks after.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct RuntimeDatabase {
    /// What it is.
    pub spec: &'static DbSpec,
    /// Whether a runtime opens without it. What it holds is then missing, and nothing else.
    pub fails_soft: bool,
    /// The runtime's handle to it.
    pub(crate) of: fn(&StateRuntime) -> &LazyDatabase,
}

/// Every database of the state, the index first.
pub static DATABASES: &[RuntimeDatabase] = &[
    RuntimeDatabase { spec: &STATE_DB, fails_soft: false, of: StateRuntime::lazy_index },
    #[cfg(feature = "goals")]
    RuntimeDatabase {
        spec: &threadkeep_state_goals::GOALS_DB,
        fails_soft: true,
        of: |state| state.thread_goals().database(),
    },
    #[cfg(feature = "logs")]
    RuntimeDatabase {
        spec: &threadkeep_state_logs::LOGS_DB,
        fails_soft: true,
        of: |state| state.logs().database(),
    },
];
