//! The commits of a pass: items that were read, vanished keys, and their consequences.

use super::compare::Selected;
use super::extract::Read;
use super::ledger::Fate;
use super::pass::{Halt, Pass};
use crate::{
    BackfillError, Batch, CommitReport, Extraction, Index, Item, Problem, ProblemKind, Progress, Source,
};

/// Times that a pass reads one item again because commits ask for it. The next pass continues.
const MOST_REQUEUES: u8 = 3;

impl<S, I, P> Pass<'_, S, I, P>
where
    S: Source,
    I: Index<Handle = S::Handle, Problem = S::Problem>,
    P: Progress<Problem = S::Problem>,
{
    /// Commits a batch that was read, and records the fates of its items.
    pub(super) async fn commit_read(
        &mut self,
        items: &[Item<S::Handle>],
        read: Vec<Read<I>>,
    ) -> Result<(), BackfillError> {
        let descending = self.engine.options.descending;
        let Some(&(last, _)) = (if descending { read.first() } else { read.last() }) else { return Ok(()) };
        let last = &items[last].key;
        let is_further = |mark: &String| if descending { last < mark } else { last > mark };
        if self.watermark.as_ref().is_none_or(is_further) {
            self.watermark = Some(last.clone());
        }
        let mut bytes = 0_u64;
        let mut fates = Vec::with_capacity(read.len());
        let mut extractions = Vec::with_capacity(read.len());
        for (place, result) in read {
            let item = &items[place];
            bytes = bytes.saturating_add(item.bytes);
            fates.push((place, result.as_ref().err().cloned()));
            extractions.push(Extraction { item, result });
        }
        let report = self.commit(extractions, &[]).await?;
        let count = fates.len() as u64;
        for (place, problem) in fates {
            let key = &items[place].key;
            self.ledger.set_fate(place, key, if problem.is_none() { Fate::Indexed } else { Fate::Failed });
            if let Some(problem) = problem {
                self.ledger.problem(key, ProblemKind::Failed(problem));
            }
        }
        self.ledger.report.bytes = self.ledger.report.bytes.saturating_add(bytes);
        self.record(items, report);
        self.advance(count, bytes);
        Ok(())
    }

    /// Commits vanished keys, in batches. They come last, so that an item that moved is found at
    /// its new place before its old one goes.
    pub(super) async fn remove(
        &mut self,
        items: &[Item<S::Handle>],
        vanished: &[String],
    ) -> Result<(), Halt> {
        for keys in vanished.chunks(self.engine.options.batch_items) {
            self.go_on()?;
            let report = self.commit(Vec::new(), keys).await?;
            self.ledger.report.vanished += keys.len() as u64;
            self.record(items, report);
            self.advance(keys.len() as u64, 0);
        }
        Ok(())
    }

    async fn commit(
        &self,
        extractions: Vec<Extraction<'_, S::Handle, I::Extracted, S::Problem>>,
        vanished: &[String],
    ) -> Result<CommitReport<S::Problem>, BackfillError> {
        let term = self.engine.term();
        let batch = Batch { extractions, vanished, watermark: self.watermark.as_deref(), term };
        let committed = self.engine.index.commit(self.lease, batch).await;
        committed.map_err(BackfillError::store("store a batch"))
    }

    /// Records what a commit reports.
    fn record(&mut self, items: &[Item<S::Handle>], report: CommitReport<S::Problem>) {
        let place_of = |key: &str| items.binary_search_by(|item| item.key.as_str().cmp(key)).ok();
        self.ledger.report.lines_skipped += report.lines_skipped;
        self.ledger.report.rows_gone += report.rows_gone;
        for Problem { key, kind } in report.problems {
            if let ProblemKind::Duplicate { .. } = kind {
                let Some(place) = place_of(&key) else { continue };
                self.ledger.set_fate(place, &key, Fate::Duplicate);
            }
            self.ledger.problem(&key, kind);
        }
        for key in &report.excluded {
            if let Some(place) = place_of(key) {
                self.ledger.set_fate(place, key, Fate::Excluded);
            }
        }
        // This pass reads pending items anyway.
        let requeued = report.requeue.iter().filter_map(|key| place_of(key));
        self.requeued.extend(requeued.filter(|place| self.ledger.fates[*place] != Fate::Pending));
    }

    /// Takes the items that commits asked for, except items that were read again often enough.
    pub(super) fn take_requeued(&mut self, items: &[Item<S::Handle>]) -> Vec<Selected> {
        let mut again = Vec::new();
        for place in std::mem::take(&mut self.requeued) {
            let item = &items[place];
            let requeues = self.requeues.entry(place).or_default();
            if *requeues == MOST_REQUEUES {
                self.ledger.problem(&item.key, ProblemKind::Unsettled);
                continue;
            }
            *requeues += 1;
            self.ledger.set_fate(place, &item.key, Fate::Pending);
            self.update.total_items += 1;
            self.update.total_bytes = self.update.total_bytes.saturating_add(item.bytes);
            again.push(Selected { place, is_known: true, continues: false });
        }
        if self.engine.options.descending {
            again.reverse();
        }
        again
    }
}
