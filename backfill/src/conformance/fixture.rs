//! What the suite needs to know of an implementation, and how it uses the ports by hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{
    Acquired, Backfill, Batch, CommitError, CommitReport, ExtractedItem, Index, Item, Lease, Progress,
    Report, RunOutcome, Source, StoredOutcome, Term,
};

/// An implementation under test, with an empty source and an empty index of its own.
///
/// Items have numbers; the fixture says what key, place and content a number stands for.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// The source.
    type Source: Source + 'static;
    /// The index.
    type Index: Index<Handle = <Self::Source as Source>::Handle>;
    /// The progress.
    type Progress: Progress;

    /// The source.
    fn source(&self) -> Arc<Self::Source>;

    /// The index.
    fn index(&self) -> Arc<Self::Index>;

    /// The progress.
    fn progress(&self) -> Arc<Self::Progress>;

    /// The key of an item. Keys must grow with the numbers (0 to 99), by bytes.
    fn key(&self, number: usize) -> String;

    /// An owner name for a lease. If the implementation can prove owners dead, these two must count as alive.
    fn owner(&self, number: usize) -> String {
        format!("owner {number}")
    }

    /// Makes an item, or replaces it, or lets it grow: its fingerprint must differ, and its row, for another revision.
    async fn put(&self, number: usize, revision: u32);

    /// Makes an item that is a copy of another existing one, itself no copy, in the sense of the index (the row is theirs
    /// together). Returns
    /// `false`, having done nothing, if the index knows no such thing.
    async fn put_copy(&self, number: usize, of: usize) -> bool {
        let _ = (number, of);
        false
    }

    /// Removes an item from the source.
    async fn remove(&self, number: usize);

    /// Deletes the row of an item behind the engine's back; its stored outcome stays.
    async fn lose_row(&self, number: usize);

    /// All rows: the key of the item each was read from, and a text that differs when the row's content does.
    async fn rows(&self) -> BTreeMap<String, String>;
}

/// The handle of a fixture's items.
pub type HandleOf<F> = <<F as Fixture>::Source as Source>::Handle;

/// An hour: a lease of the suite expires only when a check wants it to.
pub(super) const HOUR: Duration = Duration::from_secs(3_600);

/// The instant at which the suite's time begins, plus some seconds.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_782_820_800 + seconds).expect("the suite's times are within jiff's range")
}

/// A term of so many seconds that begins so many seconds after the suite's time.
pub(super) fn term(now: i64, seconds: i64) -> Term {
    Term { now: at(now), expires_at: at(now + seconds) }
}

/// Acquires the lease, which must be free.
pub(super) async fn granted<F: Fixture>(fixture: &F, owner: usize, term: Term) -> (Lease, Option<String>) {
    let acquired = fixture.progress().acquire(&fixture.owner(owner), term).await;
    match acquired.expect("acquiring must not fail") {
        Acquired::Granted { lease, watermark } => (lease, watermark),
        Acquired::Held { owner, expires_at } => {
            panic!("the lease must be free; {owner} has it until {expires_at}")
        }
    }
}

/// Lists all items in key order.
pub(super) async fn listed<F: Fixture>(fixture: &F) -> Vec<Item<HandleOf<F>>> {
    let listing = fixture.source().list().await.expect("listing must not fail");
    let mut items = listing.items;
    items.sort_by(|a, b| a.key.cmp(&b.key));
    items
}

/// Reads items and commits them as one batch, with the last one's key as watermark.
pub(super) async fn commit<F: Fixture>(
    fixture: &F,
    lease: &Lease,
    items: &[Item<HandleOf<F>>],
    term: Term,
) -> Result<CommitReport, CommitError> {
    let index = fixture.index();
    let mut worker = index.worker();
    let mut extracted = Vec::new();
    for item in items {
        let read = index.extract(&mut worker, item, None);
        let value = read.unwrap_or_else(|failure| panic!("{} must be read: {}", item.key, failure.reason));
        extracted.push(ExtractedItem { item, value });
    }
    let watermark = items.last().map(|item| item.key.as_str());
    index.commit(lease, Batch { extracted, failed: Vec::new(), vanished: &[], watermark, term }).await
}

/// All stored outcomes.
pub(super) async fn outcomes<F: Fixture>(fixture: &F) -> Vec<StoredOutcome> {
    fixture.progress().outcomes(None, 10_000).await.expect("reading outcomes must not fail")
}

/// An engine over the fixture's ports, by the machine's clock.
pub(super) fn engine<F: Fixture>(fixture: &F) -> Backfill<F::Source, F::Index, F::Progress> {
    Backfill::new(fixture.source(), fixture.index(), fixture.progress())
        .owner(fixture.owner(0))
        .lease_ttl(HOUR)
}

/// Makes a pass, which must go through.
pub(super) async fn pass<F: Fixture>(fixture: &F) -> Report {
    let report = engine(fixture).run(|_| {}).await.expect("the pass must go through");
    assert_eq!(report.outcome, RunOutcome::Complete, "the pass must be complete");
    report
}
