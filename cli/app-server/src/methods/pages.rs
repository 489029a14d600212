//! Pages of a thread's turns: by their bytes where the history has them, else by reading the
//! rollouts.

use std::rc::Rc;

use serde::{Deserialize, Serialize};
use threadkeep_app::Fault;
use threadkeep_history::TurnsQuery;
use threadkeep_rollout::{
    AgentHome, BaseProblem, Chain, ExtractError, ItemsView, Turn, TurnPlace, TurnQuery, list_turns,
};
use threadkeep_state::Thread;
use uuid::Uuid;

use super::Answer;
use crate::protocol::error::{INTERNAL_ERROR, RpcError};
use crate::server::{Opened, Server};

/// Place in a thread's turns or items.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Cursor {
    pub(super) requested_thread_id: Uuid,
    #[serde(flatten)]
    pub(super) turn: TurnPlace,
    /// Number of the turn in its thread, from 1, if the history had it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) number: Option<u64>,
    /// Number of the item in its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) item: Option<usize>,
    /// True if the page begins with this place, and not after it.
    pub(super) include_anchor: bool,
}

impl Cursor {
    /// Reads a cursor of this server.
    pub(super) fn read(text: &str, thread: Uuid) -> Option<Cursor> {
        let cursor: Cursor = serde_json::from_str(text).ok()?;
        (cursor.requested_thread_id == thread).then_some(cursor)
    }

    pub(super) fn text(self) -> String {
        serde_json::to_string(&self).unwrap_or_default()
    }

    /// Returns the place after which a page begins.
    fn after(self, newest_first: bool) -> TurnPlace {
        let TurnPlace { offset, .. } = self.turn;
        let offset = match (self.include_anchor, newest_first) {
            (false, _) => offset,
            (true, true) => offset.saturating_add(1),
            // A turn never begins at the first byte: a file's first line is its head.
            (true, false) => offset.saturating_sub(1),
        };
        TurnPlace { offset, ..self.turn }
    }
}

/// Makes the error about a text that is no cursor of the thread.
pub(super) fn invalid_cursor(text: &str) -> RpcError {
    RpcError::invalid_request(format!("invalid cursor: {text}"))
}

/// Page of turns that is wanted.
pub(super) struct Wanted {
    pub(super) cursor: Option<Cursor>,
    pub(super) newest_first: bool,
    pub(super) limit: usize,
    pub(super) view: ItemsView,
}

/// Page of turns.
pub(super) struct Page {
    /// Turns, in the wanted order, each with its number if that is known.
    pub(super) turns: Vec<(Turn, Option<u64>)>,
    pub(super) more: bool,
    pub(super) problem: Option<BaseProblem>,
}

/// Reads a page.
pub(super) async fn page(
    server: &Rc<Server>,
    opened: &Opened,
    thread: &Thread,
    wanted: Wanted,
) -> Answer<Page> {
    if let Some(page) = from_history(opened, thread, &wanted).await {
        return Ok(page);
    }
    let mut query = TurnQuery::default();
    (query.newest_first, query.limit, query.view) = (wanted.newest_first, wanted.limit, wanted.view);
    query.after = wanted.cursor.map(|cursor| cursor.after(wanted.newest_first));
    let page = read(server, opened, thread, move |chain| list_turns(chain, &query)).await?;
    let turns = page.turns.into_iter().map(|turn| (turn, None)).collect();
    Ok(Page { turns, more: page.more, problem: page.problem })
}

/// Reads a page by its bytes. `None` if the history does not have the thread as it is now, or the
/// cursor's turn has another number: then the rollouts say.
async fn from_history(opened: &Opened, thread: &Thread, wanted: &Wanted) -> Option<Page> {
    let (history, home) = (opened.state().history(), &opened.home);
    if !history.is_current(home, thread.id, &thread.rollout_path).await.ok()? {
        return None;
    }
    let limit = wanted.limit as u64;
    let anchor = match &wanted.cursor {
        Some(cursor) => Some((cursor.number?, *cursor)),
        None => None,
    };
    // With the anchor, to see that it is the turn that the cursor names.
    let query = match (anchor, wanted.newest_first) {
        (None, newest_first) => TurnsQuery { from: 1, limit: wanted.limit, from_newest: newest_first },
        (Some((number, _)), true) => {
            let from = number.saturating_sub(limit).max(1);
            TurnsQuery { from, limit: usize::try_from(number - from + 1).ok()?, from_newest: false }
        }
        (Some((number, _)), false) => {
            TurnsQuery { from: number, limit: wanted.limit + 1, from_newest: false }
        }
    };
    let found = history.turns(home, thread.id, &query).await.ok()?;
    let mut turns = found.turns;
    if wanted.newest_first {
        turns.reverse();
    }
    if let Some((number, cursor)) = anchor {
        let first = turns.first()?;
        let is_same = first.number == number
            && (Some(first.file_id), first.span.offset) == (cursor.turn.file_id, cursor.turn.offset);
        if !is_same {
            return None;
        }
        if !cursor.include_anchor {
            turns.remove(0);
        }
        turns.truncate(wanted.limit);
    }
    let more = turns
        .last()
        .is_some_and(|last| if wanted.newest_first { last.number > 1 } else { last.number < found.total });
    let read = history.read_turns(home, &turns, wanted.view).await.ok()?;
    let numbered = read.into_iter().zip(&turns).map(|(turn, found)| Some((turn?, Some(found.number))));
    Some(Page { turns: numbered.collect::<Option<_>>()?, more, problem: None })
}

/// Reads a thread's files on a thread of its own.
pub(super) async fn read<T: Send + 'static>(
    server: &Rc<Server>,
    opened: &Opened,
    thread: &Thread,
    read: impl FnOnce(&Chain) -> Result<T, ExtractError> + Send + 'static,
) -> Answer<T> {
    let _turn = server.readers.acquire().await;
    let (home, path, id) = (opened.home.clone(), thread.rollout_path.clone(), thread.id);
    let reading = tokio::task::spawn_blocking(move || {
        let chain = chain_of(&home, &path)?;
        read(&chain)
    });
    let failed = |error: &(dyn std::error::Error + 'static)| {
        let reason = Fault::plain(error);
        RpcError::new(INTERNAL_ERROR, format!("the rollout of thread {id} cannot be read: {reason}"))
    };
    match reading.await {
        Ok(read) => read.map_err(|error| failed(&error)),
        Err(panicked) => Err(failed(&panicked)),
    }
}

fn chain_of(home: &AgentHome, path: &str) -> Result<Chain, ExtractError> {
    let file = home.rollout_at(path).map_err(ExtractError::Io)?;
    // What a fork builds on is part of it, also if its source was deleted.
    Chain::resolve(home, &file, |_| true)
}
