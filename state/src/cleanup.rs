//! Deleting a thread from every store.
//!
//! Databases share no transaction. So what is to be done elsewhere is noted with the tombstone, in the one transaction that
//! takes the thread out of the index. A note says no more than that a store has to be brought in line with the index: it
//! forgets a thread that is deleted by then, and readmits one that was brought back. A process that dies in between leaves its
//! notes to the next one that opens, and every step can be done twice.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use sqlx::SqliteConnection;
use threadkeep_sqlite::telemetry::{self, names};
use threadkeep_sqlite::{Durability, RowReader, Tombstone, WriteTx, text_of};
use uuid::Uuid;

use crate::error::StateError;
use crate::runtime::StateRuntime;
use crate::stores::{Left, Stores};
use crate::tombstone::{self, TOMBSTONES};

/// What may hold something of a thread beside the index: the other stores, and the log and snapshots of the index itself. One that this
/// program was built without may have been filled by another, and is cleaned by that.
const STORES: [&str; 3] = ["goals", "logs", "state"];

/// How long opening waits for a store that is to be cleaned: nobody has asked for that.
pub(crate) const AT_ONCE: Duration = Duration::from_millis(50);

/// How long a deletion waits: the user has, but what is left is done later anyway.
pub(crate) const PATIENCE: Duration = Duration::from_secs(1);

/// Something that a deletion still has to do; it is tried again whenever the state is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingCleanup {
    /// The thread.
    pub thread_id: Uuid,
    /// The store that still has something of it: `goals`, `logs`, or `state` for the index's log and snapshots.
    pub store: String,
    /// Why it could not be done now.
    pub reason: String,
}

/// A note: a store that is to be brought in line with what the index says of a thread.
pub(crate) struct Note {
    pub(crate) thread_id: Uuid,
    pub(crate) store: String,
    /// When it was written; of a deletion, that is when the thread was deleted.
    pub(crate) at: Timestamp,
}

/// Notes that the stores are to be brought in line with what the index now says of some threads.
pub(crate) async fn note(conn: &mut SqliteConnection, ids: &[Uuid], now_ms: i64) -> Result<(), sqlx::Error> {
    let json = |value| serde_json::to_string(value).map_err(|error| sqlx::Error::Encode(error.into()));
    sqlx::query(
        "INSERT INTO pending_cleanups (thread_id, store, created_at_ms) \
         SELECT thread.value, store.value, ?3 FROM json_each(?1) AS thread, json_each(?2) AS store \
         WHERE true ON CONFLICT (thread_id, store) DO NOTHING",
    )
    .bind(json(&ids.iter().copied().map(text_of).collect::<Vec<_>>())?)
    .bind(json(&STORES.map(str::to_owned).to_vec())?)
    .bind(now_ms)
    .execute(conn)
    .await?;
    Ok(())
}

impl StateRuntime {
    /// Deletes a thread: its row, its edges, its memory, its goal and its logs, also in the snapshots that upgrades have left. Its
    /// rollout is not touched.
    ///
    /// Tombstones keep index runs from bringing it back, and whoever still works on it from giving it a goal or logging for
    /// it. The row, the tombstone and a note of what is left to do are one transaction, on the disk when it returns; the
    /// rest is done at once. What cannot be (a database is locked, or belongs to another program) is told, and is done when
    /// the state is opened the next time.
    ///
    /// # Errors
    ///
    /// [`StateError::NotFound`], [`StateError::Database`]; then nothing was deleted.
    pub async fn delete_thread(&self, id: Uuid, now: Timestamp) -> Result<Vec<PendingCleanup>, StateError> {
        self.threads().delete(id, now).await?;
        step("state", "recorded");
        // The thread is gone by now, whatever comes: what could not be looked for is told as left to do.
        Ok(self.finish_cleanups().await.unwrap_or_else(|error| {
            let left = |store: &str| PendingCleanup {
                thread_id: id,
                store: store.to_owned(),
                reason: error.to_string(),
            };
            STORES.map(left).to_vec()
        }))
    }

    /// Finishes what deletions, and index runs that brought threads back, have left to do in the stores; returns what could not
    /// be done.
    ///
    /// Opening does this. It is for programs that stay open and were told of something that was left. A store that somebody has
    /// locked is waited for a second.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`] of the index, which has the list.
    pub async fn finish_cleanups(&self) -> Result<Vec<PendingCleanup>, StateError> {
        self.finish_cleanups_within(PATIENCE).await
    }

