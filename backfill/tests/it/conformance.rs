//! The conformance suite against the in-memory ports, and the suite's own list of checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use threadkeep_backfill::conformance::Fixture;
use threadkeep_backfill::memory::{Content, MemorySource, MemoryStore};

/// The in-memory ports under test.
#[derive(Default)]
struct MemoryFixture {
    source: Arc<MemorySource>,
    store: Arc<MemoryStore>,
}

#[async_trait]
impl Fixture for MemoryFixture {
    type Source = MemorySource;
    type Index = MemoryStore;
    type Progress = MemoryStore;

    fn source(&self) -> Arc<MemorySource> {
        Arc::clone(&self.source)
    }

    fn index(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.store)
    }

    fn progress(&self) -> Arc<MemoryStore> {
        Arc::clone(&self.store)
    }

    fn key(&self, number: usize) -> String {
        format!("item {number:02}")
    }

    async fn put(&self, number: usize, revision: u32) {
        self.source.put(self.key(number), Content::text(format!("{number}, revision {revision}")));
    }

    async fn put_copy(&self, number: usize, of: usize) -> bool {
        self.source.put(self.key(number), Content::text("a copy").identity(self.key(of)));
        true
    }

    async fn remove(&self, number: usize) {
        self.source.remove(&self.key(number));
    }

    async fn lose_row(&self, number: usize) {
        self.store.lose_row(&self.key(number));
    }

    async fn rows(&self) -> BTreeMap<String, String> {
        self.store.snapshot().rows.into_values().map(|row| (row.key, row.text)).collect()
    }
}

threadkeep_backfill::conformance_tests!(async { MemoryFixture::default() });

#[test]
fn every_check_is_on_the_list() {
    let listed = threadkeep_backfill::conformance_checks!(names, ());
    let sources = [
        include_str!("../../src/conformance/leases.rs"),
        include_str!("../../src/conformance/commits.rs"),
        include_str!("../../src/conformance/outcomes.rs"),
        include_str!("../../src/conformance/passes.rs"),
    ];
    let lines = sources.iter().flat_map(|source| source.lines());
    let written = lines.filter_map(|line| line.strip_prefix("pub async fn ")?.split('<').next());
    assert_eq!(written.collect::<Vec<_>>(), listed);
}
