//! Directions of lists.

/// Direction of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum SortDirection {
    /// The oldest first.
    Asc,
    /// The newest first.
    Desc,
}
