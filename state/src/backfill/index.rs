//! Reads an item of the home. Storing it is the business of [`commit`](super::commit).

use std::collections::HashMap;
use std::io;

use async_trait::async_trait;
use jiff::Timestamp;
use threadkeep_backfill::{BatchOf, BoxError, Index, Item, Lease, WriteError};
use threadkeep_rollout::{Checkpoint, ExtractError, Extractor, HomeError, ThreadKind};
use threadkeep_sqlite::{RowReader, uuid_text};

use super::commit;
use super::content::{
    CommitReport, HomeContent, NamesContent, ReadItem, ThreadContent, ThreadIndex, copied_from,
};
use super::source::HomeItem;
use crate::fingerprint::length_of;
use crate::home_problem::HomeProblem;
use crate::thread::{HOME_AGENT, agent_of};
use crate::threads::ThreadUpsert;

/// Smallest number of read bytes for which a checkpoint is stored. Reading less again costs about
/// as much as storing it.
const WORTH_A_CHECKPOINT: u64 = 512 * 1024;

/// Knowledge of the index about a file that is read again.
#[derive(Debug)]
pub struct Previous {
    /// True if the index has a thread with content from it.
    has_content: bool,
    /// Its length in bytes.
    length: u64,
    /// Greatest length in bytes that it had.
    longest: u64,
    checkpoint: Option<Checkpoint>,
}

#[async_trait]
impl Index for ThreadIndex {
    type Handle = HomeItem;
    type Problem = HomeProblem;
    type Previous = Previous;
    type Extracted = HomeContent;
    type Worker = Extractor;

    fn worker(&self) -> Extractor {
        Extractor::of_home(&self.home)
    }

    async fn previous(&self, keys: &[&str], continues: bool) -> Result<HashMap<String, Previous>, BoxError> {
        let keys = serde_json::to_string(keys)?;
        let rows = self.db.read(async |conn| {
            sqlx::query(
                "SELECT path, fingerprint, outcome = 'failed', problem, detail, \
                   EXISTS (SELECT 1 FROM threads \
                     WHERE id = rollouts.thread_id AND rollout_path = path AND kind <> 'empty'), checkpoint \
                 FROM rollouts LEFT JOIN rollout_checkpoints USING (path) \
                 WHERE path IN (SELECT value FROM json_each(?1))",
            )
            .bind(keys)
            .fetch_all(conn)
            .await
        });
        let previous = |row: &sqlx::sqlite::SqliteRow| -> Result<(String, Previous), sqlx::Error> {
            let mut row = RowReader::new(row);
            let (path, fingerprint): (String, &str) = (row.column()?, row.column()?);
            let failed = row.column()?;
            let length = length_of(fingerprint).unwrap_or_default();
            let (problem, detail): (Option<String>, _) = (row.column()?, row.column()?);
            let problem = problem.map(|code| HomeProblem::stored(code, detail));
            let longest = HomeProblem::longest(length, problem.as_ref(), failed);
            let has_content = row.column()?;
            // A checkpoint of another version is none: the file is read from its start.
            let checkpoint: Option<&str> = row.column()?;
            let checkpoint = checkpoint.filter(|_| continues);
            let checkpoint = checkpoint.and_then(|checkpoint| serde_json::from_str(checkpoint).ok());
            Ok((path, Previous { has_content, length, longest, checkpoint }))
        };
        Ok(rows.await?.iter().map(previous).collect::<Result<_, _>>()?)
    }

    fn extract(
        &self,
        extractor: &mut Extractor,
        item: &Item<HomeItem>,
        previous: Option<Previous>,
    ) -> Result<HomeContent, HomeProblem> {
        let HomeItem::Rollout { name, archived, compressed, changed_at_ms } = &item.handle else {
            return self.read_names();
        };
        let has_content = previous.as_ref().is_some_and(|previous| previous.has_content);
        let (length, was) = previous.as_ref().map_or((0, 0), |previous| (previous.length, previous.longest));
        let has_shrunk = item.bytes < was && agent_of(&item.key) == HOME_AGENT;
        let shrunk = has_shrunk.then_some(HomeProblem::Shrunk { was, is: item.bytes });
        // The agent goes on writing to the rest of a file that shrank: that is the thread now.
        let goes_on = shrunk.is_some() && item.bytes > length;
        let previous = previous.and_then(|previous| previous.checkpoint);
        let path = self.home.absolute(&item.key);
        let extracted = extractor.extract(&path, *compressed, name.as_ref(), previous.as_ref());
        let extraction = match (extracted, &shrunk) {
            (Err(ExtractError::Empty), Some(shrunk)) => return Err(shrunk.clone()),
            (extracted, _) => extracted?,
        };
        let base = extraction.base_problem.map(HomeProblem::Base);
        let problem = shrunk.or(base).or_else(|| HomeProblem::of_skipped(&extraction.skipped));
        // A damaged file must not empty a thread. If a base is missing, the file waits for it.
        if let Some(problem) = &problem
            && !matches!(problem, HomeProblem::Base(_))
            && extraction.metadata.kind == ThreadKind::Empty
            && ((has_content && !goes_on) || extraction.is_unreadable)
        {
            return Err(problem.clone());
        }
        let worth_it = !compressed && extraction.checkpoint.offset() >= WORTH_A_CHECKPOINT;
        let checkpoint = worth_it.then(|| serde_json::to_string(&extraction.checkpoint).ok()).flatten();
        Ok(HomeContent(ReadItem::Thread(Box::new(ThreadContent {
            lines: extraction.lines,
            problem,
            lines_skipped: extraction.skipped.count,
            checkpoint,
            changed_at_ms: *changed_at_ms,
            base: extraction
                .base_problem
                .map(|problem| problem.file_id())
                .or(extraction.base)
                .map(uuid_text)
                .or_else(|| extraction.metadata.forked_from_id.map(copied_from)),
            closed_agents: extraction.metadata.closed_agents.clone(),
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
        let names = read
            .iter()
            .map(|(id, name)| (id, name.name.clone(), name.updated_at.map(Timestamp::as_millisecond)))
            .collect();
        Ok(HomeContent(ReadItem::Names(NamesContent { names, skipped: read.skipped().clone() })))
    }
}
