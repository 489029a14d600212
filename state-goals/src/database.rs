//! The database file: name, application id, migrations.

use threadkeep_sqlite::{DbKind, DbSpec, migrations};

/// Description of the goals' database.
///
/// Goals are in no rollout and could not be rebuilt, so every commit waits for the disk.
pub static GOALS_DB: DbSpec = DbSpec::new(
    "goals",
    "goals_1.sqlite",
    DbKind::Durable,
    // Threadkeep, goals.
    u32::from_be_bytes(*b"TKgo"),
    &migrations!["0001_goals"],
);
