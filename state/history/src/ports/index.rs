//! Reads a rollout. Storing it is the business of [`commit`](super::commit).

use std::collections::HashMap;

use async_trait::async_trait;
use threadkeep_backfill::{BatchOf, BoxError, Index, Item, Lease, WriteError};
use threadkeep_rollout::{ProjectionCheckpoint, Projector};
use threadkeep_sqlite::{RowReader, json};

use super::commit;
use super::content::{CommitReport, FileContent, HistoryIndex};
use super::source::HistoryItem;
use crate::problem::HistoryProblem;

/// Saved state from which reading goes on.
#[derive(Debug)]
pub struct Previous(ProjectionCheckpoint);

#[async_trait]
impl Index for HistoryIndex {
    type Handle = HistoryItem;
    type Problem = HistoryProblem;
    type Previous = Previous;
    type Extracted = FileContent;
    type Worker = Projector;

    fn worker(&self) -> Projector {
        Projector::of_home(&self.home)
    }

    async fn previous(&self, keys: &[&str], continues: bool) -> Result<HashMap<String, Previous>, BoxError> {
        if !continues {
            return Ok(HashMap::new());
        }
        let saved = sqlx::query(
            "SELECT path, checkpoint FROM history_files JOIN history_checkpoints ON file = id \
             WHERE path IN (SELECT value FROM json_each(?1)) AND is_owner = 1",
        )
        .bind(json(keys));
        let rows = self.db.read(async |conn| saved.fetch_all(conn).await).await?;
        let mut previous = HashMap::with_capacity(rows.len());
        for row in &rows {
            let mut row = RowReader::new(row);
            let (path, checkpoint): (String, &str) = (row.column()?, row.column()?);
            // A checkpoint of another version is none: the file is read from its start.
            if let Ok(checkpoint) = serde_json::from_str(checkpoint) {
                previous.insert(path, Previous(checkpoint));
            }
        }
        Ok(previous)
    }

    fn extract(
        &self,
        projector: &mut Projector,
        item: &Item<HistoryItem>,
        previous: Option<Previous>,
    ) -> Result<FileContent, HistoryProblem> {
        let HistoryItem { name, compressed } = &item.handle;
        let path = self.home.absolute(&item.key);
        let from = previous.as_ref().map(|previous| &previous.0);
        Ok(FileContent::new(projector.project(&path, *compressed, name.as_ref(), from)?))
    }

    async fn commit(&self, lease: &Lease, batch: BatchOf<'_, Self>) -> Result<CommitReport, WriteError> {
        commit::commit(self, lease, batch).await
    }
}
