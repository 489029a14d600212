//! The store of goals.

mod account;
mod decisions;
mod delete;
mod erase;
mod list;
mod read;
mod set;
mod statements;
mod update;
mod write;

use std::path::Path;

use threadkeep_sqlite::{DbKind, DbSpec, LazyDatabase, OpenOptions, TextForm, migrations};

use crate::error::GoalError;

pub use account::{AccountMode, Accounted, Usage};
pub use list::{DEFAULT_PAGE, GoalCursor, ListGoals};
pub use set::NewGoal;
pub use statements::statements;
pub use update::GoalUpdate;

/// Description of the goals' database.
///
/// Goals are in no rollout and could not be rebuilt, so every commit waits for the disk.
pub static GOALS_DB: DbSpec = DbSpec::new(
    "goals",
    "goals_1.sqlite",
    DbKind::Durable,
    // Threadkeep, goals.
    u32::from_be_bytes(*b"TKgo"),
    &migrations!["0001_goals", "0002_decisions"],
)
.with_decisions(decisions::DECISIONS)
.with_forms(&[TextForm::uuid("thread_goals", "goal_id"), TextForm::uuid("goal_tombstones", "thread_id")]);

/// The goals of an SQLite home. Cheap to clone; all clones share what was opened, and are closed
/// together.
///
/// The file is opened at the first use, and created by the first of [`insert`](Self::insert),
/// [`replace`](Self::replace) and [`DeletedThreads::erase`](crate::DeletedThreads::erase). Without
/// a file, no thread has a goal.
#[derive(Clone, Debug)]
pub struct GoalStore {
    database: LazyDatabase,
}

impl GoalStore {
    /// Describes the store in `folder`, the SQLite home. Opens and creates nothing.
    #[must_use]
    pub fn new(folder: &Path, open: &OpenOptions) -> GoalStore {
        GoalStore { database: LazyDatabase::new(&GOALS_DB, folder, open) }
    }

    /// Returns the database.
    #[must_use]
    pub fn database(&self) -> &LazyDatabase {
        &self.database
    }

    /// Closes the database, for all clones, and writes its log back into it. The next use opens it
    /// again.
    ///
    /// # Errors
    ///
    /// [`GoalError::Database`]: the log could not be written back. Nothing is lost.
    pub async fn close(&self) -> Result<(), GoalError> {
        Ok(self.database.close().await?)
    }
}
