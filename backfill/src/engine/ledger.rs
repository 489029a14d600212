//! The books of a run: one fate for each listed item, from which the report's numbers follow, so
//! that they add up.

use std::time::Duration;

use crate::{Ending, Item, Problem, ProblemKind, Report};

/// Number of problems that a report keeps.
const MOST_PROBLEMS: usize = 100;

/// Sorts listed items by key, drops repetitions, and records the listing's problems.
pub(super) fn sorted<H, P>(
    mut items: Vec<Item<H>>,
    problems: Vec<Problem<P>>,
    ledger: &mut Ledger<P>,
) -> Vec<Item<H>> {
    for Problem { key, kind } in problems {
        ledger.problem(&key, kind);
    }
    if !items.is_sorted_by(|a, b| a.key < b.key) {
        items.sort_by(|a, b| a.key.cmp(&b.key));
        items.dedup_by(|later, first| {
            let repeated = later.key == first.key;
            if repeated {
                ledger.problem(&later.key, ProblemKind::ListedTwice);
            }
            repeated
        });
    }
    ledger.fates = vec![Fate::Pending; items.len()];
    items
}

/// The result for a listed item in this run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Not reached yet.
    Pending,
    /// Not changed.
    Unchanged,
    /// Read and stored.
    Indexed,
    /// A copy of another.
    Duplicate,
    /// Left out on purpose.
    Excluded,
    /// Not readable now.
    Failed,
    /// Not readable earlier, and not changed since.
    KnownFailure,
}

/// The books of one run.
#[derive(Debug)]
pub(super) struct Ledger<P> {
    /// By the item's place in the sorted listing.
    pub(super) fates: Vec<Fate>,
    /// Report, without the numbers that follow from the fates.
    pub(super) report: Report<P>,
}

impl<P> Ledger<P> {
    /// Opens empty books.
    pub(super) fn new() -> Self {
        let report = Report {
            ending: Ending::Interrupted,
            scanned: 0,
            indexed: 0,
            unchanged: 0,
            duplicates: 0,
            excluded: 0,
            failed: 0,
            known_failures: 0,
            pending: 0,
            vanished: 0,
            rows_gone: 0,
            lines_skipped: 0,
            bytes: 0,
            problems: Vec::new(),
            problems_total: 0,
            elapsed: Duration::ZERO,
        };
        Self { fates: Vec::new(), report }
    }

    /// Records a problem.
    pub(super) fn problem(&mut self, key: &str, kind: ProblemKind<P>) {
        self.report.problems_total += 1;
        if self.report.problems.len() < MOST_PROBLEMS {
            self.report.problems.push(Problem { key: key.to_owned(), kind });
        }
    }

    /// Records an item's fate. The problem of an earlier fate goes (the item was read twice, or
    /// lost to a copy).
    pub(super) fn set_fate(&mut self, place: usize, key: &str, fate: Fate) {
        let was = std::mem::replace(&mut self.fates[place], fate);
        if matches!(was, Fate::Duplicate | Fate::Failed | Fate::KnownFailure) {
            self.report.problems_total -= 1;
            let of_item = |problem: &Problem<P>| {
                let of_fate = matches!(problem.kind, ProblemKind::Duplicate { .. } | ProblemKind::Failed(_));
                of_fate && problem.key == key
            };
            if let Some(at) = self.report.problems.iter().position(of_item) {
                self.report.problems.remove(at);
            }
        }
    }

    /// Closes the books.
    pub(super) fn close(self, ending: Ending, elapsed: Duration) -> Report<P> {
        let mut report = Report { ending, elapsed, scanned: self.fates.len() as u64, ..self.report };
        for fate in &self.fates {
            *match fate {
                Fate::Pending => &mut report.pending,
                Fate::Unchanged => &mut report.unchanged,
                Fate::Indexed => &mut report.indexed,
                Fate::Duplicate => &mut report.duplicates,
                Fate::Excluded => &mut report.excluded,
                Fate::Failed => &mut report.failed,
                Fate::KnownFailure => &mut report.known_failures,
            } += 1;
        }
        report
    }
}
