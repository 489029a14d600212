//! Cursors of turns and items of the agent's own server.
//!
//! A place is the ordinal of a line: of the first line of a turn, or of the `item_completed` of an
//! item. Threads whose lines have no ordinals have the turn's id. The request gives the direction.

use std::ops::ControlFlow::{Break, Continue};
use std::rc::Rc;

use serde::Deserialize;
use threadkeep_history::TurnsQuery;
use threadkeep_rollout::{ItemsView, Turn, TurnPlace, read_turns};
use threadkeep_state::Thread;
use uuid::Uuid;

use super::Answer;
use super::pages::{self, Cursor};
use crate::server::{Opened, Server};

/// Cursor of the agent's server in a list of turns or items.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub(super) enum TurnCursor {
    /// By a line's ordinal.
    #[serde(rename_all = "camelCase")]
    Ordinal { requested_thread_id: Uuid, rollout_ordinal: u64, include_anchor: bool, scope: Scope },
    /// By a turn's id.
    #[serde(rename_all = "camelCase")]
    Turn { turn_id: String, include_anchor: bool },
}

/// List that a cursor is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub(super) enum Scope {
    Turns,
    ItemsByCreatedAtOrdinal,
}

/// Item at which a page begins, by the ordinal of its line.
#[derive(Clone, Copy)]
pub(super) struct ItemAnchor {
    pub(super) ordinal: u64,
    pub(super) include_anchor: bool,
}

impl TurnCursor {
    /// Reads a cursor of a thread.
    pub(super) fn read(text: &str, thread: Uuid) -> Option<TurnCursor> {
        let cursor: TurnCursor = serde_json::from_str(text).ok()?;
        let is_of_thread = match cursor {
            TurnCursor::Ordinal { requested_thread_id, .. } => requested_thread_id == thread,
            TurnCursor::Turn { .. } => true,
        };
        is_of_thread.then_some(cursor)
    }

    /// Returns the item that the cursor names; `None` for a cursor of turns.
    pub(super) fn item(&self) -> Option<ItemAnchor> {
        match *self {
            TurnCursor::Ordinal {
                rollout_ordinal: ordinal,
                include_anchor,
                scope: Scope::ItemsByCreatedAtOrdinal,
                ..
            } => Some(ItemAnchor { ordinal, include_anchor }),
            _ => None,
        }
    }

    /// Returns the same place as a cursor of this server; `None` if it is no turn of the thread. A
    /// turn that no longer counts stands for the last one before it.
    pub(super) async fn resolved(
        self,
        server: &Rc<Server>,
        opened: &Opened,
        thread: &Thread,
        newest_first: bool,
    ) -> Answer<Option<Cursor>> {
        if self.item().is_some() {
            return Ok(None);
        }
        let mut search = Search { wanted: self, newest_first, found: None };
        match counted(opened, thread).await {
            Some(turns) => {
                for turn in turns {
                    let place = TurnPlace { file_id: Some(turn.file_id), offset: turn.span.offset };
                    let seen = Seen { id: &turn.span.id, ordinal: turn.span.ordinal, place };
                    if search.see(&seen, Some(turn.number)) {
                        break;
                    }
                }
            }
            None => {
                search = pages::read(server, opened, thread, move |chain| {
                    read_turns(chain, ItemsView::None, |turn: Turn| {
                        let seen = Seen { id: &turn.id, ordinal: turn.ordinal, place: turn.place() };
                        if search.see(&seen, None) { Break(()) } else { Continue(()) }
                    })?;
                    Ok(search)
                })
                .await?;
            }
        }
        let found = search.found.map(|(turn, number, include_anchor)| Cursor {
            requested_thread_id: thread.id,
            turn,
            number,
            item: None,
            include_anchor,
        });
        Ok(found)
    }
}

/// Returns all turns of a thread from the history; `None` if it does not have the thread as it is
/// now.
async fn counted(opened: &Opened, thread: &Thread) -> Option<Vec<threadkeep_history::HistoryTurn>> {
    let (history, home) = (opened.state().history(), &opened.home);
    if !history.is_current(home, thread.id, &thread.rollout_path).await.ok()? {
        return None;
    }
    let all = TurnsQuery { from: 1, limit: usize::MAX, from_newest: false };
    Some(history.turns(home, thread.id, &all).await.ok()?.turns)
}

