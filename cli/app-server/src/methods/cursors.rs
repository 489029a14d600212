//! Cursors of a list of threads: those of this server, and those of the agent's server.
//!
//! The agent's server writes a thread's time and id, `2026-11-22T13:24:58Z|01a2036e-…`, to go on
//! after that thread. Its bare time, `2026-11-22T13:24:58.334Z`, begins beyond that moment. Neither
//! has a direction: the request's holds.

use jiff::Timestamp;
use threadkeep_state::{Cursor, ListThreads, SortDirection, SortKey};
use uuid::Uuid;

use super::Answer;
use crate::protocol::error::RpcError;
use crate::server::Opened;

/// Cursor that a client gave.
pub(super) enum Given {
    /// One of this server.
    Own(Cursor),
    /// One of the agent's server.
    Agent(ListCursor),
}

/// Cursor of the agent's server in a list of threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ListCursor {
    at: Timestamp,
    /// Thread after which the list goes on; `None` in a bare time.
    id: Option<Uuid>,
}

impl Given {
    pub(super) fn read(text: &str) -> Answer<Given> {
        let own = text.parse().ok().map(Given::Own);
        own.or_else(|| Some(Given::Agent(ListCursor::read(text)?)))
            .ok_or_else(|| RpcError::invalid_request(format!("invalid cursor: {text}")))
    }
}

impl ListCursor {
    fn read(text: &str) -> Option<ListCursor> {
        let (time, id) = text.split_once('|').map_or((text, None), |(time, id)| (time, Some(id)));
        // Other forms of a time are none of a cursor.
        let at = time.ends_with('Z').then(|| time.parse().ok())??;
        let id = id.map(Uuid::try_parse).transpose().ok()?;
        Some(ListCursor { at, id })
    }

    /// Returns the same place as a cursor of this server.
    pub(super) async fn resolved(self, opened: &Opened, query: &ListThreads) -> Answer<Cursor> {
        let Some(id) = self.id else { return Ok(query.cursor_at(self.at, beyond(query.direction))) };
        let thread = opened.state().threads().get(id).await?;
        let now = thread.map(|thread| match query.sort.unwrap_or_default() {
            SortKey::Created => thread.created_at,
            SortKey::Updated => thread.updated_at,
        });
        Ok(match now.filter(|now| self.stands_for(*now)) {
            Some(now) => query.cursor_at(now, id),
            None => self.around(query),
        })
    }

    /// Returns true for the time of a thread of which the cursor may have only the second.
    fn stands_for(self, time: Timestamp) -> bool {
        time == self.at || self.is_second() && time.as_second() == self.at.as_second()
    }

    fn is_second(self) -> bool {
        self.at.subsec_nanosecond() == 0
    }

    /// Returns a place that skips no thread of the second, if the cursor's thread is gone or has
    /// another time. Some may come again.
    fn around(self, query: &ListThreads) -> Cursor {
        let end = self.at.as_millisecond() + 1_000;
        match (query.direction, Timestamp::from_millisecond(end)) {
            (SortDirection::Descending, Ok(end)) if self.is_second() => query.cursor_at(end, Uuid::nil()),
            (SortDirection::Ascending, _) if self.is_second() => query.cursor_at(self.at, Uuid::nil()),
            (_, _) => query.cursor_at(self.at, self.id.unwrap_or_default()),
        }
    }
}

/// Returns the id that comes before all threads of a moment, or after them: they are not listed.
fn beyond(direction: SortDirection) -> Uuid {
    match direction {
        SortDirection::Ascending => Uuid::max(),
        SortDirection::Descending => Uuid::nil(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_places_are_read() {
        let id = "01a2036e-6ea7-7122-ae2b-4fbb913a313a";
        let read =
            |text: &str| ListCursor::read(text).map(|found| (found.at.to_string(), found.id.is_some()));
        let second = "2026-11-22T13:24:58Z";
        assert_eq!(read(&format!("{second}|{id}")), Some((second.to_owned(), true)));
        assert_eq!(read("2026-11-22T13:24:58.334Z"), Some(("2026-11-22T13:24:58.334Z".to_owned(), false)));
        let wrong = [
            "",
            "|",
            "Z",
            id,
            "2026-11-22",
            "2026-11-22T13:24:58",
            "2026-11-22T13:24:58Z|",
            "2026-13-22T13:24:58Z",
        ];
        for text in wrong {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(read(&format!("{second}|{id}|")), None);
    }
}
