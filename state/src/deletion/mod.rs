//! Deletes a thread from every store, and restores it.
//!
//! One transaction takes the thread out of the index's tables, puts its tombstone and records the
//! work of the other [participants](participant): databases share no transaction. That work is done
//! at once. If the process dies before, or a participant is locked, the next opening finishes it.
//! Every step can be repeated.

pub(crate) mod erase;
mod finish;
mod participant;
mod pending;
pub(crate) mod tombstones;

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::SqliteConnection;
#[cfg(feature = "backfill")]
use threadkeep_sqlite::json;
use threadkeep_sqlite::telemetry::{self, names};
use threadkeep_sqlite::{DbPaths, Durability, Tombstone};
use uuid::Uuid;

use crate::error::StateError;
#[cfg(feature = "backfill")]
use crate::graph::link_children_of;
use crate::runtime::StateRuntime;
use crate::stores::DATABASES;
use participant::{PARTICIPANTS, Participant};
use tombstones::TOMBSTONES;

pub use pending::PendingDeletion;

/// Time that opening waits for a locked participant.
const AT_OPENING: Duration = Duration::from_millis(50);

/// Time that a deletion waits for a locked participant, whose work can be done later anyway.
const ON_REQUEST: Duration = Duration::from_secs(1);

/// Threads that were deleted now, and the rest of the work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeletedNow {
    /// Their ids, in order.
    pub threads: Vec<Uuid>,
    /// Work that could not be done yet, for these and earlier deletions. The next opening finishes
    /// it.
    pub pending: Vec<PendingDeletion>,
}

impl StateRuntime {
    /// Deletes a thread: its row, its edges, its memory, its goal, its logs and its history, also
    /// in the snapshots that upgrades have left. Its rollout is not touched. Forks still build on
    /// its lines: their own words, tokens and turns stay the same.
    ///
    /// Tombstones keep index runs from bringing it back, and other processes from giving it a goal
    /// or logging for it. The thread is deleted from the index when this returns, and that is on
    /// the disk. Returns the rest that could not be done yet, because a database is locked or
    /// belongs to another program; the next opening finishes it.
    ///
    /// # Errors
    ///
    /// [`StateError::NotFound`], [`StateError::Database`]; then nothing was deleted.
    pub async fn delete_thread(&self, id: Uuid, now: Timestamp) -> Result<Vec<PendingDeletion>, StateError> {
        let DeletedNow { threads, pending } = self.delete_threads(&[id], now).await?;
        if threads.is_empty() { Err(StateError::NotFound(id)) } else { Ok(pending) }
    }

    /// Deletes threads, as [`delete_thread`](Self::delete_thread) does, in one transaction. Each
    /// store is cleaned once for all of them. Ids that the index does not have are left out.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`]; then nothing was deleted.
    pub async fn delete_threads(&self, ids: &[Uuid], now: Timestamp) -> Result<DeletedNow, StateError> {
        self.delete(ids, now, async |_, _| Ok(())).await
    }

    /// Deletes threads. Does more in the same transaction.
    async fn delete(
        &self,
        ids: &[Uuid],
        now: Timestamp,
        more: impl AsyncFn(&mut SqliteConnection, &[Uuid]) -> Result<(), sqlx::Error>,
    ) -> Result<DeletedNow, StateError> {
        let threads = self
            .database()
            .write::<_, StateError>(Durability::Durable, async |conn| {
                let threads = erase::indexed_among(conn, ids).await?;
                if threads.is_empty() {
                    return Ok(threads);
                }
                erase::erase_threads(conn, &threads).await?;
                let stones: Vec<Tombstone> =
                    threads.iter().map(|id| Tombstone { thread_id: *id, deleted_at: now }).collect();
                TOMBSTONES.put(conn, &stones).await?;
                pending::add(conn, &threads, now.as_millisecond()).await?;
                more(conn, &threads).await?;
                Ok(threads)
            })
            .await?;
        if threads.is_empty() {
            return Ok(DeletedNow::default());
        }
        report("state", "recorded", "ok");
        // The threads are deleted by now. An error of the index only means that all other work is
        // left.
        let pending = self.finish_deletions().await.unwrap_or_else(|error| {
            let left = |(thread_id, label): (Uuid, &str)| PendingDeletion {
                thread_id,
                participant: label.to_owned(),
                reason: error.to_string(),
            };
            let all = threads.iter().flat_map(|id| PARTICIPANTS.map(|label| (*id, label)));
            all.map(left).collect()
        });
        Ok(DeletedNow { threads, pending })
    }

