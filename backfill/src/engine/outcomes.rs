//! Reading the stored outcomes, page by page.

use std::collections::VecDeque;

use crate::{BackfillError, BoxError, Progress, StoredOutcome};

/// Pages that are in memory at the same time, at most.
pub(super) const MOST_PAGES: usize = 16;

/// The stored outcomes in the order of their keys.
pub(super) struct Outcomes<'a, P: Progress> {
    progress: &'a P,
    page: usize,
    /// Pages that were read and not yet taken.
    ready: VecDeque<Vec<StoredOutcome<P::Problem>>>,
    /// Key of the last outcome that was read.
    last: Option<String>,
    /// True if no page follows.
    is_whole: bool,
}

impl<'a, P: Progress> Outcomes<'a, P> {
    /// Begins with the first outcome. A page has this many.
    pub(super) fn new(progress: &'a P, page: usize) -> Self {
        Self { progress, page, ready: VecDeque::new(), last: None, is_whole: false }
    }

    /// Reads until so many pages are ready, or all that are left.
    pub(super) async fn prepare(&mut self, pages: usize) -> Result<(), BackfillError> {
        while self.ready.len() < pages && !self.is_whole {
            self.read().await?;
        }
        Ok(())
    }

    /// Takes the next page; `None` after the last.
    pub(super) async fn take(&mut self) -> Result<Option<Vec<StoredOutcome<P::Problem>>>, BackfillError> {
        self.prepare(1).await?;
        Ok(self.ready.pop_front())
    }

    async fn read(&mut self) -> Result<(), BackfillError> {
        let failed = BackfillError::store("read outcomes");
        let page = match self.progress.outcomes(self.last.as_deref(), self.page).await {
            Ok(page) => page,
            Err(error) => return Err(failed(error)),
        };
        // Out of order, the merge would take items for new or vanished, and might never end.
        let keys = self.last.as_deref().into_iter().chain(page.iter().map(|outcome| &*outcome.key));
        if !keys.is_sorted_by(|one, next| one < next) {
            return Err(failed(BoxError::from("the outcomes are out of order")));
        }
        self.is_whole = page.len() < self.page;
        self.last = page.last().map(|outcome| outcome.key.clone()).or(self.last.take());
        self.ready.push_back(page);
        Ok(())
    }
}
