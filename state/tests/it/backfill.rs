//! The ports conform, and a home is indexed as the engine promises.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use threadkeep_rollout::ExtractError;
use threadkeep_state::HomeProblem;
use threadkeep_state::backfill::{BackfillProgress, HomeSource, IndexOptions, ThreadIndex};

use crate::common::{Fixture, id, rollout_path, session};

/// Real files, and the real index over them.
struct Files {
    fixture: Fixture,
    source: Arc<HomeSource>,
    index: Arc<ThreadIndex>,
    progress: Arc<BackfillProgress>,
}

impl Files {
    async fn new() -> Files {
        let fixture = Fixture::empty().await.expect("a fixture");
        let ports = fixture.ports(IndexOptions::default()).expect("the ports");
        Files {
            fixture,
            source: Arc::new(ports.source),
            index: Arc::new(ports.index),
            progress: Arc::new(ports.progress),
        }
    }
}

#[async_trait]
impl threadkeep_backfill::conformance::Fixture for Files {
    type Source = HomeSource;
    type Index = ThreadIndex;
    type Progress = BackfillProgress;

    fn source(&self) -> Arc<HomeSource> {
        Arc::clone(&self.source)
    }

    fn index(&self) -> Arc<ThreadIndex> {
        Arc::clone(&self.index)
    }

    fn progress(&self) -> Arc<BackfillProgress> {
        Arc::clone(&self.progress)
    }

    fn key(&self, number: usize) -> String {
        rollout_path(id(number as u128))
    }

    fn problem(&self, text: &str, transient: bool) -> HomeProblem {
        if transient {
            ExtractError::Io(std::io::Error::other(text.to_owned())).into()
        } else {
            HomeProblem::Panicked(text.to_owned())
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

    async fn lose_row(&self, number: usize) {
        let mut conn = self.fixture.raw().await.expect("the database");
        sqlx::query("DELETE FROM threads WHERE rollout_path = ?1")
            .bind(self.key(number))
            .execute(&mut conn)
            .await
            .expect("the row");
    }

    async fn rows(&self) -> BTreeMap<String, String> {
        let threads = self.fixture.threads().await.expect("the threads");
        threads.into_iter().map(|thread| (thread.rollout_path.clone(), format!("{thread:?}"))).collect()
    }
}

mod conformance {
    threadkeep_backfill::conformance_tests!(super::Files::new());
}
