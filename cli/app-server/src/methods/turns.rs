//! `thread/turns/list` and `thread/items/list`, straight from the rollouts.

use std::collections::VecDeque;
use std::ops::ControlFlow::{Break, Continue};
use std::rc::Rc;

use threadkeep_app::outcome::outcome_at_a_glance;
use threadkeep_rollout::{
    Chain, ExtractError, ItemsView as View, RunOutcome, Turn, TurnPlace, TurnStatus as Status, read_turns,
};
use threadkeep_state::Thread;
use uuid::Uuid;

use super::foreign::{ItemAnchor, TurnCursor};
use super::newest::Newest;
use super::pages::{Cursor, Page, Wanted, invalid_cursor, page, read};
use super::{Answer, find, items, opened};
use crate::caller::Caller;
use crate::params;
use crate::protocol::order::SortDirection;
use crate::protocol::turn::{
    self, ItemsListParams, ItemsListResponse, ItemsView, ListedItem, TurnError, TurnStatus, TurnsListParams,
    TurnsListResponse,
};
use crate::server::{Opened, Server};

/// Lists a page of turns.
pub(crate) async fn list(
    server: &Rc<Server>,
    _: &Caller,
    params: TurnsListParams,
) -> Answer<TurnsListResponse> {
    let opened = opened(server).await?;
    let thread = find(&opened, &params.thread_id).await?;
    let newest_first = params.sort_direction != Some(SortDirection::Asc);
    let cursor = match params.cursor.as_deref() {
        Some(text) => Some(cursor_of(server, &opened, &thread, text, newest_first).await?),
        None => None,
    };
    let view = params.items_view.unwrap_or_default();
    let wanted = Wanted {
        cursor,
        newest_first,
        limit: params::limit(params.limit) as usize,
        view: match view {
            ItemsView::NotLoaded => View::None,
            ItemsView::Summary => View::WrittenSummary,
            ItemsView::Full => View::Written,
        },
    };
    let outcome = outcome_of(&opened, &thread);
    let Page { turns, more, problem } = page(server, &opened, &thread, wanted).await?;
    let at = |(turn, number): &(Turn, Option<u64>), include_anchor| Cursor {
        requested_thread_id: thread.id,
        turn: turn.place(),
        number: *number,
        item: None,
        include_anchor,
    };
    Ok(TurnsListResponse {
        next_cursor: turns.last().filter(|_| more).map(|last| at(last, false).text()),
        backwards_cursor: turns.first().map(|first| at(first, true).text()),
        data: turns.into_iter().map(|(turn, _)| turn_of(turn, view, outcome)).collect(),
        incomplete: problem.map(|problem| problem.to_string()),
    })
}

/// Reads a cursor of turns: one of this server, or of the agent's.
async fn cursor_of(
    server: &Rc<Server>,
    opened: &Opened,
    thread: &Thread,
    text: &str,
    newest_first: bool,
) -> Answer<Cursor> {
    if let Some(cursor) = Cursor::read(text, thread.id) {
        return Ok(cursor);
    }
    let foreign = TurnCursor::read(text, thread.id).ok_or_else(|| invalid_cursor(text))?;
    let resolved = foreign.resolved(server, opened, thread, newest_first).await?;
    resolved.ok_or_else(|| invalid_cursor(text))
}

/// Lists a page of items.
pub(crate) async fn items(
    server: &Rc<Server>,
    _: &Caller,
    params: ItemsListParams,
) -> Answer<ItemsListResponse> {
    let opened = opened(server).await?;
    let thread = find(&opened, &params.thread_id).await?;
    let anchor = match params.cursor.as_deref() {
        Some(text) => Some(Anchor::read(text, thread.id).ok_or_else(|| invalid_cursor(text))?),
        None => None,
    };
    let newest_first = params.sort_direction == Some(SortDirection::Desc);
    let limit = params::limit(params.limit) as usize;
    let window =
        Window { anchor, newest_first, limit, turn: params.turn_id, found: VecDeque::new(), more: false };
    let window = read(server, &opened, &thread, move |chain| window.read(chain)).await?;
    let at = |(turn, item, _, _): &Found, include_anchor| Cursor {
        requested_thread_id: thread.id,
        turn: *turn,
        number: None,
        item: Some(*item),
        include_anchor,
    };
    Ok(ItemsListResponse {
        next_cursor: window.found.back().filter(|_| window.more).map(|found| at(found, false).text()),
        backwards_cursor: window.found.front().map(|found| at(found, true).text()),
        data: window
            .found
            .into_iter()
            .map(|(_, _, turn_id, item)| ListedItem {
                turn_id,
                started_at_ms: item.started_at_ms(),
                completed_at_ms: item.completed_at_ms(),
                item,
            })
            .collect(),
    })
}

