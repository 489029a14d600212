//! The fixture that an implementation provides, and helpers that use the ports by hand.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{
    Acquired, Backfill, Batch, CommitReport, Ending, Extraction, Finish, Index, Item, Lease, Progress,
    ProgressState, Report, Source, StoredOutcome, Term, WriteError,
};

/// An implementation under test, with an empty source and an empty index of its own.
///
/// Items have numbers. The fixture decides which key, place and content a number stands for.
#[async_trait]
pub trait Fixture: Send + Sync {
    /// The source.
    type Source: Source + 'static;
    /// The index.
    type Index: Index<Handle = HandleOf<Self>, Problem = ProblemOf<Self>>;
    /// The progress.
    type Progress: Progress<Problem = ProblemOf<Self>>;

    /// Returns the source.
    fn source(&self) -> Arc<Self::Source>;

    /// Returns the index.
    fn index(&self) -> Arc<Self::Index>;

    /// Returns the progress.
    fn progress(&self) -> Arc<Self::Progress>;

    /// Returns the key of an item. Keys must grow with the numbers (0 to 99), by bytes.
    fn key(&self, number: usize) -> String;

    /// Returns an owner name for a lease. If the implementation can prove owners dead, these must
    /// count as alive.
    fn owner(&self, number: usize) -> String {
        format!("owner {number}")
    }

    /// Returns a problem that an item can have, with a text that it must keep when it is stored.
    fn problem(&self, text: &str, transient: bool) -> ProblemOf<Self>;

    /// Makes or changes an item. Another revision must give another fingerprint and another row.
    async fn put(&self, number: usize, revision: u32);

    /// Makes a copy, as the index understands it, of an existing item that is no copy itself.
    ///
    /// Returns false and does nothing if the index has no copies.
    async fn put_copy(&self, number: usize, of: usize) -> bool {
        let _ = (number, of);
        false
    }

    /// Removes an item from the source.
    async fn remove(&self, number: usize);

    /// Deletes the row of an item behind the engine's back; its stored outcome stays.
    async fn lose_row(&self, number: usize);

    /// Returns all rows: the key of the item each was read from, and a text that differs when the
    /// row's content does.
    async fn rows(&self) -> BTreeMap<String, String>;
}

/// The problems of a fixture's items.
pub type ProblemOf<F> = <<F as Fixture>::Source as Source>::Problem;

/// The handle of a fixture's items.
pub type HandleOf<F> = <<F as Fixture>::Source as Source>::Handle;

/// Returns the instant at which the suite's time begins, plus some seconds.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_782_820_800 + seconds).expect("the suite's times are within jiff's range")
}

/// Returns a term of `seconds` that begins `now` seconds after the suite's time.
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

/// Checks that a lease of owner 0, which expires at `until`, is refused to another request.
pub(super) async fn refused<F: Fixture>(fixture: &F, owner: usize, term: Term, until: Timestamp) {
    let acquired = fixture.progress().acquire(&fixture.owner(owner), term).await;
    let held = Acquired::Held { owner: fixture.owner(0), expires_at: until };
    assert_eq!(acquired.expect("acquiring must not fail"), held, "the lease must be held until {until}");
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
) -> Result<CommitReport<ProblemOf<F>>, WriteError> {
    let index = fixture.index();
    let mut worker = index.worker();
    let extract = |item| {
        let value = index.extract(&mut worker, item, None).expect("items of the suite must be readable");
        Extraction { item, result: Ok(value) }
    };
    let extractions = items.iter().map(extract).collect();
    index.commit(lease, Batch { extractions, ..empty_batch(items, term) }).await
}

/// Makes a batch without content, with the last item's key as watermark.
pub(super) fn empty_batch<H, E, P>(items: &[Item<H>], term: Term) -> Batch<'_, H, E, P> {
    let watermark = items.last().map(|item| item.key.as_str());
    Batch { extractions: Vec::new(), vanished: &[], watermark, term }
}

/// Commits all listed items as one batch, which must work.
pub(super) async fn commit_all<F: Fixture>(fixture: &F, lease: &Lease, term: Term) {
    let committed = commit(fixture, lease, &listed(fixture).await, term).await;
    committed.expect("the owner may commit");
}

/// Puts items and commits them under a lease of owner 0, which expires a minute later.
pub(super) async fn stored<F: Fixture>(fixture: &F, numbers: impl IntoIterator<Item = usize>) -> Lease {
    for number in numbers {
        fixture.put(number, 1).await;
    }
    let (lease, _) = granted(fixture, 0, term(0, 60)).await;
    commit_all(fixture, &lease, term(1, 60)).await;
    lease
}

/// Gives the lease back, which must work.
pub(super) async fn give_back<F: Fixture>(fixture: &F, lease: &Lease, finish: Finish, now: Timestamp) {
    let finished = fixture.progress().finish(lease, finish, now).await;
    finished.expect("the owner may give the lease back");
}

/// Reads the state of the backfill.
pub(super) async fn state_of<F: Fixture>(fixture: &F) -> ProgressState {
    fixture.progress().state().await.expect("the state must be readable")
}

/// Puts the items with the numbers below `count`.
pub(super) async fn put<F: Fixture>(fixture: &F, count: usize) {
    for number in 0..count {
        fixture.put(number, 1).await;
    }
}

/// Returns all stored outcomes.
pub(super) async fn outcomes<F: Fixture>(fixture: &F) -> Vec<StoredOutcome<ProblemOf<F>>> {
    fixture.progress().outcomes(None, 10_000).await.expect("reading outcomes must not fail")
}

/// Makes an engine over the fixture's ports, by the machine's clock.
pub(super) fn engine<F: Fixture>(fixture: &F) -> Backfill<F::Source, F::Index, F::Progress> {
    let engine = Backfill::new(fixture.source(), fixture.index(), fixture.progress());
    // A lease of the suite expires only when a check wants it to.
    engine.with(|it| {
        it.owner = fixture.owner(0);
        it.lease_ttl = Duration::from_secs(3_600);
    })
}

/// Makes a pass, which must go through.
pub(super) async fn pass<F: Fixture>(fixture: &F) -> Report<ProblemOf<F>> {
    let report = engine(fixture).run(|_| {}).await.expect("the pass must go through");
    assert_eq!(report.ending, Ending::Complete, "the pass must be complete");
    report
}
