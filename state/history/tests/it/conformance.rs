//! The ports conform to `threadkeep-backfill`.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use threadkeep_history::{HistoryIndex, HistoryPorts, HistoryProblem, HistoryProgress, HistorySource};
use threadkeep_rollout::ExtractError;

use crate::common::{Fixture, id, rollout_path, session};

/// Real files, and the real history of them.
struct Files {
    fixture: Fixture,
    source: Arc<HistorySource>,
    index: Arc<HistoryIndex>,
    progress: Arc<HistoryProgress>,
}

impl Files {
    async fn new() -> Files {
        let fixture = Fixture::new().expect("a fixture");
        let ports = fixture.history.ports(&fixture.home().expect("a home")).await.expect("the ports");
        let HistoryPorts { source, index, progress, .. } = ports;
        Files { fixture, source: Arc::new(source), index: Arc::new(index), progress: Arc::new(progress) }
    }
}

#[async_trait]
impl threadkeep_backfill::conformance::Fixture for Files {
    type Source = HistorySource;
    type Index = HistoryIndex;
    type Progress = HistoryProgress;

    fn source(&self) -> Arc<HistorySource> {
        Arc::clone(&self.source)
    }

    fn index(&self) -> Arc<HistoryIndex> {
        Arc::clone(&self.index)
    }

    fn progress(&self) -> Arc<HistoryProgress> {
        Arc::clone(&self.progress)
    }

    fn key(&self, number: usize) -> String {
        rollout_path(id(number as u128))
    }

    fn problem(&self, text: &str, transient: bool) -> HistoryProblem {
        if transient {
            ExtractError::Io(std::io::Error::other(text.to_owned())).into()
        } else {
            HistoryProblem::Panicked(text.to_owned())
        }
    }

    async fn put(&self, number: usize, revision: u32) {
        // Another length makes another fingerprint, whatever the file system's clock.
        let message = format!("revision {revision} {}", "x".repeat(revision as usize));
        self.fixture.write(&self.key(number), session(id(number as u128), &message)).expect("a rollout");
    }

    async fn put_copy(&self, number: usize, of: usize) -> bool {
        let text = std::fs::read(self.fixture.path(&self.key(of))).expect("the original");
        self.fixture.write(&self.key(number), text).expect("a copy");
        true
    }

    async fn remove(&self, number: usize) {
        std::fs::remove_file(self.fixture.path(&self.key(number))).expect("the rollout");
    }

    /// Deletes the thread, and restores it: its file must be read again.
    async fn lose_row(&self, number: usize) {
        let threads = self.fixture.history.deleted_threads();
        let thread = id(number as u128);
        assert!(threads.erase(thread, jiff::Timestamp::UNIX_EPOCH).await.expect("the thread is deleted"));
        threads.restore(thread).await.expect("the thread is restored");
    }

    async fn rows(&self) -> BTreeMap<String, String> {
        let raw = self.fixture.raw().expect("the database");
        let sql = "SELECT path, format('%s %s %s', thread_id, \
               (SELECT group_concat(turn_id || first_words) FROM history_turns WHERE file = id), \
               (SELECT group_concat(total) FROM history_usage WHERE file = id)) \
             FROM history_files WHERE is_owner = 1";
        let mut rows = raw.prepare(sql).expect("the statement");
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("the rows");
        rows.collect::<Result<_, _>>().expect("the rows")
    }
}

mod suite {
    threadkeep_backfill::conformance_tests!(super::Files::new());
}
