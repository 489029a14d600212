//! Comparing a listing with the stored outcomes: a merge of two sorted sequences, the stored one page by page.

use super::ledger::{Fate, Ledger};
use crate::{BackfillError, Item, OutcomeState, ProblemKind, Progress, StoredOutcome};

/// What a pass has to do.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Items to read, in key order.
    pub(super) selected: Vec<Selected>,
    /// Keys whose items are gone, in order.
    pub(super) vanished: Vec<String>,
}

/// An item to read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Selected {
    /// Its place in the sorted listing.
    pub(super) place: usize,
    /// Whether it was indexed and has changed, so that reading may go on from saved state.
    pub(super) continues: bool,
}

/// A comparison under way.
pub(super) struct Comparison<'a, H> {
    items: &'a [Item<H>],
    unknown_prefixes: &'a [String],
    force: bool,
    /// How many items have been compared.
    pub(super) done: usize,
    after: Option<String>,
    plan: Plan,
}

impl<'a, H> Comparison<'a, H> {
    /// Begins, with items sorted by key and without repetition.
    pub(super) fn new(items: &'a [Item<H>], unknown_prefixes: &'a [String], force: bool) -> Self {
        Self { items, unknown_prefixes, force, done: 0, after: None, plan: Plan::default() }
    }

    /// Compares with one more page of outcomes; tells whether there may be another.
    pub(super) async fn next_page<P: Progress>(
        &mut self,
        progress: &P,
        page: usize,
        ledger: &mut Ledger,
    ) -> Result<bool, BackfillError> {
        let outcomes = progress.outcomes(self.after.as_deref(), page).await;
        let mut outcomes = outcomes.map_err(BackfillError::store("reading outcomes"))?;
        for at in 0..outcomes.len() {
            // Out of order, the merge would take items for new or vanished, and might never end.
            let before = if at == 0 { self.after.as_deref() } else { Some(outcomes[at - 1].key.as_str()) };
            if before.is_some_and(|before| before >= outcomes[at].key.as_str()) {
                let error = format!("outcome {:?} is out of order", outcomes[at].key);
                return Err(BackfillError::store("reading outcomes")(error.into()));
            }
        }
        let more = outcomes.len() >= page;
        if let Some(last) = outcomes.last()
            && more
        {
            self.after = Some(last.key.clone());
        }
        for outcome in outcomes.drain(..) {
            self.compare(outcome, ledger);
        }
        if !more {
            self.take_new_until(None);
        }
        Ok(more)
    }

    /// The plan, once the last page was compared.
    pub(super) fn into_plan(self) -> Plan {
        self.plan
    }

    fn compare(&mut self, outcome: StoredOutcome, ledger: &mut Ledger) {
        self.take_new_until(Some(&outcome.key));
        match self.items.get(self.done) {
            Some(item) if item.key == outcome.key => {
                self.judge(item, &outcome, ledger);
                self.done += 1;
            }
            _ => {
                if !self.unknown_prefixes.iter().any(|prefix| outcome.key.starts_with(prefix.as_str())) {
                    self.plan.vanished.push(outcome.key);
                }
            }
        }
    }

    /// Items of which nothing is stored: all below `key`, or all that are left.
    fn take_new_until(&mut self, key: Option<&str>) {
        while let Some(item) = self.items.get(self.done)
            && key.is_none_or(|key| item.key.as_str() < key)
        {
            self.plan.selected.push(Selected { place: self.done, continues: false });
            self.done += 1;
        }
    }

    fn judge(&mut self, item: &Item<H>, outcome: &StoredOutcome, ledger: &mut Ledger) {
        let changed = item.fingerprint != outcome.fingerprint;
        let transient = matches!(outcome.state, OutcomeState::Failed { transient: true, .. });
        if changed || transient || !outcome.present || self.force {
            let has_state = matches!(outcome.state, OutcomeState::Indexed | OutcomeState::Duplicate { .. });
            let continues = has_state && changed && outcome.present && !self.force;
            self.plan.selected.push(Selected { place: self.done, continues });
            return;
        }
        ledger.fates[self.done] = match &outcome.state {
            OutcomeState::Indexed => Fate::Unchanged,
            OutcomeState::Excluded => Fate::Excluded,
            OutcomeState::Duplicate { of } => {
                ledger.problem(ProblemKind::Duplicate, &item.key, of);
                Fate::Duplicate
            }
            OutcomeState::Failed { reason, .. } => {
                ledger.problem(ProblemKind::Failed, &item.key, reason);
                Fate::KnownFailure
            }
        };
    }
}
