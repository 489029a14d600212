//! `goals_1.sqlite`: its name, its id, its migrations.

use threadkeep_sqlite::{DbKind, DbSpec, migrations};

/// The database of goals, as the plumbing needs to know it.
///
/// Goals are in no rollout: lost, they could not be made again. So every commit waits for the disk.
pub static GOALS_DB: DbSpec = DbSpec::new(
    "goals",
    "goals_1.sqlite",
    DbKind::Durable,
    // Threadkeep, goals.
    u32::from_be_bytes(*b"TKgo"),
    &migrations!["0001_goals", "0002_goal_tombstones"],
);
