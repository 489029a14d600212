//! `search`: what was said in threads, the best match first.

mod find;
mod json;
mod left_out;
mod snippet;
mod text;

use async_trait::async_trait;
use jiff::Zoned;
use threadkeep_app::history::{self, Extent, Work};
use threadkeep_app::opening::{Access, Index};
use threadkeep_app::refresh::prepare;
use threadkeep_app::{Fault, Observer as _, agents};
use threadkeep_history::{Hit, SearchQuery, ShownHit};
use threadkeep_state::{ListThreads, Thread};

use self::find::Found;
pub(super) use self::json::of_extent;
use self::left_out::LeftOut;
use crate::args::SearchArgs;
use crate::command::{Answered, Context, Run};
use crate::commands::threads::{narrow, time_of, which};
use crate::output::ids::Ids;

/// Threads that are shown, and hits of each.
const THREADS: u32 = 10;
const HITS: usize = 3;
/// Hits of each thread with `--verbose`.
const MORE_HITS: usize = 20;

/// The command.
pub(super) struct Search<'a>(pub(super) &'a SearchArgs);

/// Threads with hits, and facts about the search.
pub(super) struct Results {
    threads: Vec<Match>,
    ids: Ids,
    /// True if the threads may be those of several agents.
    shows_agents: bool,
    /// Threads that match, as far as the search went.
    total: u64,
    /// True if older messages match, too, and may be those of more threads.
    has_more: bool,
    left_out: LeftOut,
    extent: Extent,
    query: SearchQuery,
    list: ListThreads,
}

/// A thread with hits.
pub(super) struct Match {
    thread: Thread,
    hits: Vec<(Hit, ShownHit)>,
    /// Further hits in the thread.
    more: u64,
}

#[async_trait(?Send)]
impl Run for Search<'_> {
    async fn run(&self, context: &Context<'_>) -> Answered {
        let Context { dirs, screen, .. } = context;
        let query = self.query()?;
        let home = dirs.agent_home()?;
        let index = Index::for_reading(dirs, *screen).await?;
        let refreshes = !self.0.no_refresh || index.access == Access::Temporary;
        let refreshed = prepare(&index, &home, refreshes, *screen).await?;
        if let Some(reason) = refreshed.incomplete.clone() {
            screen.note(&reason.append("; threads may be missing"));
        }
        let work = if refreshes { Work::Some } else { Work::None };
        let history = history::prepare(&index, dirs, &home, work, *screen).await?;
        let threads = index.state.threads();
        let mut list = which(&self.0.which);
        narrow(&mut list, &self.0.which, threads).await?;
        agents::note_not_added(dirs, &list.agents, *screen)?;
        let limit = self.0.limit.unwrap_or(THREADS) as usize;
        let found = Found::search(&history.store, threads, &query, &list, limit).await?;
        let left_out = LeftOut::of(&history.store, threads, &found, &query, &list, self.0).await?;
        let Found { threads: found, total, has_more, .. } = found;
        let hits = if screen.verbose { MORE_HITS } else { HITS };
        let mut matches = Vec::with_capacity(found.len());
        for (thread, mut hits_of_thread) in found {
            let more = hits_of_thread.len().saturating_sub(hits) as u64;
            hits_of_thread.truncate(hits);
            let shown = history.store.show(&home, &query, &hits_of_thread).await?;
            matches.push(Match { thread, hits: hits_of_thread.into_iter().zip(shown).collect(), more });
        }
        let ids: Vec<_> = matches.iter().map(|found| found.thread.id).collect();
        let ids = Ids::of(threads, &ids).await?;
        history.store.close().await?;
        index.close().await?;
        if let Some(note) = history.extent.note() {
            screen.note(&note);
        }
        Ok(Box::new(Results {
            threads: matches,
            ids,
            shows_agents: agents::are_several(dirs),
            total,
            has_more,
            left_out,
            extent: history.extent,
            query,
            list,
        }))
    }
}

impl Search<'_> {
    fn query(&self) -> Result<SearchQuery, Fault> {
        let now = Zoned::now();
        let since = self.0.since.as_ref().map(|text| time_of("--since", text, &now)).transpose()?;
        let words: Vec<String> = self.0.words.iter().map(|word| phrase(word)).collect();
        Ok(SearchQuery {
            said: self.0.said.iter().map(|speaker| (*speaker).into()).collect(),
            since,
            prefix: !self.0.whole_words,
            ..SearchQuery::new(words.join(" "))
        })
    }
}

/// Makes a phrase of an argument with a space: the shell has taken its quotes.
fn phrase(argument: &str) -> String {
    let is_phrase = argument.trim().contains(char::is_whitespace) && !argument.contains('"');
    if is_phrase { format!("\"{argument}\"") } else { argument.to_owned() }
}
