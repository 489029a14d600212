//! Comparing a listing with the stored outcomes: a merge of two sorted sequences, the stored one
//! page by page.

use super::ledger::{Fate, Ledger};
use crate::{Item, ItemProblem, OutcomeState, ProblemKind, StoredOutcome};

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
    /// True if the index may have something of it.
    pub(super) is_known: bool,
    /// True if it was read and has changed, so that reading may continue from saved state.
    pub(super) continues: bool,
}

/// A comparison under way.
pub(super) struct Comparison<'a, H> {
    items: &'a [Item<H>],
    unknown_prefixes: &'a [String],
    force: bool,
    /// Number of items compared.
    pub(super) done: usize,
    plan: Plan,
}

impl<'a, H> Comparison<'a, H> {
    /// Begins with items sorted by key and without repetition.
    pub(super) fn new(items: &'a [Item<H>], unknown_prefixes: &'a [String], force: bool) -> Self {
        Self { items, unknown_prefixes, force, done: 0, plan: Plan::default() }
    }

    /// Compares with one more page of outcomes.
    pub(super) fn take_page<P: ItemProblem>(
        &mut self,
        outcomes: Vec<StoredOutcome<P>>,
        ledger: &mut Ledger<P>,
    ) {
        for outcome in outcomes {
            self.take_new_until(Some(&outcome.key));
            let is_unknown = |prefix: &String| outcome.key.starts_with(prefix);
            match self.items.get(self.done) {
                Some(item) if item.key == outcome.key => {
                    self.judge(item, outcome, ledger);
                    self.done += 1;
                }
                _ if self.unknown_prefixes.iter().any(is_unknown) => {}
                _ => self.plan.vanished.push(outcome.key),
            }
        }
    }

    /// Returns the plan after the last page: all other items are new.
    pub(super) fn finish(mut self) -> Plan {
        self.take_new_until(None);
        self.plan
    }

    /// Selects items without an outcome: all below `key`, or all that are left.
    fn take_new_until(&mut self, key: Option<&str>) {
        while let Some(item) = self.items.get(self.done)
            && key.is_none_or(|key| item.key.as_str() < key)
        {
            self.plan.selected.push(Selected { place: self.done, is_known: false, continues: false });
            self.done += 1;
        }
    }

    /// Selects an item that must be read, or records its known fate.
    fn judge<P: ItemProblem>(&mut self, item: &Item<H>, outcome: StoredOutcome<P>, ledger: &mut Ledger<P>) {
        let changed = item.fingerprint != outcome.fingerprint;
        let transient = matches!(&outcome.state, OutcomeState::Failed(problem) if problem.is_transient());
        if changed || transient || !outcome.present || self.force {
            let is_known = !matches!(outcome.state, OutcomeState::Excluded);
            let continues = is_known && changed && outcome.present && !self.force;
            self.plan.selected.push(Selected { place: self.done, is_known, continues });
            return;
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
    }
}
