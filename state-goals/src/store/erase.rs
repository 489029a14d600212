//! Deleted threads: erases their goals, and refuses them new ones.

use threadkeep_sqlite::{DeletedThreads, Tombstones};

use super::GoalStore;
use super::delete::erase;

pub(super) const TOMBSTONES: Tombstones = Tombstones::new("goal_tombstones");

impl GoalStore {
    /// Returns the deleted threads. [`erase`](DeletedThreads::erase) erases a thread's goal. The
    /// thread gets no goal until it is [restored](DeletedThreads::restore).
    #[must_use]
    pub fn deleted_threads(&self) -> DeletedThreads {
        DeletedThreads::new(self.database.clone(), TOMBSTONES, erase)
    }
}
