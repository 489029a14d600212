//! The order of a list: what it is sorted by, and which end comes first.

/// What a list is sorted by. Threads of one millisecond are sorted by their id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    /// When the thread began.
    Created,
    /// When its last line was written.
    #[default]
    Updated,
}

/// Which end of the list comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortDirection {
    /// The oldest first.
    Ascending,
    /// The newest first.
    #[default]
    Descending,
}

impl SortDirection {
    /// The other one.
    pub fn reversed(self) -> SortDirection {
        match self {
            SortDirection::Ascending => SortDirection::Descending,
            SortDirection::Descending => SortDirection::Ascending,
        }
    }
}
