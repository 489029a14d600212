//! Keyset cursors of lists.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use super::order::{SortDirection, SortKey};

/// Place in a list of threads: opaque, versioned, and valid whatever is inserted or deleted around
/// it.
///
/// It is a key, a time and an id, and not a row number, so the thread that it was made from need no
/// longer exist. It also has the sort key and the direction, so that the cursor alone continues a
/// page or catches up with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) sort: SortKey,
    pub(super) direction: SortDirection,
    /// True if it goes back before a page's first thread, to threads that came since.
    pub(super) catch_up: bool,
    /// Checksum of the list's filters.
    pub(super) filters: u32,
    pub(super) at: Timestamp,
    pub(super) id: Uuid,
}

impl Cursor {
    /// Returns true if it came from a list of this direction, as its next cursor or as its
    /// backwards cursor.
    pub fn continues(&self, direction: SortDirection) -> bool {
        (self.direction == direction) != self.catch_up
    }

    /// Returns the direction of the list that it gives.
    pub fn direction(&self) -> SortDirection {
        self.direction
    }

    /// Returns the time beyond which its list begins.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// Returns the sort key of the list that it came from.
    pub fn sort_key(&self) -> SortKey {
        self.sort
    }
}

/// Error of a text that is not a cursor.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not a cursor; give back a `next_cursor` or `backwards_cursor` as it was printed, or start again without one"
)]
pub struct BadCursor {
    /// Text that was given, shortened.
    pub text: String,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sort = match self.sort {
            SortKey::Created => 'c',
            SortKey::Updated => 'u',
        };
        let direction = match self.direction {
            SortDirection::Ascending => 'a',
            SortDirection::Descending => 'd',
        };
        let travel = if self.catch_up { 'b' } else { 'f' };
        let (at, id) = (self.at.as_millisecond(), self.id.simple());
        write!(f, "v2{sort}{direction}{travel}{:08x}.{at}.{id}", self.filters)
    }
}

impl FromStr for Cursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Cursor, BadCursor> {
        parse(text).ok_or_else(|| BadCursor { text: text.chars().take(80).collect() })
    }
}

fn parse(text: &str) -> Option<Cursor> {
    let mut parts = text.trim().split('.');
    let (kind, at, id) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() {
        return None;
    }
    let (kind, filters) = kind.split_at_checked(5)?;
    let [b'v', b'2', sort, direction, travel] = kind.as_bytes() else { return None };
    Some(Cursor {
        sort: match sort {
            b'c' => SortKey::Created,
            b'u' => SortKey::Updated,
            _ => return None,
        },
        direction: match direction {
            b'a' => SortDirection::Ascending,
            b'd' => SortDirection::Descending,
            _ => return None,
        },
        catch_up: match travel {
            b'b' => true,
            b'f' => false,
            _ => return None,
        },
        filters: u32::from_str_radix(filters, 16).ok()?,
        at: Timestamp::from_millisecond(at.parse().ok()?).ok()?,
        id: Uuid::try_parse(id).ok()?,
    })
}