/// Search for a cursor's turn, from the oldest one on.
struct Search {
    wanted: TurnCursor,
    newest_first: bool,
    /// Place of the turn, its number if that is known, and true if the page begins with it.
    found: Option<(TurnPlace, Option<u64>, bool)>,
}

/// Turn that counts.
struct Seen<'a> {
    id: &'a str,
    ordinal: Option<u64>,
    place: TurnPlace,
}

impl Search {
    /// Looks at the next turn. Returns true at the end of the search.
    fn see(&mut self, turn: &Seen<'_>, number: Option<u64>) -> bool {
        match &self.wanted {
            TurnCursor::Turn { turn_id, include_anchor } => {
                if turn_id == turn.id {
                    self.found = Some((turn.place, number, *include_anchor));
                }
                self.found.is_some()
            }
            TurnCursor::Ordinal { rollout_ordinal: wanted, include_anchor, .. } => {
                // Ordinals grow from turn to turn, also from file to file.
                let Some(ordinal) = turn.ordinal.filter(|ordinal| ordinal <= wanted) else {
                    return turn.ordinal.is_some();
                };
                let is_same = ordinal == *wanted;
                let include_anchor = if is_same { *include_anchor } else { self.newest_first };
                self.found = Some((turn.place, number, include_anchor));
                is_same
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THREAD: Uuid = Uuid::from_u128(1);

    fn ordinal(scope: &str) -> String {
        format!(
            r#"{{"requestedThreadId":"{THREAD}","rolloutOrdinal":23,"includeAnchor":true,"scope":{scope}}}"#
        )
    }

    #[test]
    fn only_whole_cursors_of_the_thread_are_read() {
        let turns = TurnCursor::read(&ordinal(r#"{"kind":"turns"}"#), THREAD);
        assert!(turns.is_some_and(|cursor| cursor.item().is_none()));
        let items = TurnCursor::read(&ordinal(r#"{"kind":"itemsByCreatedAtOrdinal"}"#), THREAD);
        assert_eq!(items.and_then(|cursor| cursor.item()).map(|item| item.ordinal), Some(23));
        assert!(TurnCursor::read(r#"{"turnId":"turn-1","includeAnchor":false}"#, THREAD).is_some());
        for wrong in [
            ordinal(r#"{"kind":"timeline"}"#),
            ordinal("null"),
            ordinal(r#"{"kind":"turns"}"#).replace("23", "-1"),
            ordinal(r#"{"kind":"turns"}"#).replace(&THREAD.to_string(), &Uuid::from_u128(2).to_string()),
            r#"{"turnId":"turn-1"}"#.to_owned(),
            "garbage".to_owned(),
        ] {
            assert_eq!(TurnCursor::read(&wrong, THREAD), None, "{wrong}");
        }
    }

    /// Returns the ordinal at which a page begins, and true if it includes it.
    fn begins(wanted: u64, newest_first: bool) -> Option<(u64, bool)> {
        let text = ordinal(r#"{"kind":"turns"}"#).replace("23", &wanted.to_string());
        let wanted = TurnCursor::read(&text.replace("true", "false"), THREAD)?;
        let mut search = Search { wanted, newest_first, found: None };
        for ordinal in [1, 23, 45] {
            let place = TurnPlace { file_id: None, offset: ordinal };
            if search.see(&Seen { id: "t", ordinal: Some(ordinal), place }, None) {
                break;
            }
        }
        search.found.map(|(place, _, includes)| (place.offset, includes))
    }

    #[test]
    fn a_turn_that_is_gone_stands_for_the_one_before_it() {
        assert_eq!((begins(23, true), begins(23, false)), (Some((23, false)), Some((23, false))));
        assert_eq!((begins(30, true), begins(30, false)), (Some((23, true)), Some((23, false))));
        assert_eq!((begins(99, true), begins(99, false)), (Some((45, true)), Some((45, false))));
        assert_eq!(begins(0, true), None);
    }
}
