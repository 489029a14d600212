//! The rows and outcomes of the in-memory store, and the rules by which a commit changes them.

use std::collections::BTreeMap;

use super::InMemoryProblem;
use super::source::{Behaviour, ItemContent};
use crate::{OutcomeState, Problem, ProblemKind, StoredOutcome};

type CommitReport = crate::CommitReport<InMemoryProblem>;

/// A row of the in-memory index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InMemoryRow {
    /// The key of the item it was read from.
    pub key: String,
    /// The text that was read.
    pub text: String,
}

/// Everything that a pass leaves in the store. Equal passes leave equal snapshots.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InMemorySnapshot {
    /// The rows, by identity.
    pub rows: BTreeMap<String, InMemoryRow>,
    /// The outcomes, by key.
    pub outcomes: BTreeMap<String, InMemoryOutcome>,
}

/// The outcome of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InMemoryOutcome {
    /// The fingerprint that was read.
    pub fingerprint: String,
    /// The state.
    pub state: OutcomeState<InMemoryProblem>,
    /// The identity that was last read from the item.
    pub identity: Option<String>,
}

impl InMemorySnapshot {
    pub(super) fn outcomes(&self, after: Option<&str>, limit: usize) -> Vec<StoredOutcome<InMemoryProblem>> {
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
        content: &ItemContent,
        report: &mut CommitReport,
    ) {
        report.lines_skipped += content.skips;
        if content.skips > 0 {
            let kind = ProblemKind::Remark(InMemoryProblem::LinesSkipped(content.skips));
            report.problems.push(Problem { key: key.to_owned(), kind });
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
        self.outcomes
            .insert(key.to_owned(), InMemoryOutcome { fingerprint, state, identity: Some(identity) });
    }

    /// Gives the row of an identity to the lowest key that claims it, whatever order they come in.
    fn claim(
        &mut self,
        key: &str,
        identity: &str,
        text: &str,
        report: &mut CommitReport,
    ) -> OutcomeState<InMemoryProblem> {
        let row = InMemoryRow { key: key.to_owned(), text: text.to_owned() };
        match self.rows.get(identity).map(|row| row.key.clone()) {
            Some(winner) if *winner < *key => {
                let kind = ProblemKind::Duplicate { of: winner.clone() };
                report.problems.push(Problem { key: key.to_owned(), kind });
                return OutcomeState::Duplicate { of: winner };
            }
            Some(loser) if loser != key => {
                let kind = ProblemKind::Duplicate { of: key.to_owned() };
                report.problems.push(Problem { key: loser.clone(), kind });
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

    pub(super) fn fail(&mut self, key: &str, fingerprint: &str, problem: InMemoryProblem) {
        let identity = self.identity_of(key).cloned();
        let (state, fingerprint) = (OutcomeState::Failed(problem), fingerprint.to_owned());
        self.outcomes.insert(key.to_owned(), InMemoryOutcome { fingerprint, state, identity });
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

    fn is_present(&self, key: &str, outcome: &InMemoryOutcome) -> bool {
        let row = outcome.identity.as_ref().and_then(|identity| self.rows.get(identity));
        match &outcome.state {
            OutcomeState::Indexed => row.is_some_and(|row| row.key == key),
            OutcomeState::Duplicate { of } => row.is_some_and(|row| row.key == *of),
            OutcomeState::Excluded | OutcomeState::Failed(_) => true,
        }
    }
}
