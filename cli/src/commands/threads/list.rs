//! `threads`: a page of threads of one home, or of several together.

use std::collections::HashMap;
use std::path::PathBuf;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::{Value, json};
use threadkeep_app::agents::{self, GoneThreads};
use threadkeep_app::opening::{Access, Index};
use threadkeep_app::outcome::outcome_now;
use threadkeep_app::refresh::{Refreshed, prepare};
use threadkeep_app::{Fault, Observer as _};
use threadkeep_state::{
    self as state, AgentTotals, Cursor, Hidden, Inventory, Shelf, SortDirection, SortKey, Thread,
    ThreadCounts, ThreadPage, ThreadStore,
};
use threadkeep_state_goals::Goal;
use uuid::Uuid;

use super::filters::{Filter, filters, narrow, query};
use crate::args::ListArgs;
use crate::command::{Answered, Context, ForHomes, Run};
use crate::commands::goals::of_threads;
use crate::commands::homes;
use crate::output::ids::Ids;
use crate::output::{Answer, Screen, json};

/// The command.
pub(super) struct ListThreads<'a>(pub(super) &'a ListArgs);

/// A list, and the facts about it.
pub(super) struct List {
    pub(super) homes: Vec<HomePage>,
    /// Number of the home and of the thread on its page, in the order of the list.
    pub(super) order: Vec<(usize, usize)>,
    pub(super) query: state::ListThreads,
    pub(super) filters: Vec<Filter>,
    pub(super) shows_tokens: bool,
    /// True if the threads may be those of several agents.
    pub(super) shows_agents: bool,
}

/// A page of one home.
pub(super) struct HomePage {
    pub(super) home: PathBuf,
    /// True if it may have threads of several agents.
    pub(super) has_agents: bool,
    pub(super) page: ThreadPage,
    /// Threads whose sessions their agents have deleted, and the times at which that was seen.
    pub(super) gone: HashMap<Uuid, Timestamp>,
    /// Goals of the threads that have one.
    pub(super) goals: HashMap<Uuid, Goal>,
    /// Sub-agents of the threads that have some.
    pub(super) agents: HashMap<Uuid, AgentTotals>,
    pub(super) ids: Ids,
    /// Number of all threads that match, with those of kinds that are left out.
    pub(super) counts: ThreadCounts,
    /// Number of threads that match, and whose rollouts are missing.
    pub(super) missing: u64,
    /// Everything that no list shows.
    pub(super) hidden: Hidden,
    /// For an empty page: all that is indexed.
    pub(super) inventory: Inventory,
    /// Outcome of bringing the index up to date.
    pub(super) refreshed: Refreshed,
    /// For an empty page: what other lists have.
    pub(super) elsewhere: Elsewhere,
}

/// Threads that an empty list leaves out.
#[derive(Debug, Default)]
pub(super) struct Elsewhere {
    /// Number of matching threads in the other list, archived or current.
    pub(super) other_shelf: u64,
    /// Number of matches without each filter.
    pub(super) without: Vec<u64>,
}

#[async_trait(?Send)]
impl Run for ListThreads<'_> {
    fn for_homes(&self) -> ForHomes {
        ForHomes::All
    }

    async fn run(&self, context: &Context<'_>) -> Answered {
        let screen = context.screen;
        let query = query(self.0, screen)?;
        let homes = if screen.homes.len() > 1 {
            self.several(screen, &query).await?
        } else {
            vec![self.page(context, &query).await?]
        };
        let limit = query.limit.map_or(usize::MAX, |limit| limit as usize);
        let order = order(&homes, &query, limit);
        let (filters, shows_tokens) = (filters(self.0), self.0.tokens);
        let shows_agents = homes.iter().any(|home| home.has_agents);
        Ok(Box::new(List { homes, order, query, filters, shows_tokens, shows_agents }))
    }
}

