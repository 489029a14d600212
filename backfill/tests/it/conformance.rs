//! The conformance suite against the in-memory ports, and the suite's own list of checks.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use threadkeep_backfill::conformance::Fixture;
use threadkeep_backfill::in_memory::{InMemoryProblem, InMemorySource, InMemoryStore, ItemContent};

/// The in-memory ports under test.
#[derive(Default)]
struct InMemoryFixture {
    source: Arc<InMemorySource>,
    store: Arc<InMemoryStore>,
}

#[async_trait]
impl Fixture for InMemoryFixture {
    type Source = InMemorySource;
    type Index = InMemoryStore;
    type Progress = InMemoryStore;

    fn source(&self) -> Arc<InMemorySource> {
        Arc::clone(&self.source)
    }

    fn index(&self) -> Arc<InMemoryStore> {
        Arc::clone(&self.store)
    }

    fn progress(&self) -> Arc<InMemoryStore> {
        Arc::clone(&self.store)
    }

    fn key(&self, number: usize) -> String {
        format!("item {number:02}")
    }

    fn problem(&self, text: &str, transient: bool) -> InMemoryProblem {
        if transient { InMemoryProblem::Flaky } else { InMemoryProblem::Panicked(text.to_owned()) }
    }

    async fn put(&self, number: usize, revision: u32) {
        self.source.put(self.key(number), ItemContent::text(format!("{number}, revision {revision}")));
    }

    async fn put_copy(&self, number: usize, of: usize) -> bool {
        self.source.put(self.key(number), ItemContent::text("a copy").identity(self.key(of)));
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

threadkeep_backfill::conformance_tests!(async { InMemoryFixture::default() });

#[test]
fn every_check_is_on_the_list() {
    let list = include_str!("../../src/conformance/mod.rs");
    let listed = list
        .lines()
        .filter_map(|line| line.strip_prefix("            "))
        .filter(|name| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
    let sources = [
        include_str!("../../src/conformance/leases.rs"),
        include_str!("../../src/conformance/commits.rs"),
        include_str!("../../src/conformance/outcomes.rs"),
        include_str!("../../src/conformance/passes.rs"),
    ];
    let lines = sources.iter().flat_map(|source| source.lines());
    let written = lines.filter_map(|line| line.strip_prefix("pub async fn ")?.split('<').next());
    assert_eq!(written.collect::<Vec<_>>(), listed.collect::<Vec<_>>());
}
