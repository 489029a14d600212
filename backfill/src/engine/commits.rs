//! What a pass commits: items that were read, keys that vanished, and what these commits stir up.

use super::compare::Selected;
use super::extract::Read;
use super::ledger::Fate;
use super::pass::{Flow, Pass};
use crate::{
    BackfillError, Batch, CommitError, CommitReport, ExtractedItem, FailedItem, Index, Item, ProblemKind,
    Progress, Source,
};

/// How often one item is read again within a pass because commits ask for it. The next pass would go on.
const MOST_REQUEUES: u8 = 3;

impl<S, I, P> Pass<'_, S, I, P>
where
    S: Source,
    I: Index<Handle = S::Handle>,
    P: Progress,
{
    /// Commits a batch that was read, and settles its items.
    pub(super) async fn commit_read(
        &mut self,
        items: &[Item<S::Handle>],
        read: Vec<Read<I>>,
    ) -> Result<(), BackfillError> {
        let Some(&(last, _)) = read.last() else { return Ok(()) };
        let last = &items[last].key;
        if self.watermark.as_ref().is_none_or(|watermark| watermark < last) {
            self.watermark = Some(last.clone());
        }
        let mut bytes = 0_u64;
        let mut settled = Vec::with_capacity(read.len());
        let (mut extracted, mut failed) = (Vec::with_capacity(read.len()), Vec::new());
        for (place, result) in read {
            let item = &items[place];
            bytes = bytes.saturating_add(item.bytes);
            settled.push((place, result.as_ref().err().map(|failure| failure.reason.clone())));
            match result {
                Ok(value) => extracted.push(ExtractedItem { item, value }),
                Err(failure) => failed.push(FailedItem { item, failure }),
            }
        }
        let report = self.commit(extracted, failed, &[]).await?;
        let count = settled.len() as u64;
        for (place, failure) in settled {
            let key = &items[place].key;
            match failure {
                None => self.ledger.settle(place, key, Fate::Indexed),
                Some(reason) => {
                    self.ledger.settle(place, key, Fate::Failed);
                    self.ledger.problem(ProblemKind::Failed, key, &reason);
                }
            }
        }
        self.ledger.bytes = self.ledger.bytes.saturating_add(bytes);
        self.settle_commit(items, report);
        self.advance(count, bytes);
        Ok(())
    }

    /// Commits what has vanished, in batches. This comes last, so that an item that moved is found at its new place before
    /// its old one goes.
    pub(super) async fn remove(
        &mut self,
        items: &[Item<S::Handle>],
        vanished: &[String],
    ) -> Result<Flow, BackfillError> {
        for keys in vanished.chunks(self.engine.limits.batch_items) {
            if self.engine.stop.is_stopped() {
                return Ok(Flow::Stop);
            }
            let report = self.commit(Vec::new(), Vec::new(), keys).await?;
            self.ledger.vanished += keys.len() as u64;
            self.settle_commit(items, report);
            self.advance(keys.len() as u64, 0);
        }
        Ok(Flow::GoOn)
    }

    async fn commit(
        &self,
        extracted: Vec<ExtractedItem<'_, S::Handle, I::Extracted>>,
        failed: Vec<FailedItem<'_, S::Handle>>,
        vanished: &[String],
    ) -> Result<CommitReport, BackfillError> {
        let term = self.engine.term();
        let batch = Batch { extracted, failed, vanished, watermark: self.watermark.as_deref(), term };
        self.engine.index.commit(self.lease, batch).await.map_err(|error| match error {
            CommitError::LeaseLost => BackfillError::LeaseLost,
            CommitError::Backend(source) => BackfillError::store("storing a batch")(source),
        })
    }

    fn settle_commit(&mut self, items: &[Item<S::Handle>], report: CommitReport) {
        let place_of = |key: &str| items.binary_search_by(|item| item.key.as_str().cmp(key)).ok();
        self.ledger.lines_skipped += report.lines_skipped;
        self.ledger.rows_gone += report.rows_gone;
        for duplicate in &report.duplicates {
            if let Some(place) = place_of(&duplicate.key) {
                self.ledger.settle(place, &duplicate.key, Fate::Duplicate);
                self.ledger.problem(ProblemKind::Duplicate, &duplicate.key, &duplicate.of);
            }
        }
        for key in &report.excluded {
            if let Some(place) = place_of(key) {
                self.ledger.settle(place, key, Fate::Excluded);
            }
        }
        for remark in &report.remarks {
            self.ledger.problem(ProblemKind::Remark, &remark.key, &remark.reason);
        }
        // What is still pending will be read in this pass anyway.
        let requeued = report.requeue.iter().filter_map(|key| place_of(key));
        self.requeued.extend(requeued.filter(|place| self.ledger.fates[*place] != Fate::Pending));
    }

    /// What commits asked for, but for what has been read again often enough.
    pub(super) fn take_requeued(&mut self, items: &[Item<S::Handle>]) -> Vec<Selected> {
        let mut again = Vec::new();
        for place in std::mem::take(&mut self.requeued) {
            let item = &items[place];
            let requeues = self.requeues.entry(place).or_default();
            if *requeues == MOST_REQUEUES {
                let reason = "is to be read again and again; the next pass goes on";
                self.ledger.problem(ProblemKind::Remark, &item.key, reason);
                continue;
            }
            *requeues += 1;
            self.ledger.settle(place, &item.key, Fate::Pending);
            self.update.total_items += 1;
            self.update.total_bytes = self.update.total_bytes.saturating_add(item.bytes);
            again.push(Selected { place, continues: false });
        }
        again
    }
}
