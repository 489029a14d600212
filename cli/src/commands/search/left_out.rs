//! Threads that match, and that a search leaves out.

use threadkeep_app::Fault;
use threadkeep_history::{HistoryStore, SearchQuery};
use threadkeep_state::{ListThreads, Shelf, ThreadKind, ThreadStore};

use super::find::Found;
use crate::args::WhichArgs;
use crate::commands::threads::which_filters;

/// Most threads that are counted without a filter of the search itself.
const COUNTED: usize = 1_000;

/// Numbers of threads with hits that are not shown.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    /// Threads that the user did not begin, by kind.
    pub(super) kinds: Vec<(ThreadKind, u64)>,
    /// Threads of the other list, archived or current.
    pub(super) other_shelf: u64,
    /// Threads whose rollouts are missing.
    pub(super) missing: u64,
    /// If nothing was found: the options that limited the search.
    pub(super) options: Vec<&'static str>,
    /// If nothing was found: threads that match without one of the options.
    pub(super) without: Vec<(&'static str, u64)>,
}

impl LeftOut {
    pub(super) async fn of(
        history: &HistoryStore,
        threads: &ThreadStore,
        found: &Found,
        query: &SearchQuery,
        list: &ListThreads,
        which: &WhichArgs,
    ) -> Result<LeftOut, Fault> {
        let mut left_out = LeftOut::default();
        let others = ListThreads { ids: Some(found.others.clone()), ..list.clone() };
        if !found.others.is_empty() {
            left_out.add_lists(threads, &others).await?;
        }
        if !found.threads.is_empty() {
            return Ok(left_out);
        }
        for filter in which_filters(which) {
            left_out.options.push(filter.name);
            if !found.others.is_empty() {
                let mut without = others.clone();
                (filter.remove)(&mut without);
                left_out.add_without(filter.name, threads.count(&without).await?.total());
            }
        }
        type Row = (&'static str, bool, fn(&mut SearchQuery));
        let options: [Row; 4] = [
            ("quotes", query.text.contains('"'), |query| query.text = query.text.replace('"', " ")),
            ("--said", !query.said.is_empty(), |query| query.said.clear()),
            ("--since", query.since.is_some(), |query| query.since = None),
            ("-w", !query.prefix, |query| query.prefix = true),
        ];
        for (name, is_given, remove) in options {
            if is_given {
                left_out.options.extend(Some(name).filter(|name| name.starts_with('-')));
                let mut without = query.clone();
                remove(&mut without);
                let found = Found::search(history, threads, &without, list, COUNTED).await?;
                left_out.add_without(name, found.total);
            }
        }
        Ok(left_out)
    }

    async fn add_lists(&mut self, threads: &ThreadStore, others: &ListThreads) -> Result<(), Fault> {
        if !others.all && !others.names_sources() {
            let counts = threads.count(&ListThreads { all: true, ..others.clone() }).await?;
            self.kinds = counts.kinds.into_iter().filter(|(kind, _)| *kind != ThreadKind::User).collect();
        }
        let shelf = if others.shelf == Shelf::Archived { Shelf::Current } else { Shelf::Archived };
        if others.shelf != Shelf::Any {
            self.other_shelf = threads.count(&ListThreads { shelf, ..others.clone() }).await?.total();
        }
        let missing = ListThreads { shelf: Shelf::Missing, ..others.clone() };
        self.missing = threads.count(&missing).await?.total();
        Ok(())
    }

    fn add_without(&mut self, name: &'static str, threads: u64) {
        if threads > 0 {
            self.without.push((name, threads));
        }
    }
}
