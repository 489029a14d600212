//! `state_5.sqlite`: its name, its id, its migrations.

use threadkeep_sqlite::{DbKind, DbSpec, MigrationFile};

/// The database of the index, as the plumbing needs to know it.
pub static STATE_DB: DbSpec = DbSpec::new(
    "state",
    "state_5.sqlite",
    DbKind::Rebuildable,
    // Threadkeep, state.
    u32::from_be_bytes(*b"TKst"),
    &[
        MigrationFile::new("0001_threads", include_str!("../migrations/0001_threads.sql")),
        MigrationFile::new("0002_backfill", include_str!("../migrations/0002_backfill.sql")),
    ],
);

/// Every database that a [`StateRuntime`](crate::StateRuntime) opens. What holds for all of them (status, checks,
/// snapshots) goes through this table.
pub static DATABASES: &[&DbSpec] = &[&STATE_DB];
