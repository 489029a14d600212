//! `complete-values`: what a shell offers for ids, sources, models and agents.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde_json::{Value, json};
use threadkeep_app::agents;
use threadkeep_app::label::thread_label;
use threadkeep_app::opening;
use threadkeep_app::text::fit;
use threadkeep_state::{ListThreads, Shelf, StateError, StateRuntime, Thread, ThreadKind};

use super::threads::SOURCES;
use crate::args::Values;
use crate::command::{Answered, Context, ForHomes, Needs, Run};
use crate::output::ids::Ids;
use crate::output::{Answer, Screen};

/// Most threads that are offered.
const OFFERED: u32 = 200;
/// Columns of a description.
const WIDTH: usize = 60;

/// The command.
pub(super) struct CompleteValues {
    pub(super) kind: Values,
    pub(super) described: bool,
}

/// Values with their descriptions.
struct Offered {
    values: Vec<(String, String)>,
    described: bool,
}

#[async_trait(?Send)]
impl Run for CompleteValues {
    fn needs(&self) -> Needs {
        Needs::Dirs
    }

    /// Offers the values of the first home.
    fn for_homes(&self) -> ForHomes {
        ForHomes::All
    }

    /// Reads the index as it is. Without one there is nothing to offer, which is no error: a shell
    /// would print it in the middle of a line.
    async fn run(&self, Context { dirs, .. }: &Context<'_>) -> Answered {
        let values = match opening::stores_as_they_are(dirs).open_index().await {
            Ok(state) => offered(&state, self.kind).await.ok(),
            Err(_) => None,
        };
        let values = values.unwrap_or_else(|| match self.kind {
            Values::Sources => sources(Vec::new()),
            Values::Agents => names(),
            _ => Vec::new(),
        });
        Ok(Box::new(Offered { values, described: self.described }))
    }
}

async fn offered(state: &StateRuntime, kind: Values) -> Result<Vec<(String, String)>, StateError> {
    Ok(match kind {
        Values::Ids => {
            let threads = newest(state).await?;
            let ids: Vec<_> = threads.iter().map(|thread| thread.id).collect();
            let ids = Ids::of(state.threads(), &ids).await?;
            threads.iter().map(|thread| (ids.short(thread.id), thread_label(thread))).collect()
        }
        Values::Deleted => {
            let deleted = state.threads().deleted(OFFERED).await?;
            let on = |at: jiff::Timestamp| format!("deleted on {}", at.strftime("%Y-%m-%d"));
            deleted.iter().map(|stone| (stone.thread_id.to_string(), on(stone.deleted_at))).collect()
        }
        Values::Sources => sources(state.threads().source_words().await?),
        Values::Agents => names(),
        Values::Models => plain(newest(state).await?.into_iter().filter_map(|thread| thread.model)),
    })
}

/// Returns the names of all agents.
fn names() -> Vec<(String, String)> {
    plain(agents::names().map(str::to_owned))
}

/// Returns the words that `--source` takes, with those of the index.
fn sources(indexed: Vec<String>) -> Vec<(String, String)> {
    let known = ThreadKind::ALL.map(ThreadKind::as_str).into_iter().chain(SOURCES).map(str::to_owned);
    plain(known.chain(indexed).filter(|word| !word.contains(char::is_whitespace)))
}

/// Returns each word once, in order and without a description.
fn plain(words: impl Iterator<Item = String>) -> Vec<(String, String)> {
    words.collect::<BTreeSet<_>>().into_iter().map(|word| (word, String::new())).collect()
}

async fn newest(state: &StateRuntime) -> Result<Vec<Thread>, StateError> {
    let query = ListThreads { shelf: Shelf::Any, all: true, limit: Some(OFFERED), ..ListThreads::default() };
    Ok(state.threads().list(&query).await?.threads)
}

impl Answer for Offered {
    fn json(&self) -> Value {
        json!({ "values": self.values.iter().map(|(value, _)| value).collect::<Vec<_>>() })
    }

    fn text(&self, _screen: &Screen) -> String {
        let line = |(value, description): &(String, String)| {
            let description = fit(description, WIDTH);
            if self.described { format!("{value}\t{description}\n") } else { format!("{value}\n") }
        };
        self.values.iter().map(line).collect()
    }
}
