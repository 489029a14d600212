//! The participants of a deletion: everything apart from the index's tables that may hold content
//! of a thread.
//!
//! One more participant is one more label, and one more arm of [`Participant::of`].

use std::time::Duration;

#[cfg(feature = "memories")]
use jiff::Timestamp;
use threadkeep_sqlite::{DeletedThreads, ErrorClass, LazyDatabase, OpenError, StoreError, Tombstone};
use uuid::Uuid;

use super::erase::erase_threads;
#[cfg(feature = "memories")]
use crate::memories::{MemoryFiles, MemoryStore};
use crate::stores::Stores;

const READ_ELSEWHERE: &str =
    "another program still reads the old content, which stays in the log until that program ends";

/// Labels of all participants, in `pending_deletions`, in telemetry and in JSON. A program that was
/// built without one of them still leaves work for it, because another program may have filled it.
pub(super) const PARTICIPANTS: [&str; 5] = ["goals", "history", "logs", "memories", "state"];

/// Reason why work is left.
pub(super) enum Left {
    /// The participant is locked or unusable, or its log is still read, and its other threads must
    /// wait too.
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

/// A store, or a set of files, that may hold content of a thread.
pub(super) enum Participant {
    /// A store with a database of its own.
    #[cfg_attr(
        not(any(feature = "goals", feature = "history", feature = "logs")),
        expect(dead_code, reason = "no store was built in")
    )]
    Store(DeletedThreads),
    /// The files that follow from memories. The memories themselves go with the thread's row.
    #[cfg(feature = "memories")]
    MemoryFiles(LazyDatabase),
    /// The files of the index apart from its tables: its write-ahead log, and the snapshots that
    /// upgrades have left.
    IndexFiles {
        index: LazyDatabase,
        /// True if the log no longer has what was deleted from the tables.
        is_written_back: bool,
    },
}

impl Participant {
    /// Returns the participant with this label, whose calls wait this long for other processes.
    /// `None` if this program was built without it.
    pub(super) fn of(stores: &Stores, label: &str, patience: Duration) -> Option<Participant> {
        match label {
            #[cfg(feature = "goals")]
            "goals" => Some(Participant::Store(stores.thread_goals().deleted_threads().within(patience))),
            #[cfg(feature = "history")]
            "history" => Some(Participant::Store(stores.history().deleted_threads().within(patience))),
            #[cfg(feature = "logs")]
            "logs" => Some(Participant::Store(stores.logs().deleted_threads().within(patience))),
            #[cfg(feature = "memories")]
            "memories" => Some(Participant::MemoryFiles(stores.index().within(patience))),
            "state" => {
                let index = stores.index().within(patience);
                Some(Participant::IndexFiles { index, is_written_back: false })
            }
            _ => None,
        }
    }

    /// Does what may take long, once a run and before the index is locked. An error is a reason why
    /// nothing can be done.
    pub(super) async fn prepare(&mut self) -> Result<(), OpenError> {
        match self {
            Participant::Store(threads) => threads.database().get().await.map(drop),
            #[cfg(feature = "memories")]
            Participant::MemoryFiles(index) => index.get().await.map(drop),
            Participant::IndexFiles { index, is_written_back } => {
                let index = index.get().await?;
                index.forget_withdrawn_decisions().await?;
                *is_written_back = index.checkpoint().await.unwrap_or(false);
                Ok(())
            }
        }
    }

    /// Erases deleted threads. May be repeated.
    pub(super) async fn erase(&self, deleted: &[Tombstone]) -> Result<(), Left> {
        let is_gone = match self {
            Participant::Store(threads) => threads.erase_all(deleted).await?,
            #[cfg(feature = "memories")]
            Participant::MemoryFiles(index) => return erase_from_memory_files(index).await,
            Participant::IndexFiles { index, is_written_back } => {
                erase_from_snapshots(index, deleted).await?;
                *is_written_back
            }
        };
        // Trying each thread alone would not help.
        if is_gone { Ok(()) } else { Err(Left::Participant(READ_ELSEWHERE.to_owned())) }
    }

    /// Erases those deleted threads that the participant does not know as deleted. May be repeated.
    pub(super) async fn erase_unknown(&self, deleted: &[Tombstone]) -> Result<(), Left> {
        match self {
            Participant::Store(threads) => {
                // The log keeps the words until the other program ends, as after any deletion.
                threads.erase_unknown(deleted).await?;
            }
            #[cfg(feature = "memories")]
            Participant::MemoryFiles(index) => return erase_from_memory_files(index).await,
            Participant::IndexFiles { index, .. } => {
                erase_from_snapshots(index, deleted).await?;
            }
        }
        Ok(())
    }

    /// Restores a thread. May be repeated.
    pub(super) async fn restore(&self, thread: Uuid) -> Result<(), Left> {
        match self {
            Participant::Store(threads) => Ok(threads.restore(thread).await?),
            #[cfg(feature = "memories")]
            Participant::MemoryFiles(_) => Ok(()),
            Participant::IndexFiles { .. } => Ok(()),
        }
    }

    /// Returns the participant's own tombstones, or none if it cannot be read now.
    pub(super) async fn tombstones(&self) -> Vec<Tombstone> {
        match self {
            Participant::Store(threads) => threads.list().await.unwrap_or_default(),
            #[cfg(feature = "memories")]
            Participant::MemoryFiles(_) => Vec::new(),
            Participant::IndexFiles { .. } => Vec::new(),
        }
    }
}

#[cfg(feature = "memories")]
async fn erase_from_memory_files(index: &LazyDatabase) -> Result<(), Left> {
    let store = MemoryStore::new(index.get().await?);
    match store.bring_files_in_line(Timestamp::now()).await {
        Ok(MemoryFiles::Busy { owner }) => Err(Left::Participant(format!(
            "a consolidation of memories runs ({owner}) and has the thread's words"
        ))),
        Ok(_) => Ok(()),
        Err(error) => Err(Left::Participant(error.to_string())),
    }
}

async fn erase_from_snapshots(index: &LazyDatabase, deleted: &[Tombstone]) -> Result<(), OpenError> {
    index
        .edit_snapshots(|conn| {
            let ids: Vec<Uuid> = deleted.iter().map(|stone| stone.thread_id).collect();
            Box::pin(async move { erase_threads(conn, &ids).await })
        })
        .await
}
