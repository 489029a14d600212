//! Reads an item of the home. Storing it is the business of [`commit`](super::commit).

use std::collections::HashMap;
use std::io;

use async_trait::async_trait;
use sqlx::Row as _;
use threadkeep_backfill::{BatchOf, BoxError, Index, Item, Lease, WriteError};
use threadkeep_rollout::{Checkpoint, ExtractError, Extractor, HomeError};

use super::commit;
use super::content::{CommitReport, HomeContent, NamesContent, ReadItem, ThreadContent, ThreadIndex};
use super::source::HomeItem;
use crate::home_problem::HomeProblem;
use crate::threads::ThreadUpsert;

/// Smallest number of read bytes for which a checkpoint is stored. Reading less again costs about
/// as much as storing it.
const WORTH_A_CHECKPOINT: u64 = 512 * 1024;

#[async_trait]
impl Index for ThreadIndex {
    type Handle = HomeItem;
    type Problem = HomeProblem;
    type Previous = Checkpoint;
    type Extracted = HomeContent;
    type Worker = Extractor;

    fn worker(&self) -> Extractor {
        Extractor::of_home(&self.home)
    }

    async fn previous(&self, keys: &[&str]) -> Result<HashMap<String, Checkpoint>, BoxError> {
        let keys = serde_json::to_string(keys)?;
        let rows = self.db.read(async |conn| {
            sqlx::query(
                "SELECT path, checkpoint FROM rollout_checkpoints WHERE path IN (SELECT value FROM json_each(?1))",
            )
            .bind(keys)
            .fetch_all(conn)
            .await
        });
        let rows = rows.await?;
        // A checkpoint of another version is none: the file is read from its start.
        let parse = |row: &sqlx::sqlite::SqliteRow| -> Option<(String, Checkpoint)> {
            Some((row.try_get(0).ok()?, serde_json::from_str(row.try_get(1).ok()?).ok()?))
        };
        Ok(rows.iter().filter_map(parse).collect())
    }

    fn extract(
        &self,
        extractor: &mut Extractor,
        item: &Item<HomeItem>,
        previous: Option<Checkpoint>,
    ) -> Result<HomeContent, HomeProblem> {
        let HomeItem::Rollout { name, archived, compressed } = &item.handle else {
            return self.read_names();
        };
        let path = self.home.absolute(&item.key);
        let extraction = extractor.extract(&path, *compressed, name.as_ref(), previous.as_ref())?;
        let worth_it = !compressed && extraction.checkpoint.offset() >= WORTH_A_CHECKPOINT;
        let checkpoint = worth_it.then(|| serde_json::to_string(&extraction.checkpoint).ok()).flatten();
        Ok(HomeContent(ReadItem::Thread(Box::new(ThreadContent {
            lines: extraction.lines,
            skipped: extraction.skipped,
            checkpoint,
            upsert: ThreadUpsert::extracted(
                extraction.metadata,
                &item.key,
                *archived,
                &self.default_provider,
            ),
        }))))
    }

    async fn commit(&self, lease: &Lease, batch: BatchOf<'_, Self>) -> Result<CommitReport, WriteError> {
        commit::commit(self, lease, batch).await
    }
}

impl ThreadIndex {
    fn read_names(&self) -> Result<HomeContent, HomeProblem> {
        let read = self.home.thread_names().map_err(|error| match error {
            HomeError::NotAFile { .. } => ExtractError::NotAFile,
            HomeError::Unreadable { source, .. } => ExtractError::Io(source),
            other => ExtractError::Io(io::Error::other(other)),
        })?;
        let names = read.iter().map(|(id, name)| (id, name.name.clone())).collect();
        Ok(HomeContent(ReadItem::Names(NamesContent { names, skipped: read.skipped().clone() })))
    }
}
