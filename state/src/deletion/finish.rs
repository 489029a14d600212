//! Finishes the work that deletions and restorations have left, each participant once for all of
//! its threads.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::SqliteConnection;
use threadkeep_sqlite::{Durability, Tombstone, WriteError};

use super::participant::{Left, Participant};
use super::pending::{self, FORGET, Pending, PendingDeletion};
#[cfg(feature = "backfill")]
use super::restore_and_read_again;
use super::tombstones::TOMBSTONES;
use super::{report, tag};
use crate::error::StateError;
use crate::runtime::StateRuntime;

/// A row whose work is left, and why.
type Late = (Pending, String);

impl StateRuntime {
    /// Finishes all work, as far as participants can be used within this time. Returns the rest.
    pub(super) async fn finish_within(&self, patience: Duration) -> Result<Vec<PendingDeletion>, StateError> {
        let left = self.finish_participants(patience).await?;
        #[cfg(feature = "backfill")]
        if self.restore_forgotten(&left).await? {
            return self.finish_participants(patience).await;
        }
        Ok(left)
    }

    async fn finish_participants(&self, patience: Duration) -> Result<Vec<PendingDeletion>, StateError> {
        let mut by_participant: BTreeMap<String, Vec<Pending>> = BTreeMap::new();
        let rows = pending::all(self.database()).await?.into_iter();
        for row in rows.filter(|row| row.participant != FORGET) {
            by_participant.entry(row.participant.clone()).or_default().push(row);
        }
        let mut left = Vec::new();
        for (participant, rows) in by_participant {
            for (row, reason) in self.finish_rows(&participant, rows, patience).await {
                report(tag(&participant), "cleaned", "error");
                let participant = participant.clone();
                left.extend(row.thread_id.map(|thread_id| PendingDeletion {
                    thread_id,
                    participant,
                    reason,
                }));
            }
        }
        // Stable: the participants of a thread keep their order.
        left.sort_by_key(|left| left.thread_id);
        Ok(left)
    }

    /// Lets forgotten threads of which nothing is left be indexed again. Returns true if there were
    /// some.
    #[cfg(feature = "backfill")]
    async fn restore_forgotten(&self, left: &[PendingDeletion]) -> Result<bool, StateError> {
        let is_erased = |row: &Pending| left.iter().all(|left| Some(left.thread_id) != row.thread_id);
        let rows = pending::all(self.database()).await?.into_iter();
        let rows: Vec<_> = rows.filter(|row| row.participant == FORGET && is_erased(row)).collect();
        let Some(since) = rows.iter().map(|row| row.since).max() else { return Ok(false) };
        let ids: Vec<_> = rows.iter().filter_map(|row| row.thread_id).collect();
        let work = async |conn: &mut SqliteConnection| {
            restore_and_read_again(conn, &ids, since).await?;
            for row in &rows {
                pending::remove(conn, row).await?;
            }
            Ok(())
        };
        self.database().write::<_, StateError>(Durability::Durable, work).await?;
        Ok(true)
    }

    /// Does the work of rows of one participant. Returns those whose work is left.
    async fn finish_rows(&self, label: &str, rows: Vec<Pending>, patience: Duration) -> Vec<Late> {
        let late = |rows: Vec<Pending>, reason: String| -> Vec<Late> {
            rows.into_iter().map(|row| (row, reason.clone())).collect()
        };
        let participant = match self.prepare(label, patience).await {
            Ok(participant) => participant,
            Err(reason) => return late(rows, reason),
        };
        match self.bring_in_line(&participant, &rows, patience).await {
            Ok(()) => Vec::new(),
            // One of the threads may have failed, and keeps no other from being deleted.
            Err(Left::Thread(_)) if rows.len() > 1 => {
                let (mut left, mut rows) = (Vec::new(), rows.into_iter());
                while let Some(row) = rows.next() {
                    match self.bring_in_line(&participant, std::slice::from_ref(&row), patience).await {
                        Ok(()) => {}
                        Err(Left::Thread(reason)) => left.push((row, reason)),
                        Err(Left::Participant(reason)) => {
                            left.push((row, reason.clone()));
                            left.extend(late(rows.collect(), reason));
                            break;
                        }
                    }
                }
                left
            }
            // Do not retry a participant that already failed in this run.
            Err(Left::Thread(reason) | Left::Participant(reason)) => late(rows, reason),
        }
    }

    async fn prepare(&self, label: &str, patience: Duration) -> Result<Participant, String> {
        let Some(mut participant) = Participant::of(self.stores(), label, patience) else {
            return Err(format!("this program was built without {label}; another one will do it"));
        };
        participant.prepare().await.map_err(|error| error.to_string())?;
        Ok(participant)
    }

    /// Erases the threads of rows, or all threads, from their participant or restores them, as the
    /// index says, and removes the rows.
    async fn bring_in_line(
        &self,
        participant: &Participant,
        rows: &[Pending],
        patience: Duration,
    ) -> Result<(), Left> {
        let Some(label) = rows.first().map(|row| tag(&row.participant)) else { return Ok(()) };
        // The index is locked meanwhile: no process deletes or restores a thread between the
        // question and the work.
        let work = async |conn: &mut SqliteConnection| {
            let named = rows.iter().filter_map(|row| Some((row.thread_id?, row.since)));
            let deleted = TOMBSTONES.deleted_among(conn, named.clone().map(|(thread, _)| thread)).await?;
            let (gone, back): (Vec<_>, Vec<_>) = named.partition(|(thread, _)| deleted.contains(thread));
            let stones: Vec<Tombstone> =
                gone.into_iter().map(|(thread_id, deleted_at)| Tombstone { thread_id, deleted_at }).collect();
            for (thread, _) in back {
                participant.restore(thread).await.map_err(WriteError::Store)?;
            }
            if !stones.is_empty() {
                participant.erase(&stones).await.map_err(WriteError::Store)?;
            }
            if rows.iter().any(|row| row.thread_id.is_none()) {
                let all = TOMBSTONES.all(conn).await?;
                participant.erase_unknown(&all).await.map_err(WriteError::Store)?;
            }
            report(label, "cleaned", "ok");
            for row in rows {
                pending::remove(conn, row).await?;
            }
            Ok(())
        };
        self.database().within(patience).write(Durability::Usual, work).await?;
        report(label, "done", "ok");
        Ok(())
    }
}
