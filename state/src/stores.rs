//! The stores beside the index, as deletions see them: each can forget a thread, readmit it, and tell which ones it forgot.

use std::time::Duration;

use threadkeep_sqlite::{LazyDatabase, StoreError as _, Tombstone};

use crate::cleanup::Note;
use crate::database::STATE_DB;
use crate::error::StateError;
use crate::runtime::StateRuntime;
use crate::threads::forget_in_snapshot;

/// Why something is left that nobody is in the way of.
const READ_ELSEWHERE: &str =
    "another program is reading what was there before, and until it ends that stays in the log";

/// Why something is left to do.
pub(crate) enum Left {
    /// The store is locked, or cannot be used at all: what else is to be done in it has to wait as well.
    Store(String),
    /// Something of this thread is left.
    Thread(String),
}

#[cfg(any(feature = "goals", feature = "logs"))]
impl Left {
    /// Sorts the error of a store by its class.
    fn sorted(error: &impl ToString, class: Option<threadkeep_sqlite::ErrorClass>) -> Left {
        match class {
            Some(threadkeep_sqlite::ErrorClass::Busy) => Left::Store(error.to_string()),
            _ => Left::Thread(error.to_string()),
        }
    }
}

/// What is cleaned, opened apart from what the runtime has: these wait for nobody for long.
pub(crate) struct Stores {
    pub(crate) index: LazyDatabase,
    /// Whether nothing of the index is in its log alone.
    is_written_back: bool,
    #[cfg(feature = "goals")]
    goals: threadkeep_state_goals::GoalStore,
    #[cfg(feature = "logs")]
    logs: threadkeep_state_logs::LogStore,
}

impl Stores {
    pub(crate) fn new(state: &StateRuntime, patience: Duration, is_written_back: bool) -> Stores {
        let home = state.sqlite_home();
        let open = state.open_options().clone();
        let open = open.busy_timeout(patience).write_timeout(patience).lock_timeout(patience);
        Stores {
            index: LazyDatabase::new(&STATE_DB, home, &open),
            is_written_back,
            #[cfg(feature = "goals")]
            goals: threadkeep_state_goals::GoalStore::new(home, &open),
            #[cfg(feature = "logs")]
            logs: threadkeep_state_logs::LogStore::new(home, &open),
        }
    }

    /// Opens the store of a note, and makes it if there is none.
    pub(crate) async fn open(&self, note: &Note) -> Result<(), Left> {
        let database = match note.store.as_str() {
            #[cfg(feature = "goals")]
            "goals" => self.goals.database(),
            #[cfg(feature = "logs")]
            "logs" => self.logs.database(),
            _ => &self.index,
        };
        database.get().await.map(drop).map_err(|error| Left::Store(error.to_string()))
    }

    /// Has a store forget a deleted thread.
    pub(crate) async fn forget(&self, note: &Note) -> Result<(), Left> {
        let thread = note.thread_id;
        let whole = |is_gone| if is_gone { Ok(()) } else { Err(Left::Thread(READ_ELSEWHERE.to_owned())) };
        match note.store.as_str() {
            "state" => {
                let edited: Result<(), StateError> =
                    self.index.edit_snapshots(|conn| Box::pin(forget_in_snapshot(conn, thread))).await;
                edited.map_err(|error| Left::Thread(error.to_string()))?;
                whole(self.is_written_back)
            }
            #[cfg(feature = "goals")]
            "goals" => whole(
                self.goals
                    .forget(thread, note.at)
                    .await
                    .map_err(|error| Left::sorted(&error, error.class()))?,
            ),
            #[cfg(feature = "logs")]
            "logs" => whole(
                self.logs
                    .forget(thread, note.at)
                    .await
                    .map_err(|error| Left::sorted(&error, error.class()))?,
            ),
            unknown => Err(not_here(unknown)),
        }
    }

    /// Has a store take in again a thread that was brought back.
    pub(crate) async fn readmit(&self, note: &Note) -> Result<(), Left> {
        match note.store.as_str() {
            // The index has done that itself.
            "state" => Ok(()),
            #[cfg(feature = "goals")]
            "goals" => {
                self.goals.readmit(note.thread_id).await.map_err(|error| Left::sorted(&error, error.class()))
            }
            #[cfg(feature = "logs")]
            "logs" => {
                self.logs.readmit(note.thread_id).await.map_err(|error| Left::sorted(&error, error.class()))
            }
            unknown => Err(not_here(unknown)),
        }
    }

    /// Returns the tombstones that the stores have; of one that cannot be asked now, none.
    pub(crate) async fn tombstones(&self) -> Vec<Tombstone> {
        let stones: &[Vec<Tombstone>] = &[
            #[cfg(feature = "goals")]
            self.goals.tombstones().await.unwrap_or_default(),
            #[cfg(feature = "logs")]
            self.logs.tombstones().await.unwrap_or_default(),
        ];
        stones.concat()
    }

    /// Closes what was opened; what is wrong with it was said when it was cleaned.
    pub(crate) async fn close(self) {
        #[cfg(feature = "goals")]
        let _ = self.goals.close().await;
        #[cfg(feature = "logs")]
        let _ = self.logs.close().await;
        let _ = self.index.close().await;
    }
}

fn not_here(store: &str) -> Left {
    Left::Store(format!("this program has no {store}: one that has them does it"))
}
