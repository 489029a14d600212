//! Threads that match, and that a search leaves out.

use threadkeep_app::Fault;
use threadkeep_app::text::shell_word;
use threadkeep_history::{HistoryStore, SearchQuery};
use threadkeep_state::{ListThreads, Shelf, ThreadKind, ThreadStore};

use super::find::Found;
use crate::args::SearchArgs;
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
    /// If nothing was found: the options that limited the search, as they can be typed.
    pub(super) options: Vec<String>,
    /// If nothing was found: threads that match without one of the options.
    pub(super) without: Vec<(String, u64)>,
}

impl LeftOut {
    pub(super) async fn of(
        history: &HistoryStore,
        threads: &ThreadStore,
        found: &Found,
        query: &SearchQuery,
        list: &ListThreads,
        args: &SearchArgs,
    ) -> Result<LeftOut, Fault> {
        let mut left_out = LeftOut::default();
        let others = ListThreads { ids: Some(found.others.clone()), ..list.clone() };
        if !found.others.is_empty() {
            left_out.add_lists(threads, &others).await?;
        }
        if !found.threads.is_empty() {
            return Ok(left_out);
        }
        for filter in which_filters(&args.which) {
            left_out.options.push(filter.typed.clone());
            if !found.others.is_empty() {
                let mut without = others.clone();
                (filter.remove)(&mut without);
                left_out.add_without(filter.typed, threads.count(&without).await?.total());
            }
        }
        let said: Vec<String> =
            query.said.iter().map(|speaker| format!("--said {}", speaker.as_str())).collect();
        let since = args.since.as_ref().map(|since| format!("--since {}", shell_word(since)));
        type Row = (Option<String>, fn(&mut SearchQuery));
        let options: [Row; 4] = [
            (query.text.contains('"').then(|| "quotes".to_owned()), |query| {
                query.text = query.text.replace('"', " ");
            }),
            (Some(said.join(" ")).filter(|said| !said.is_empty()), |query| query.said.clear()),
            (since, |query| query.since = None),
            ((!query.prefix).then(|| "-w".to_owned()), |query| query.prefix = true),
        ];
        for (typed, remove) in options {
            if let Some(typed) = typed {
                left_out.options.extend(Some(typed.clone()).filter(|typed| typed.starts_with('-')));
                let mut without = query.clone();
                remove(&mut without);
                let found = Found::search(history, threads, &without, list, COUNTED).await?;
                left_out.add_without(typed, found.total);
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

    fn add_without(&mut self, typed: String, threads: u64) {
        if threads > 0 {
            self.without.push((typed, threads));
        }
    }
}