impl ListThreads<'_> {
    /// Reads a page of each home. Each has its databases in its own folder.
    async fn several(&self, screen: &Screen, query: &state::ListThreads) -> Result<Vec<HomePage>, Fault> {
        if query.cursor.is_some() {
            return Err(Fault::new(
                "a cursor belongs to the list of one home",
                "name that home alone, or leave out --cursor and use --limit N",
            ));
        }
        let mut pages = Vec::with_capacity(screen.homes.len());
        for home in &screen.homes {
            let screen = screen.of_home(home);
            pages.push(self.page(&homes::context(self.needs(), &screen)?, query).await?);
        }
        Ok(pages)
    }

    async fn page(&self, context: &Context<'_>, query: &state::ListThreads) -> Result<HomePage, Fault> {
        let Context { dirs, screen, .. } = context;
        let home = dirs.agent_home()?;
        let index = Index::for_reading(dirs, *screen).await?;
        let refreshes = !self.0.no_refresh || index.access == Access::Temporary;
        let refreshed = prepare(&index, &home, refreshes, *screen).await?;
        let mut gone = GoneThreads::new(&dirs.absolute().sqlite_home);
        let mut page = self.read(&index, query, &mut gone).await?;
        page.home.clone_from(&dirs.home);
        page.has_agents = agents::are_several(dirs);
        agents::note_not_added(dirs, &query.agents, *screen)?;
        let is_empty = page.page.threads.is_empty() && page.inventory.files == 0;
        if !refreshes && is_empty {
            // The answer will say that an index run makes the list; broken settings would stop that
            // run.
            home.config()?;
        }
        // A list without threads says itself that nothing is indexed.
        let is_said = !refreshes && !screen.json && is_empty;
        if let Some(reason) = refreshed.incomplete.clone().filter(|_| !is_said) {
            screen.note(&reason.append("; the list may be incomplete"));
        }
        for thread in &mut page.page.threads {
            thread.run_outcome = outcome_now(&home, thread);
            let gone_since = gone.since(thread.agent(), thread.id)?;
            page.gone.extend(gone_since.map(|since| (thread.id, since)));
        }
        index.close().await?;
        let ids: Vec<Uuid> = page.page.threads.iter().map(|thread| thread.id).collect();
        page.goals = of_threads(context, &ids).await;
        Ok(HomePage { refreshed, ..page })
    }

    /// Reads a page as it is indexed, and the figures about it.
    async fn read(
        &self,
        index: &Index,
        query: &state::ListThreads,
        gone: &mut GoneThreads,
    ) -> Result<HomePage, Fault> {
        let (state, threads) = (&index.state, index.state.threads());
        let mut query = query.clone();
        narrow(&mut query, &self.0.which, threads).await?;
        if self.0.gone {
            query.ids = Some(gone.all()?);
        }
        let page = threads.list(&query).await?;
        let hidden = state.hidden().await?;
        let inventory = if page.threads.is_empty() { state.inventory().await? } else { Inventory::default() };
        let missing = match query.shelf {
            Shelf::Missing => 0,
            _ if hidden.missing == 0 => 0,
            _ => threads.count(&state::ListThreads { shelf: Shelf::Missing, ..query.clone() }).await?.total(),
        };
        let is_empty = page.threads.is_empty() && query.cursor.is_none();
        let elsewhere = if is_empty { self.elsewhere(threads, &query).await? } else { Elsewhere::default() };
        let ids: Vec<Uuid> = page.threads.iter().map(|thread| thread.id).collect();
        Ok(HomePage {
            home: PathBuf::new(),
            has_agents: false,
            page,
            gone: HashMap::new(),
            goals: HashMap::new(),
            agents: state.graph().totals(&ids).await?,
            ids: Ids::of(threads, &ids).await?,
            counts: threads.count(&with_others(&query)).await?,
            missing,
            hidden,
            inventory,
            refreshed: Refreshed::default(),
            elsewhere,
        })
    }

    /// Counts what an empty list leaves out.
    async fn elsewhere(&self, threads: &ThreadStore, query: &state::ListThreads) -> Result<Elsewhere, Fault> {
        let mut elsewhere = Elsewhere::default();
        let shelf = if query.shelf == Shelf::Archived { Shelf::Current } else { Shelf::Archived };
        if query.shelf != Shelf::Any {
            let other = state::ListThreads { shelf, ..query.clone() };
            elsewhere.other_shelf = threads.count(&other).await?.total();
        }
        for filter in filters(self.0) {
            let mut without = query.clone();
            (filter.remove)(&mut without);
            elsewhere.without.push(threads.count(&without).await?.total());
        }
        Ok(elsewhere)
    }
}