/// Item at which a page begins.
#[derive(Clone, Copy)]
enum Anchor {
    /// As this server names it.
    Own(Cursor),
    /// As the agent's server does.
    Agent(ItemAnchor),
}

impl Anchor {
    fn read(text: &str, thread: Uuid) -> Option<Anchor> {
        let own = Cursor::read(text, thread).map(Anchor::Own);
        own.or_else(|| Some(Anchor::Agent(TurnCursor::read(text, thread)?.item()?)))
    }
}

/// Item that was found: its turn's place, its number in the turn, and the turn's id.
type Found = (TurnPlace, usize, String, crate::protocol::item::ThreadItem);

/// Page of items, as it is being read.
struct Window {
    anchor: Option<Anchor>,
    newest_first: bool,
    limit: usize,
    turn: Option<String>,
    found: VecDeque<Found>,
    more: bool,
}

impl Window {
    fn read(mut self, chain: &Chain) -> Result<Window, ExtractError> {
        // The order of places in a chain is that in which its turns are read.
        let mut passed = false;
        read_turns(chain, View::Written, |turn| {
            let place = turn.place();
            let is_wanted = self.turn.as_ref().is_none_or(|wanted| *wanted == turn.id);
            for (number, item) in turn.items.into_iter().enumerate().filter(|_| is_wanted) {
                let ordinal = item.written.as_ref().and_then(|written| written.ordinal);
                let (at_anchor, includes) = match self.anchor {
                    Some(Anchor::Own(own)) => {
                        (own.turn == place && own.item == Some(number), own.include_anchor)
                    }
                    Some(Anchor::Agent(item)) => {
                        passed |= ordinal.is_some_and(|ordinal| ordinal > item.ordinal);
                        (ordinal == Some(item.ordinal), item.include_anchor)
                    }
                    None => (false, false),
                };
                let is_in = match (self.anchor, self.newest_first) {
                    (None, _) => true,
                    (Some(_), false) => passed || at_anchor && includes,
                    (Some(_), true) => !passed && (!at_anchor || includes),
                };
                passed |= at_anchor;
                if is_in {
                    self.found.push_back((place, number, turn.id.clone(), items::item_of(item)));
                }
                if self.found.len() > self.limit {
                    self.more = true;
                    if !self.newest_first {
                        self.found.pop_back();
                        return Break(());
                    }
                    self.found.pop_front();
                }
                if passed && self.newest_first {
                    return Break(());
                }
            }
            Continue(())
        })?;
        if self.newest_first {
            self.found.make_contiguous().reverse();
        }
        Ok(self)
    }
}

/// Returns the newest turns of a thread, the oldest of them first, and the reason why others are
/// left out.
pub(super) async fn newest(
    server: &Rc<Server>,
    opened: &Opened,
    thread: &Thread,
) -> Answer<(Vec<turn::Turn>, Option<String>)> {
    let outcome = outcome_of(opened, thread);
    let newest = read(server, opened, thread, move |chain| {
        let mut newest = Newest::default();
        read_turns(chain, View::Written, |turn| {
            newest.push(turn_of(turn, ItemsView::Full, outcome));
            Continue(())
        })?;
        Ok(newest)
    });
    Ok(newest.await?.ended())
}

/// Returns whether an agent still works on the thread's last turn.
fn outcome_of(opened: &Opened, thread: &Thread) -> RunOutcome {
    outcome_at_a_glance(&opened.home, thread)
}

/// Returns a turn as the protocol has it.
fn turn_of(turn: Turn, view: ItemsView, outcome: RunOutcome) -> turn::Turn {
    let status = match turn.status {
        Status::Completed => TurnStatus::Completed,
        Status::Failed => TurnStatus::Failed,
        Status::InProgress if outcome == RunOutcome::Running => TurnStatus::InProgress,
        _ => TurnStatus::Interrupted,
    };
    turn::Turn {
        id: turn.id,
        root_turn_id: turn.root_turn_id,
        items: items::items_of(turn.items, view),
        items_view: view,
        status,
        error: turn.error.map(|message| TurnError { message }),
        started_at: turn.started_at.map(jiff::Timestamp::as_second),
        completed_at: turn.completed_at.map(jiff::Timestamp::as_second),
        duration_ms: turn.duration_ms,
    }
}
