//! The three ports. The conformance suite (feature `testing`) proves an implementation.

use std::collections::HashMap;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::{
    Acquired, Batch, BoxError, CommitReport, Finish, Item, ItemProblem, Lease, Listing, ProgressState,
    SourceError, StoredOutcome, Term, WriteError,
};

/// The place that items come from.
#[async_trait]
pub trait Source: Send + Sync {
    /// Data that an item carries for the index.
    type Handle: Send + Sync + 'static;
    /// The problems of places that cannot be listed.
    type Problem: ItemProblem;

    /// Lists every item.
    ///
    /// An incomplete listing must say so in [`Listing::unknown_prefixes`]. The engine treats an
    /// item that is neither listed nor under such a prefix as vanished and removes its row.
    /// Blocking work belongs on a blocking thread.
    ///
    /// # Errors
    ///
    /// [`SourceError`] if the listing is unusable. The pass then ends and treats no item as
    /// vanished.
    async fn list(&self) -> Result<Listing<Self::Handle, Self::Problem>, SourceError>;
}

/// The index: reads items and stores them in batches.
#[async_trait]
pub trait Index: Send + Sync + 'static {
    /// Data that an item carries: the source's handle.
    type Handle: Send + Sync + 'static;
    /// The problems of items that cannot be read.
    type Problem: ItemProblem;
    /// Knowledge of an earlier extraction, and the saved state from which reading continues. `()`
    /// if the index has neither.
    type Previous: Send + 'static;
    /// The result of reading an item.
    type Extracted: Send + 'static;
    /// Buffers that an extracting thread keeps from item to item.
    type Worker: Send + 'static;

    /// Makes the buffers of an extracting thread. It must not panic.
    fn worker(&self) -> Self::Worker;

    /// Loads what is known of some items of one batch from an earlier extraction, by key. Items of
    /// which nothing is known are absent.
    ///
    /// The engine asks for items that were read before, also if that failed, and never for new
    /// ones. If `continues` is true the items have changed since, and reading may continue from
    /// saved state. Otherwise (a lost row, a forced pass) they are read from the start.
    ///
    /// # Errors
    ///
    /// Any error of the store. The run ends with
    /// [`BackfillError::Store`](crate::BackfillError::Store).
    async fn previous(
        &self,
        keys: &[&str],
        continues: bool,
    ) -> Result<HashMap<String, Self::Previous>, BoxError> {
        let _ = (keys, continues);
        Ok(HashMap::new())
    }

    /// Reads one item. Blocks, is called from several threads at once, and writes nothing.
    ///
    /// # Errors
    ///
    /// The item's problem, which becomes its stored outcome. So does a panic, as
    /// [`ItemProblem::panicked`].
    fn extract(
        &self,
        worker: &mut Self::Worker,
        item: &Item<Self::Handle>,
        previous: Option<Self::Previous>,
    ) -> Result<Self::Extracted, Self::Problem>;

    /// Stores a batch in **one transaction**, all of it or nothing.
    ///
    /// It checks that the lease has the store's current token and was not given back. It writes
    /// rows, one outcome for each item (with the listed fingerprint), the watermark and the lease's
    /// new expiry, and removes vanished items. An expired lease that no other engine has taken over
    /// is good. An item's row must not depend on the batch that it came in.
    ///
    /// # Errors
    ///
    /// [`WriteError::LeaseLost`] if the token is not the current one, otherwise
    /// [`WriteError::Backend`].
    async fn commit(
        &self,
        lease: &Lease,
        batch: BatchOf<'_, Self>,
    ) -> Result<CommitReport<Self::Problem>, WriteError>;
}

/// The batch of an index.
pub type BatchOf<'a, I> = Batch<'a, <I as Index>::Handle, <I as Index>::Extracted, <I as Index>::Problem>;

/// The backfill's own state: the lease, the watermark, one outcome for each item. It is in the same
/// store as the index.
#[async_trait]
pub trait Progress: Send + Sync + 'static {
    /// The problems in stored outcomes.
    type Problem: ItemProblem;

    /// Reads the state of the backfill.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn state(&self) -> Result<ProgressState, BoxError>;

    /// Requests the lease, in one transaction.
    ///
    /// Grants it if it is free or expired at or before `term.now`; an implementation may grant it
    /// earlier if it can prove the owner dead. The token then grows by one, the status becomes
    /// `running`, and the watermark stays. A living owner keeps the lease, also against another
    /// engine of the same owner name.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn acquire(&self, owner: &str, term: Term) -> Result<Acquired, BoxError>;

    /// Renews the lease, if its token is still the current one and it was not given back.
    ///
    /// # Errors
    ///
    /// [`WriteError::LeaseLost`] or [`WriteError::Backend`].
    async fn heartbeat(&self, lease: &Lease, term: Term) -> Result<(), WriteError>;

    /// Gives the lease back, if its token is still the current one and it was not given back.
    ///
    /// # Errors
    ///
    /// [`WriteError::LeaseLost`] or [`WriteError::Backend`].
    async fn finish(&self, lease: &Lease, finish: Finish, now: Timestamp) -> Result<(), WriteError>;

    /// Reads up to `limit` outcomes in the order of their keys (by bytes), from the first one after
    /// `after`.
    ///
    /// Fewer than `limit` means that these were the last.
    ///
    /// # Errors
    ///
    /// Any error of the store.
    async fn outcomes(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<StoredOutcome<Self::Problem>>, BoxError>;
}
