//! Account of what opening did for a database that was lost, damaged or behind its decisions.

use std::path::PathBuf;

/// Account of a recovery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Recovery {
    /// Reason for making the database again. `None`: it was sound, and only behind its decisions.
    pub damage: Option<String>,
    /// The damaged database, in the folder to which it was moved.
    pub moved_to: Option<PathBuf>,
    /// The snapshot that took its place. `None`: an empty database did.
    pub snapshot: Option<PathBuf>,
    /// Number of decisions that came from the file of decisions.
    pub decisions: usize,
    /// Number of further decisions that could still be read in the damaged database.
    pub salvaged: usize,
    /// Number of decisions that were found and could not be stored.
    pub refused: usize,
    /// True if the file of decisions was whole, so that no decision is lost.
    pub is_complete: bool,
}