/// Returns the query with the threads that it leaves out for their kind alone.
fn with_others(query: &state::ListThreads) -> state::ListThreads {
    state::ListThreads { all: query.all || !query.names_sources(), ..query.clone() }
}

/// Merges the pages of several homes into one.
fn order(homes: &[HomePage], query: &state::ListThreads, limit: usize) -> Vec<(usize, usize)> {
    let threads = |(n, home): (usize, &HomePage)| (0..home.page.threads.len()).map(move |thread| (n, thread));
    let mut order: Vec<(usize, usize)> = homes.iter().enumerate().flat_map(threads).collect();
    if homes.len() > 1 {
        let key = |(home, thread): &(usize, usize)| {
            let thread = &homes[*home].page.threads[*thread];
            (time_of(thread, sorted_by(query)), thread.id)
        };
        order.sort_by_key(key);
        if query.direction == SortDirection::Descending {
            order.reverse();
        }
        order.truncate(limit);
    }
    order
}

/// Returns the sort key of a query, which a cursor decides.
pub(super) fn sorted_by(query: &state::ListThreads) -> SortKey {
    let of_cursor = query.cursor.as_ref().map(Cursor::sort_key);
    of_cursor.or(query.sort).unwrap_or_default()
}

/// Returns the time by which a thread is sorted.
pub(super) fn time_of(thread: &Thread, sort: SortKey) -> Timestamp {
    match sort {
        SortKey::Created => thread.created_at,
        SortKey::Updated => thread.updated_at,
    }
}

impl HomePage {
    /// Renders what is said about a home next to its threads.
    fn json(&self) -> Value {
        let others = self.counts.kinds.iter().filter(|(kind, _)| *kind != state::ThreadKind::User);
        let others: serde_json::Map<String, Value> =
            others.map(|(kind, number)| (kind.as_str().to_owned(), (*number).into())).collect();
        let mut document = json!({
            "next_cursor": self.page.next_cursor.as_ref().map(ToString::to_string),
            "backwards_cursor": self.page.backwards_cursor.as_ref().map(ToString::to_string),
            "others": others,
            "missing": self.missing,
            "unreadable": self.hidden.unreadable,
        });
        // Only if it is incomplete, which is rare.
        if let Some(reason) = &self.refreshed.incomplete {
            document["incomplete"] = reason.to_string().into();
        }
        document
    }

    fn thread_json(&self, thread: &Thread) -> Value {
        let mut document = json::thread(thread, self.goals.get(&thread.id));
        let gone_since = self.gone.get(&thread.id).copied();
        document["gone_since"] = json!(json::at(gone_since));
        document["gone_since_ms"] = json!(json::ms(gone_since));
        let agents = self.agents.get(&thread.id).copied().unwrap_or_default();
        document["agents"] = json!({ "count": agents.agents, "own_tokens": agents.own_tokens });
        document
    }
}

impl Answer for List {
    fn json(&self) -> Value {
        let thread = |(home, thread): &(usize, usize)| {
            let home = &self.homes[*home];
            let mut document = home.thread_json(&home.page.threads[*thread]);
            if self.homes.len() > 1 {
                document["home"] = home.home.to_string_lossy().into();
            }
            document
        };
        let threads: Vec<Value> = self.order.iter().map(thread).collect();
        let mut document = json!({ "threads": threads });
        if let ([home], Some(document)) = (&self.homes[..], document.as_object_mut()) {
            document.extend(home.json().as_object().cloned().unwrap_or_default());
            return Value::Object(document.clone());
        }
        let homes = self.homes.iter().map(|home| {
            let mut document = home.json();
            // A cursor holds for the list of one home.
            document["next_cursor"] = Value::Null;
            document["backwards_cursor"] = Value::Null;
            document["home"] = home.home.to_string_lossy().into();
            document
        });
        document["homes"] = homes.collect();
        document["next_cursor"] = Value::Null;
        document["backwards_cursor"] = Value::Null;
        document
    }

    fn text(&self, screen: &Screen) -> String {
        self.table(screen)
    }

    fn aside(&self, screen: &Screen) -> String {
        self.footer(screen)
    }
}