    /// Has goals and logs take in every thread that the index has, and does what else is left to do, as
    /// [`finish_cleanups`](Self::finish_cleanups).
    ///
    /// They may have forgotten some of them: an index that is restored from a backup has what was deleted since. It is for whoever
    /// brings deleted threads back.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`] of the index.
    pub async fn readmit_indexed(&self, now: Timestamp) -> Result<Vec<PendingCleanup>, StateError> {
        let stores = Stores::new(self, PATIENCE, false);
        let stones: HashSet<String> =
            stores.tombstones().await.into_iter().map(|stone| stone.digest).collect();
        stores.close().await;
        if !stones.is_empty() {
            let db = self.database();
            let ids: Vec<String> = db
                .read(async |conn| sqlx::query_scalar("SELECT id FROM threads").fetch_all(conn).await)
                .await?;
            let indexed = ids.iter().filter_map(|id| Uuid::try_parse(id).ok());
            let refused: Vec<Uuid> = indexed.filter(|id| stones.contains(&Tombstone::digest(*id))).collect();
            let mut tx = db.begin(Durability::Usual).await?;
            note(tx.conn(), &refused, now.as_millisecond()).await.map_err(|error| db.error(error))?;
            tx.commit().await?;
        }
        self.finish_cleanups().await
    }

    /// Finishes what can be finished in this time for each store.
    pub(crate) async fn finish_cleanups_within(
        &self,
        patience: Duration,
    ) -> Result<Vec<PendingCleanup>, StateError> {
        // An older program may have deleted something meanwhile, in its own way.
        tombstone::convert(self.database()).await?;
        let notes = self.notes().await?;
        if notes.is_empty() {
            return Ok(Vec::new());
        }
        // What was deleted from the index is gone from its files when the log is written back. Now, and not at the end: what
        // keeps it from being written has to leave a note.
        let is_written_back = self.database().checkpoint().await.is_ok_and(|checkpoint| checkpoint.complete);
        let stores = Stores::new(self, patience, is_written_back);
        let mut left = Vec::new();
        let mut failed: HashMap<String, String> = HashMap::new();
        for Note { thread_id, store, at } in notes {
            // Once is enough to wait for a store, or to find that it cannot be used.
            if let Some(reason) = failed.get(&store) {
                left.push(PendingCleanup { thread_id, store, reason: reason.clone() });
                continue;
            }
            let db = label(&store);
            match bring_in_line(&stores, &Note { thread_id, store: store.clone(), at }).await {
                Ok(()) => step(db, "done"),
                Err(why) => {
                    telemetry::count(
                        names::CLEANUP,
                        1,
                        &[("db", db), ("status", "error"), ("phase", "cleaned")],
                    );
                    let reason = match why {
                        Left::Thread(reason) => reason,
                        Left::Store(reason) => {
                            failed.insert(store.clone(), reason.clone());
                            reason
                        }
                    };
                    left.push(PendingCleanup { thread_id, store, reason });
                }
            }
        }
        stores.close().await;
        // The notes themselves name the threads; the last one to close writes back what a reader elsewhere keeps.
        let _ = self.database().checkpoint().await;
        Ok(left)
    }

    async fn notes(&self) -> Result<Vec<Note>, StateError> {
        const NOTES: &str =
            "SELECT thread_id, store, created_at_ms FROM pending_cleanups ORDER BY thread_id, store";
        let rows = self.database().read(async |conn| sqlx::query(NOTES).fetch_all(conn).await).await?;
        // A row that names no thread is none of ours, and stays.
        let read = |row: &sqlx::sqlite::SqliteRow| -> Option<Note> {
            let mut row = RowReader::new(row);
            Some(Note { thread_id: row.uuid().ok()?, store: row.column().ok()?, at: row.time().ok()? })
        };
        Ok(rows.iter().filter_map(read).collect())
    }
}

/// Does what a note says, and strikes it out.
async fn bring_in_line(stores: &Stores, note: &Note) -> Result<(), Left> {
    // Before the index is held: opening may take long, and others want to write.
    stores.open(note).await?;
    // With a handle that waits no longer than the others, which the runtime's own does.
    let db = stores.index.get().await.map_err(|error| Left::Store(error.to_string()))?;
    let fail = |error| Left::Store(db.error(error).to_string());
    // The index is held meanwhile: nobody deletes the thread, or brings it back, between the look and the deed.
    let mut tx = db.begin(Durability::Usual).await.map_err(|error| Left::Store(error.to_string()))?;
    let deleted = TOMBSTONES.deleted_of(tx.conn(), [note.thread_id]).await.map_err(fail)?;
    match deleted.contains(&note.thread_id) {
        true => stores.forget(note).await?,
        false => stores.readmit(note).await?,
    }
    step(label(&note.store), "cleaned");
    strike_out(&mut tx, note).await.map_err(fail)?;
    tx.commit().await.map_err(|error| Left::Store(error.to_string()))
}

async fn strike_out(tx: &mut WriteTx, note: &Note) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM pending_cleanups WHERE thread_id = ?1 AND store = ?2")
        .bind(text_of(note.thread_id))
        .bind(&note.store)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// The tag of a store: of a closed set, whatever stands in the database.
fn label(store: &str) -> &'static str {
    STORES.into_iter().find(|known| *known == store).unwrap_or("other")
}

fn step(db: &'static str, phase: &'static str) {
    telemetry::count(names::CLEANUP, 1, &[("db", db), ("status", "ok"), ("phase", phase)]);
}
