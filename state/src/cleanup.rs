//! Deleting a thread from every store.
//!
//! Databases share no transaction. So what is to be done in the others is written with the tombstone, in the one transaction
//! that takes the thread out of the index; then it is done, and struck out. A process that dies in between leaves it to
//! the next one that opens. Every step can be done twice.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::Row as _;
use threadkeep_sqlite::OpenOptions;
use threadkeep_sqlite::telemetry::{self, names};
use uuid::Uuid;

use crate::error::StateError;
use crate::row::text_of;
use crate::runtime::StateRuntime;

/// What may hold something of a thread outside of the index. One that this program was built without may have been filled by
/// another, and is cleaned by that.
const STORES: [&str; 2] = ["goals", "logs"];

/// How long opening waits for a store that is to be cleaned.
const AT_ONCE: Duration = Duration::from_millis(50);

/// Something that a deletion still has to do; it is tried again whenever the state is opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingCleanup {
    /// The thread.
    pub thread_id: Uuid,
    /// The store that still has something of it: `goals` or `logs`.
    pub store: String,
    /// Why it could not be done now.
    pub reason: String,
}

impl StateRuntime {
    /// Deletes a thread: its row, its edges, its memory, its goal and its logs. Its rollout is not touched.
    ///
    /// A tombstone keeps index runs from bringing it back. The row, the tombstone and a note of what is left to do are one
    /// transaction, on the disk when it returns; the rest is done at once. What cannot be (a database is locked, or belongs to another
    /// program) is told, and is done when the state is opened the next time.
    ///
    /// # Errors
    ///
    /// [`StateError::NotFound`], [`StateError::Database`]; then nothing was deleted.
    pub async fn delete_thread(&self, id: Uuid, now: Timestamp) -> Result<Vec<PendingCleanup>, StateError> {
        self.threads().delete(id, now, &STORES).await?;
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

    /// Finishes what deletions have left to do, and returns what could not be done.
    ///
    /// Opening does this. It is for programs that stay open and were told of something that was left.
    ///
    /// # Errors
    ///
    /// [`StateError::Database`] of the index, which has the list.
    pub async fn finish_cleanups(&self) -> Result<Vec<PendingCleanup>, StateError> {
        self.finish_cleanups_in(&Stores {
            #[cfg(feature = "goals")]
            goals: self.thread_goals().clone(),
            #[cfg(feature = "logs")]
            logs: self.logs().clone(),
        })
        .await
    }

    /// Finishes what can be finished at once: a database that somebody has locked must not keep this one from opening.
    pub(crate) async fn finish_cleanups_at_once(&self, open: &OpenOptions) -> Result<(), StateError> {
        if self.pending_cleanups().await?.is_empty() {
            return Ok(());
        }
        // With stores of its own, which wait for nobody.
        let open = open.clone().busy_timeout(AT_ONCE).write_timeout(AT_ONCE).lock_timeout(AT_ONCE);
        let stores = Stores {
            #[cfg(feature = "goals")]
            goals: threadkeep_state_goals::GoalStore::new(self.sqlite_home(), &open),
            #[cfg(feature = "logs")]
            logs: threadkeep_state_logs::LogStore::new(self.sqlite_home(), &open),
        };
        let _ = open;
        let finished = self.finish_cleanups_in(&stores).await;
        stores.close().await;
        finished.map(drop)
    }

    async fn finish_cleanups_in(&self, stores: &Stores) -> Result<Vec<PendingCleanup>, StateError> {
        let pending = self.pending_cleanups().await?;
        let (mut left, was_any) = (Vec::new(), !pending.is_empty());
        for (thread_id, store) in pending {
            match stores.clean(&store, thread_id).await {
                Ok(()) => {
                    step(label(&store), "cleaned");
                    self.strike_out(thread_id, &store).await?;
                    step(label(&store), "done");
                }
                Err(reason) => {
                    telemetry::count(names::CLEANUP, 1, &[("db", label(&store)), ("status", "error")]);
                    left.push(PendingCleanup { thread_id, store, reason });
                }
            }
        }
        if was_any {
            // A reader elsewhere may keep some of it in the log; the last one to close writes it back.
            let _ = self.database().checkpoint().await;
        }
        Ok(left)
    }

    async fn pending_cleanups(&self) -> Result<Vec<(Uuid, String)>, StateError> {
        let db = self.database();
        let mut reader = db.reader().await?;
        let rows = sqlx::query("SELECT thread_id, store FROM pending_cleanups ORDER BY thread_id, store")
            .fetch_all(reader.conn())
            .await
            .map_err(|error| db.error(error))?;
        // A row that names no thread is none of ours, and stays.
        let read = |row: &sqlx::sqlite::SqliteRow| -> Option<(Uuid, String)> {
            Some((Uuid::try_parse(row.try_get(0).ok()?).ok()?, row.try_get(1).ok()?))
        };
        Ok(rows.iter().filter_map(read).collect())
    }

    async fn strike_out(&self, thread_id: Uuid, store: &str) -> Result<(), StateError> {
        let db = self.database();
        let mut tx = db.begin().await?;
        sqlx::query("DELETE FROM pending_cleanups WHERE thread_id = ?1 AND store = ?2")
            .bind(text_of(thread_id))
            .bind(store)
            .execute(tx.conn())
            .await
            .map_err(|error| db.error(error))?;
        Ok(tx.commit().await?)
    }
}

/// The stores that are cleaned.
struct Stores {
    #[cfg(feature = "goals")]
    goals: threadkeep_state_goals::GoalStore,
    #[cfg(feature = "logs")]
    logs: threadkeep_state_logs::LogStore,
}

impl Stores {
    async fn clean(&self, store: &str, thread_id: Uuid) -> Result<(), String> {
        match store {
            #[cfg(feature = "goals")]
            "goals" => {
                let goals = &self.goals;
                goals.delete(thread_id).await.map_err(|error| error.to_string())?;
                // The log beside the file still has what was deleted, and nobody may come to close it.
                if let Some(db) = goals.database().existing().await.map_err(|error| error.to_string())? {
                    db.checkpoint().await.map_err(|error| error.to_string())?;
                }
                Ok(())
            }
            #[cfg(feature = "logs")]
            "logs" => self.logs.delete_thread(thread_id).await.map(drop).map_err(|error| error.to_string()),
            _ => {
                let _ = thread_id;
                Err(format!("this program has no {store}: one that has them will delete them"))
            }
        }
    }

    /// Closes what was opened; what is wrong with it was said when it was cleaned.
    async fn close(self) {
        #[cfg(feature = "goals")]
        let _ = self.goals.close().await;
        #[cfg(feature = "logs")]
        let _ = self.logs.close().await;
    }
}

/// The tag of a store: of a closed set, whatever stands in the database.
fn label(store: &str) -> &'static str {
    STORES.into_iter().find(|known| *known == store).unwrap_or("state")
}

fn step(db: &'static str, phase: &'static str) {
    telemetry::count(names::CLEANUP, 1, &[("db", db), ("status", "ok"), ("phase", phase)]);
}
