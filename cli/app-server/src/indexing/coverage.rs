//! Part of a home that the index has.

use jiff::Timestamp;
use threadkeep_state::{Cursor, SortDirection, SortKey, ThreadPage};

/// Part of a home that the index has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Coverage {
    /// Nothing is known yet.
    Unknown,
    /// Some files are not indexed, and none of their threads has a later time than these.
    UpTo {
        created: Timestamp,
        updated: Timestamp,
        /// Number of these files, and of all that had to be read.
        left: usize,
        of: usize,
    },
    /// All of it, or as much as there will be, for a reason.
    Whole { incomplete: Option<String> },
}

/// Page that a client wants.
pub(crate) struct Wanted<'a> {
    pub(crate) sort: SortKey,
    pub(crate) direction: SortDirection,
    pub(crate) cursor: Option<&'a Cursor>,
}

impl Coverage {
    pub(crate) fn whole(incomplete: Option<String>) -> Coverage {
        Coverage::Whole { incomplete }
    }

    /// Returns true if the page is the same as if everything was indexed.
    pub(crate) fn has(&self, wanted: &Wanted<'_>, page: &ThreadPage) -> bool {
        let (created, updated) = match self {
            Coverage::Unknown => return false,
            Coverage::Whole { .. } => return true,
            Coverage::UpTo { left: 0, .. } => return true,
            Coverage::UpTo { created, updated, .. } => (created, updated),
        };
        let (sort, direction) = match wanted.cursor {
            Some(cursor) => (cursor.sort_key(), cursor.direction()),
            None => (wanted.sort, wanted.direction),
        };
        let limit = if sort == SortKey::Created { created } else { updated };
        match direction {
            // All threads from the cursor on are later.
            SortDirection::Ascending => wanted.cursor.is_some_and(|cursor| cursor.at() > *limit),
            // A page that is not full would go on with threads that are not there yet.
            SortDirection::Descending => {
                let last = page.threads.last().filter(|_| page.next_cursor.is_some());
                let at = last.map(|last| match sort {
                    SortKey::Created => last.created_at,
                    SortKey::Updated => last.updated_at,
                });
                at.is_some_and(|at| at > *limit)
            }
        }
    }

    /// Returns true if there is nothing left to index.
    pub(crate) fn is_whole(&self) -> bool {
        matches!(self, Coverage::Whole { .. })
    }

    /// Returns the reason why threads may be missing in the index.
    pub(crate) fn incomplete(&self) -> Option<String> {
        match self {
            Coverage::Unknown => Some("the home is not indexed yet".to_owned()),
            Coverage::UpTo { left: 0, .. } => Some("the home is being compared with the index".to_owned()),
            Coverage::UpTo { left, of, .. } => {
                Some(format!("the home is being indexed: {left} of {of} files are left"))
            }
            Coverage::Whole { incomplete } => incomplete.clone(),
        }
    }
}
