//! The three ports. Whoever implements them proves it with the conformance suite (feature `testing`).

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{
    Acquired, Batch, BoxError, CommitError, CommitReport, Finish, Item, ItemFailure, Lease, LeaseError,
    Listing, ProgressState, SourceError, StoredOutcome, Term,
};

/// What there is to index.
#[async_trait]
pub trait Source: Send + Sync {
    /// What an item carries for the index.
    type Handle: Send + Sync + 'static;

    /// Lists everything there is.
    ///
    /// A listing that is not whole must say so in [`Listing::unknown_prefixes`]: whatever is neither listed nor under such
    /// a prefix is taken for vanished, and its row goes. Work that blocks belongs on a blocking thread.
    ///
    /// # Errors
    ///
    /// Any [`SourceError`] when there is nothing that could be relied upon; the pass then ends and nothing is taken for vanished.
    async fn list(&self) -> Result<Listing<Self::Handle>, SourceError>;
}

/// Where it goes: reads items and stores them in batches.
#[async_trait]
pub trait Index: Send + Sync + 'static {
    /// What an item carries: the source's.
    type Handle: Send + Sync + 'static;
    /// Saved state of an earlier extraction of the same item, to go on from instead of reading from its start; `()` if there is no such thing.
    type Previous: Send + 'static;
    /// What is read from an item.
    type Extracted: Send + 'static;
    /// What an extracting thread keeps from item to item (buffers).
    type Worker: Send + 'static;

    /// Makes what an extracting thread keeps. It must not panic.
    fn worker(&self) -> Self::Worker;

    /// Loads the saved extraction state of some items of one batch, by key; those without any are absent.
    ///
    /// Asked once a batch, and only for items that were indexed before and have changed since: never for new ones, lost
    /// rows, earlier failures or a forced pass, which all read from the start.
    ///
    /// # Errors
    ///
    /// Whatever the store says; the run ends with [`BackfillError::Store`](crate::BackfillError::Store).
    async fn previous(&self, keys: &[&str]) -> Result<HashMap<String, Self::Previous>, BoxError> {
        let _ = keys;
        Ok(HashMap::new())
    }

    /// Reads one item. Blocking, and called from several threads at once; writes nothing.
    ///
    /// # Errors
    ///
    /// [`ItemFailure`] becomes the item's stored outcome. A panic does too, as a failure that is not transient.
    fn extract(
        &self,
        worker: &mut Self::Worker,
        item: &Item<Self::Handle>,
        previous: Option<Self::Previous>,
    ) -> Result<Self::Extracted, ItemFailure>;

    /// Stores a batch in **one transaction**: checks that the lease still carries the store's current token and has not been
    /// given back, writes rows, one outcome for each item (with the listed fingerprint), the watermark and the lease's new
    /// expiry, and removes what has vanished. All of it or nothing.
    ///
    /// An expired lease that nobody has taken over is good. What an item's row becomes must not depend on which batch it came in.
    ///
    /// # Errors
    ///
    /// [`CommitError::LeaseLost`] if the token is not the current one, [`CommitError::Backend`] for the rest.
    async fn commit(
        &self,
        lease: &Lease,
        batch: Batch<'_, Self::Handle, Self::Extracted>,
    ) -> Result<CommitReport, CommitError>;
}

/// Where the backfill stands: the lease, the watermark, one outcome for each item. Lives in the same store as the index.
#[async_trait]
pub trait Progress: Send + Sync + 'static {
    /// Reads where the backfill stands.
    ///
    /// # Errors
    ///
    /// Whatever the store says.
    async fn state(&self) -> Result<ProgressState, BoxError>;

    /// Asks for the lease, in one transaction.
    ///
    /// Granted if nobody has it or it expired at or before `term.now` (an implementation may grant it earlier if it can
    /// prove the owner dead): then the token grows by one, the status is `running`, and the watermark stays what it was. A
    /// living owner keeps it, also against another engine of the same owner name.
    ///
    /// # Errors
    ///
    /// Whatever the store says.
    async fn acquire(&self, owner: &str, term: Term) -> Result<Acquired, BoxError>;

    /// Renews the lease, if its token is still the current one and it was not given back.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Lost`] or [`LeaseError::Backend`].
    async fn heartbeat(&self, lease: &Lease, term: Term) -> Result<(), LeaseError>;

    /// Gives the lease back, if its token is still the current one and it was not given back.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Lost`] or [`LeaseError::Backend`].
    async fn finish(&self, lease: &Lease, finish: Finish, now: Timestamp) -> Result<(), LeaseError>;

    /// Reads up to `limit` outcomes in the order of their keys (by bytes), from the first one after `after`. Fewer than
    /// `limit` means that these were the last.
    ///
    /// # Errors
    ///
    /// Whatever the store says.
    async fn outcomes(&self, after: Option<&str>, limit: usize) -> Result<Vec<StoredOutcome>, BoxError>;
}