    /// Restores a deleted thread: removes its tombstone in every store, and lets the next index run
    /// read its files again. Returns the rest that could not be done yet.
    ///
    /// # Errors
    ///
    /// [`StateError::NotFound`] if the thread is not deleted, [`StateError::Database`]; then
    /// nothing was changed.
    #[cfg(feature = "backfill")]
    pub async fn restore_thread(&self, id: Uuid, now: Timestamp) -> Result<Vec<PendingDeletion>, StateError> {
        self.database()
            .write(Durability::Durable, async |conn| {
                if TOMBSTONES.deleted_among(conn, [id]).await?.is_empty() {
                    return Err(StateError::NotFound(id).into());
                }
                restore_and_read_again(conn, &[id], now).await?;
                Ok(())
            })
            .await?;
        self.finish_deletions().await
    }

    /// Erases threads as [`delete_threads`](Self::delete_threads) does, but does not keep them from
    /// being indexed again. A thread of which something is left stays deleted until an opening
    /// finishes the rest.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`].
    #[cfg(feature = "backfill")]
    pub async fn forget_threads(&self, ids: &[Uuid], now: Timestamp) -> Result<DeletedNow, StateError> {
        let forget = async |conn: &mut SqliteConnection, threads: &[Uuid]| {
            pending::add_forgotten(conn, threads, now.as_millisecond()).await
        };
        self.delete(ids, now, forget).await
    }

    /// Finishes the work that deletions and restorations have left, and returns what could not be
    /// done.
    ///
    /// Opening does this too. It is for programs that stay open. Waits a second for a locked
    /// database.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`] of the index.
    pub async fn finish_deletions(&self) -> Result<Vec<PendingDeletion>, StateError> {
        self.finish_within(ON_REQUEST).await
    }

    /// Restores, in every participant, all threads that the index has, and finishes the rest as
    /// [`finish_deletions`](Self::finish_deletions) does.
    ///
    /// Call it after an index run that includes deleted threads. Participants may also have deleted
    /// threads of an index that was copied back from a backup.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`] of the index.
    pub async fn restore_threads(&self, now: Timestamp) -> Result<Vec<PendingDeletion>, StateError> {
        let ids: Vec<Uuid> = self.tombstones_elsewhere().await.iter().map(|stone| stone.thread_id).collect();
        let indexed = self.threads().get_many(&ids).await?;
        let ids: Vec<Uuid> = indexed.iter().map(|thread| thread.id).collect();
        if !ids.is_empty() {
            self.database()
                .write::<_, StateError>(Durability::Usual, async |conn| {
                    Ok(pending::add(conn, &ids, now.as_millisecond()).await?)
                })
                .await?;
        }
        self.finish_deletions().await
    }

    /// Returns the ports for `history`, a handle of [this history](crate::Stores::history), and
    /// `home`. Erases deleted threads that the history does not know as deleted: its tombstones go
    /// with its database, and the rollouts are still there.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Open`](threadkeep_history::HistoryError::Open) of the history, and
    /// [`HistoryError::Database`](threadkeep_history::HistoryError::Database), also of the index.
    #[cfg(all(feature = "backfill", feature = "history"))]
    pub async fn history_ports(
        &self,
        history: &threadkeep_history::HistoryStore,
        home: &threadkeep_rollout::AgentHome,
    ) -> Result<threadkeep_history::HistoryPorts, threadkeep_history::HistoryError> {
        let deleted = self.database().read(async |conn| TOMBSTONES.all(conn).await).await?;
        history.deleted_threads().erase_unknown(&deleted).await?;
        history.ports(home).await
    }

