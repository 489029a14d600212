//! The rows and outcomes of the in-memory store, and the rules by which a commit changes them.

use std::collections::BTreeMap;

use super::source::{Behaviour, Content};
use crate::{CommitReport, Duplicate, ItemFailure, OutcomeState, Remark, StoredOutcome};

/// A row of the in-memory index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemoryRow {
    /// The key of the item it was read from.
    pub key: String,
    /// What was read.
    pub text: String,
}

/// Everything that a pass leaves behind: rows by identity, outcomes by key. Equal passes leave equal snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemorySnapshot {
    /// The rows.
    pub rows: BTreeMap<String, MemoryRow>,
    /// The outcomes: fingerprint and state.
    pub outcomes: BTreeMap<String, (String, OutcomeState)>,
}

/// Rows and outcomes.
#[derive(Debug, Clone, Default)]
pub(super) struct Rows {
    rows: BTreeMap<String, MemoryRow>,
    outcomes: BTreeMap<String, Outcome>,
}

#[derive(Debug, Clone)]
struct Outcome {
    fingerprint: String,
    state: OutcomeState,
    /// The identity that was last read from the item.
    identity: Option<String>,
}

impl Rows {
    pub(super) fn snapshot(&self) -> MemorySnapshot {
        let outcomes = self.outcomes.iter();
        let outcomes = outcomes.map(|(key, of)| (key.clone(), (of.fingerprint.clone(), of.state.clone())));
        MemorySnapshot { rows: self.rows.clone(), outcomes: outcomes.collect() }
    }

    pub(super) fn outcomes(&self, after: Option<&str>, limit: usize) -> Vec<StoredOutcome> {
        let after = after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
        let page = self.outcomes.range::<str, _>((after, std::ops::Bound::Unbounded)).take(limit);
        let stored = page.map(|(key, outcome)| StoredOutcome {
            key: key.clone(),
            fingerprint: outcome.fingerprint.clone(),
            state: outcome.state.clone(),
            present: self.is_present(key, outcome),
        });
        stored.collect()
    }

    /// Loses the row of an item, as a damaged index would. Its outcome stays.
    pub(super) fn lose_row(&mut self, key: &str) {
        self.rows.retain(|_, row| row.key != key);
    }

    pub(super) fn text_of(&self, key: &str) -> Option<String> {
        let identity = self.outcomes.get(key)?.identity.as_ref()?;
        self.rows.get(identity).filter(|row| row.key == key).map(|row| row.text.clone())
    }

    pub(super) fn upsert(
        &mut self,
        key: &str,
        fingerprint: &str,
        content: &Content,
        report: &mut CommitReport,
    ) {
        report.lines_skipped += content.skips;
        if content.skips > 0 {
            report
                .remarks
                .push(Remark { key: key.to_owned(), reason: format!("{} lines skipped", content.skips) });
        }
        let identity = content.identity.clone().unwrap_or_else(|| key.to_owned());
        let excluded = content.behaviour == Behaviour::Excluded;
        if excluded || self.identity_of(key).is_some_and(|before| *before != identity) {
            self.give_up_row(key, report);
        }
        let state = if excluded {
            report.excluded.push(key.to_owned());
            OutcomeState::Excluded
        } else {
            self.claim(key, &identity, &content.text, report)
        };
        let fingerprint = fingerprint.to_owned();
        self.outcomes.insert(key.to_owned(), Outcome { fingerprint, state, identity: Some(identity) });
    }

    /// Gives the row of an identity to the lowest key that claims it, whatever order they come in.
    fn claim(&mut self, key: &str, identity: &str, text: &str, report: &mut CommitReport) -> OutcomeState {
        let row = MemoryRow { key: key.to_owned(), text: text.to_owned() };
        match self.rows.get(identity).map(|row| row.key.clone()) {
            Some(winner) if *winner < *key => {
                report.duplicates.push(Duplicate { key: key.to_owned(), of: winner.clone() });
                return OutcomeState::Duplicate { of: winner };
            }
            Some(loser) if loser != key => {
                report.duplicates.push(Duplicate { key: loser.clone(), of: key.to_owned() });
                let duplicate = OutcomeState::Duplicate { of: key.to_owned() };
                for (other, outcome) in &mut self.outcomes {
                    let was_copy = matches!(outcome.state, OutcomeState::Duplicate { .. });
                    if outcome.identity.as_deref() == Some(identity) && (*other == loser || was_copy) {
                        outcome.state = duplicate.clone();
                    }
                }
            }
            _ => {}
        }
        self.rows.insert(identity.to_owned(), row);
        OutcomeState::Indexed
    }

    pub(super) fn fail(&mut self, key: &str, fingerprint: &str, failure: ItemFailure) {
        let identity = self.identity_of(key).cloned();
        let state = OutcomeState::Failed { reason: failure.reason, transient: failure.transient };
        self.outcomes
            .insert(key.to_owned(), Outcome { fingerprint: fingerprint.to_owned(), state, identity });
    }

    pub(super) fn remove(&mut self, key: &str, report: &mut CommitReport) {
        let (rows, heirs) = (self.rows.len(), report.requeue.len());
        self.give_up_row(key, report);
        if self.rows.len() < rows && report.requeue.len() == heirs {
            report.rows_gone += 1;
        }
        self.outcomes.remove(key);
    }

    /// Removes the row that an item has, if it has one, and asks for its copies to be read again.
    fn give_up_row(&mut self, key: &str, report: &mut CommitReport) {
        let Some(identity) = self.identity_of(key).cloned() else { return };
        if self.rows.get(&identity).is_none_or(|row| row.key != key) {
            return;
        }
        self.rows.remove(&identity);
        let copies = self.outcomes.iter().filter(|(_, outcome)| {
            matches!(outcome.state, OutcomeState::Duplicate { .. })
                && outcome.identity.as_ref() == Some(&identity)
        });
        report.requeue.extend(copies.map(|(copy, _)| copy.clone()));
    }

    fn identity_of(&self, key: &str) -> Option<&String> {
        self.outcomes.get(key)?.identity.as_ref()
    }

    fn is_present(&self, key: &str, outcome: &Outcome) -> bool {
        let row = outcome.identity.as_ref().and_then(|identity| self.rows.get(identity));
        match &outcome.state {
            OutcomeState::Indexed => row.is_some_and(|row| row.key == key),
            OutcomeState::Duplicate { of } => row.is_some_and(|row| row.key == *of),
            OutcomeState::Excluded | OutcomeState::Failed { .. } => true,
        }
    }
}
