//! Order of a list: sort key and direction.

/// Sort key of a list. Threads of one millisecond are sorted by their id.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortKey {
    /// Time at which the thread began.
    Created,
    /// Time of its rollout's last line.
    #[default]
    Updated,
}

/// Direction of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SortDirection {
    /// Oldest first.
    Ascending,
    /// Newest first.
    #[default]
    Descending,
}

impl SortDirection {
    /// Returns the other direction.
    pub fn reversed(self) -> SortDirection {
        match self {
            SortDirection::Ascending => SortDirection::Descending,
            SortDirection::Descending => SortDirection::Ascending,
        }
    }
}