    /// Lists the damaged databases that were moved aside. They stay as they are, and may still have
    /// words of deleted threads.
    pub fn damaged_databases(&self) -> Vec<PathBuf> {
        let paths = DATABASES.iter().map(|spec| DbPaths::new(spec, self.sqlite_home()));
        paths.flat_map(|paths| paths.damaged().unwrap_or_default()).collect()
    }

    /// Does what opening owes to deletions. Work that cannot be done yet stays recorded.
    pub(crate) async fn catch_up_with_deletions(&self) {
        let _ = self.adopt_tombstones().await;
        let _ = self.finish_within(AT_OPENING).await;
    }

    /// Takes over the participants' tombstones if the index has no threads: it may have been lost,
    /// and the rollouts of deleted threads are still there.
    async fn adopt_tombstones(&self) -> Result<(), StateError> {
        const IS_EMPTY: &str = "SELECT NOT EXISTS (SELECT 1 FROM threads)";
        let db = self.database();
        let is_empty: bool = db.read(async |conn| sqlx::query_scalar(IS_EMPTY).fetch_one(conn).await).await?;
        let stones = if is_empty { self.tombstones_elsewhere().await } else { Vec::new() };
        if stones.is_empty() {
            return Ok(());
        }
        db.write::<_, StateError>(Durability::Durable, async |conn| {
            // An index run may have begun meanwhile, and restored some of them.
            let is_empty: bool = sqlx::query_scalar(IS_EMPTY).fetch_one(&mut *conn).await?;
            if is_empty {
                TOMBSTONES.put(conn, &stones).await?;
            }
            Ok(())
        })
        .await
    }

    /// Returns the tombstones of all participants.
    async fn tombstones_elsewhere(&self) -> Vec<Tombstone> {
        let mut stones = Vec::new();
        for label in PARTICIPANTS {
            if let Some(participant) = Participant::of(self.stores(), label, ON_REQUEST) {
                stones.extend(participant.tombstones().await);
            }
        }
        stones
    }
}

/// Restores deleted threads in the index, in the caller's transaction: removes their tombstones,
/// links them with the threads that they spawned, and records the work of the participants. Their
/// rows come from the index run that asked for it.
#[cfg(feature = "backfill")]
pub(crate) async fn restore_in_index(
    conn: &mut SqliteConnection,
    ids: &[Uuid],
    now_ms: i64,
) -> Result<(), sqlx::Error> {
    TOMBSTONES.remove(conn, ids).await?;
    link_children_of(conn, ids).await?;
    pending::add(conn, ids, now_ms).await
}

/// Restores deleted threads in the index. The next index run reads their files again, and the names
/// of the home, which were read without theirs.
#[cfg(feature = "backfill")]
async fn restore_and_read_again(
    conn: &mut SqliteConnection,
    ids: &[Uuid],
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    restore_in_index(conn, ids, now.as_millisecond()).await?;
    let read_again = sqlx::query(
        "UPDATE rollouts SET outcome = 'lost' \
         WHERE thread_id IN (SELECT value FROM json_each(?1)) AND outcome = 'deleted' \
           OR path = 'session_index.jsonl'",
    );
    read_again.bind(json(ids)).execute(conn).await?;
    Ok(())
}

/// Reports a step of a deletion, of one thread or of several at once.
fn report(participant: &'static str, phase: &'static str, status: &'static str) {
    telemetry::count(names::CLEANUP, 1, &[("db", participant), ("status", status), ("phase", phase)]);
}

/// Returns a participant's telemetry tag, from a closed set.
fn tag(label: &str) -> &'static str {
    PARTICIPANTS.into_iter().find(|known| *known == label).unwrap_or("other")
}
