//! The participants of a deletion: everything apart from the index's tables that may hold content
//! of a thread.
//!
//! One more participant is one more row of [`PARTICIPANTS`].

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use threadkeep_sqlite::{ErrorClass, LazyDatabase, StoreError, Tombstone};
use uuid::Uuid;

use super::erase::erase_thread;
use crate::error::StateError;
use crate::runtime::StateRuntime;

const READ_ELSEWHERE: &str =
    "another program still reads the old content, which stays in the log until that program ends";

/// Reason why work is left.
pub(super) enum Left {
    /// The whole participant is locked or unusable, and its other threads must wait too.
    Participant(String),
    /// Something of this thread is left.
    Thread(String),
}

impl<E: StoreError> From<E> for Left {
    fn from(error: E) -> Left {
        let reason = error.to_string();
        if error.class() == Some(ErrorClass::Busy) { Left::Participant(reason) } else { Left::Thread(reason) }
    }
}

/// Succeeds if a participant has erased everything.
fn whole(is_gone: bool) -> Result<(), Left> {
    if is_gone { Ok(()) } else { Err(Left::Thread(READ_ELSEWHERE.to_owned())) }
}

/// A store, or a set of files, that may hold content of a thread.
#[async_trait]
pub(super) trait Participant: Send + Sync {
    /// Does what may take long, once a run and before the index is locked. An error is a reason why
    /// nothing can be done.
    async fn prepare(&mut self) -> Result<(), String>;

    /// Erases a deleted thread. May be repeated.
    async fn erase(&self, thread: Uuid, deleted_at: Timestamp) -> Result<(), Left>;

    /// Restores a thread. May be repeated.
    async fn restore(&self, thread: Uuid) -> Result<(), Left>;

    /// Returns the participant's own tombstones, or none if it cannot be read now.
    async fn tombstones(&self) -> Vec<Tombstone>;
}

/// A row of the table of participants.
pub(super) struct Row {
    /// Name in `pending_deletions`, in telemetry and in JSON.
    pub(super) label: &'static str,
    /// Returns the participant, whose calls wait this long for other processes. `None` if this
    /// program was built without it.
    pub(super) of: fn(&StateRuntime, Duration) -> Option<Box<dyn Participant>>,
}

/// Every participant, in the order in which they are brought in line. A program that was built
/// without one of them still leaves work for it, because another program may have filled it.
pub(super) static PARTICIPANTS: [Row; 3] = [
    Row { label: "goals", of: goals },
    Row { label: "logs", of: logs },
    Row {
        label: "state",
        of: |state, patience| {
            let index = state.stores().index().within(patience);
            Some(Box::new(IndexFiles { index, is_written_back: false }))
        },
    },
];

fn goals(_state: &StateRuntime, _patience: Duration) -> Option<Box<dyn Participant>> {
    #[cfg(feature = "goals")]
    return Some(Box::new(_state.thread_goals().within(_patience)));
    #[cfg(not(feature = "goals"))]
    None
}

fn logs(_state: &StateRuntime, _patience: Duration) -> Option<Box<dyn Participant>> {
    #[cfg(feature = "logs")]
    return Some(Box::new(_state.logs().within(_patience)));
    #[cfg(not(feature = "logs"))]
    None
}

/// The files of the index apart from its tables: its write-ahead log, and the snapshots that
/// upgrades have left.
struct IndexFiles {
    index: LazyDatabase,
    is_written_back: bool,
}

#[async_trait]
impl Participant for IndexFiles {
    async fn prepare(&mut self) -> Result<(), String> {
        // Content that was deleted from the tables is gone from the files once the log is written
        // back.
        let db = self.index.get().await.map_err(|error| error.to_string())?;
        self.is_written_back = db.checkpoint().await.unwrap_or(false);
        Ok(())
    }

    async fn erase(&self, thread: Uuid, _deleted_at: Timestamp) -> Result<(), Left> {
        self.index
            .edit_snapshots::<StateError, _>(|conn| {
                Box::pin(async move { erase_thread(conn, thread).await.map(drop) })
            })
            .await?;
        whole(self.is_written_back)
    }

    async fn restore(&self, _thread: Uuid) -> Result<(), Left> {
        Ok(())
    }

    async fn tombstones(&self) -> Vec<Tombstone> {
        Vec::new()
    }
}

/// Makes a store a participant, by the methods that every store has.
#[cfg(any(feature = "goals", feature = "logs"))]
macro_rules! store_participant {
    ($store:ty) => {
        #[async_trait]
        impl Participant for $store {
            async fn prepare(&mut self) -> Result<(), String> {
                self.database().get().await.map(drop).map_err(|error| error.to_string())
            }

            async fn erase(&self, thread: Uuid, deleted_at: Timestamp) -> Result<(), Left> {
                whole(self.erase_thread(thread, deleted_at).await?)
            }

            async fn restore(&self, thread: Uuid) -> Result<(), Left> {
                Ok(self.restore_thread(thread).await?)
            }

            async fn tombstones(&self) -> Vec<Tombstone> {
                self.tombstones().await.unwrap_or_default()
            }
        }
    };
}

#[cfg(feature = "goals")]
store_participant!(threadkeep_state_goals::GoalStore);
#[cfg(feature = "logs")]
store_participant!(threadkeep_state_logs::LogStore);
