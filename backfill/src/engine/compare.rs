//! Comparing a listing with the stored outcomes: a merge of two sorted sequences, the stored one
//! page by page.

use super::ledger::{Fate, Ledger};
use crate::{BackfillError, BoxError, Item, ItemProblem, OutcomeState, ProblemKind, StoredOutcome};

/// The work of a pass.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Items to read, in key order.
    pub(super) selected: Vec<Selected>,
    /// Keys of vanished items, in order.
    pub(super) vanished: Vec<String>,
}

/// An item to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selected {
    /// Its place in the sorted listing.
    pub(super) place: usize,
    /// True if it was indexed and has changed, so that reading may continue from saved state.
    pub(super) continues: bool,
}

/// A comparison under way.
pub(super) struct Comparison<'a, H> {
    items: &'a [Item<H>],
    unknown_prefixes: &'a [String],
    force: bool,
    /// Number of items compared.
    pub(super) done: usize,
    /// Key of the last outcome.
    after: Option<String>,
    /// Plan, complete once the last page was compared.
    pub(super) plan: Plan,
}

impl<'a, H> Comparison<'a, H> {
    /// Begins with items sorted by key and without repetition.
    pub(super) fn new(items: &'a [Item<H>], unknown_prefixes: &'a [String], force: bool) -> Self {
        Self { items, unknown_prefixes, force, done: 0, after: None, plan: Plan::default() }
    }

    /// Compares with one more page of outcomes. After the last one, all other items are new.
    pub(super) fn take_page<P: ItemProblem>(
        &mut self,
        outcomes: Vec<StoredOutcome<P>>,
        is_last: bool,
        ledger: &mut Ledger<P>,
    ) -> Result<(), BackfillError> {
        for outcome in outcomes {
            // Out of order, the merge would take items for new or vanished, and might never end.
            if self.after.as_ref().is_some_and(|after| *after >= outcome.key) {
                let error = format!("outcome {:?} is out of order", outcome.key);
                return Err(BackfillError::store("read outcomes")(BoxError::from(error)));
            }
            self.compare(outcome, ledger);
        }
        if is_last {
            self.take_new_until(None);
        }
        Ok(())
    }

    fn compare<P: ItemProblem>(&mut self, outcome: StoredOutcome<P>, ledger: &mut Ledger<P>) {
        self.take_new_until(Some(&outcome.key));
        let StoredOutcome { key, .. } = &outcome;
        match self.items.get(self.done) {
            Some(item) if item.key == *key => {
                self.after = Some(self.judge(item, outcome, ledger));
                self.done += 1;
            }
            _ => {
                if !self.unknown_prefixes.iter().any(|prefix| key.starts_with(prefix.as_str())) {
                    self.plan.vanished.push(key.clone());
                }
                self.after = Some(outcome.key);
            }
        }
    }

    /// Selects items without an outcome: all below `key`, or all that are left.
    fn take_new_until(&mut self, key: Option<&str>) {
        while let Some(item) = self.items.get(self.done)
            && key.is_none_or(|key| item.key.as_str() < key)
        {
            self.plan.selected.push(Selected { place: self.done, continues: false });
            self.done += 1;
        }
    }

    /// Selects an item that must be read, or records its known fate. Returns its key.
    fn judge<P: ItemProblem>(
        &mut self,
        item: &Item<H>,
        outcome: StoredOutcome<P>,
        ledger: &mut Ledger<P>,
    ) -> String {
        let changed = item.fingerprint != outcome.fingerprint;
        let transient = matches!(&outcome.state, OutcomeState::Failed(problem) if problem.is_transient());
        if changed || transient || !outcome.present || self.force {
            let has_state = matches!(outcome.state, OutcomeState::Indexed | OutcomeState::Duplicate { .. });
            let continues = has_state && changed && outcome.present && !self.force;
            self.plan.selected.push(Selected { place: self.done, continues });
            return outcome.key;
        }
        ledger.fates[self.done] = match outcome.state {
            OutcomeState::Indexed => Fate::Unchanged,
            OutcomeState::Excluded => Fate::Excluded,
            OutcomeState::Duplicate { of } => {
                ledger.problem(&outcome.key, ProblemKind::Duplicate { of });
                Fate::Duplicate
            }
            OutcomeState::Failed(problem) => {
                ledger.problem(&outcome.key, ProblemKind::Failed(problem));
                Fate::KnownFailure
            }
        };
        outcome.key
    }
}
