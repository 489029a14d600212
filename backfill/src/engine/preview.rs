//! A look at the work of a pass, without doing it.

use super::Backfill;
use super::compare::{Comparison, Selected};
use super::ledger::{Ledger, sorted};
use super::outcomes::Outcomes;
use crate::{BackfillError, Ending, Index, Listing, Preview, Progress, Source};

impl<S, I, P> Backfill<S, I, P>
where
    S: Source,
    I: Index<Handle = S::Handle, Problem = S::Problem>,
    P: Progress<Problem = S::Problem>,
{
    /// Lists the source and compares it with the stored outcomes. Takes no lease, reads no item and
    /// writes nothing.
    ///
    /// # Errors
    ///
    /// [`BackfillError::Source`], [`BackfillError::Store`].
    pub async fn preview(&self) -> Result<Preview<S::Problem>, BackfillError> {
        let began = self.options.clock.now();
        let Listing { items, problems, unknown_prefixes } = self.source.list().await?;
        let mut ledger = Ledger::new();
        let items = sorted(items, problems, &mut ledger);
        let mut outcomes = Outcomes::new(&*self.progress, self.options.outcome_page);
        let mut comparison = Comparison::new(&items, &unknown_prefixes, self.options.force);
        while let Some(page) = outcomes.take().await? {
            comparison.take_page(page, &mut ledger);
        }
        let plan = comparison.finish();
        let (changed, new): (Vec<_>, Vec<_>) =
            plan.selected.into_iter().partition(|selected| selected.is_known);
        let keys = |selected: Vec<Selected>| {
            selected.into_iter().map(|selected| items[selected.place].key.clone()).collect()
        };
        let report = ledger.close(Ending::Interrupted, self.since(began));
        Ok(Preview { new: keys(new), changed: keys(changed), vanished: plan.vanished, report })
    }
}
