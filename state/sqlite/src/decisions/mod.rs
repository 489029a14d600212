//! The user's decisions, kept in a file next to the database.
//!
//! A database can be lost or damaged, and what only the user knows must not go with it. So the
//! transaction that changes a decision also appends it to a file, which a new database reads.
//!
//! The schema says what a decision is, and a store's migration creates four things:
//!
//! * the view `decisions (kind, id, record)` with a JSON object for each decision that holds,
//! * the table `decisions_due (kind, id)` for decisions that the file does not have yet,
//! * triggers that add to it, so that no writer can forget, not even an older program,
//! * the table `decisions_position` with the number of the file's last line that the database
//!   knows, and with the database's id.
//!
//! A commit appends the due decisions before it commits, and takes the lines back if it fails. A
//! process that dies in between leaves lines that the database does not know; the next opening
//! applies them. Lines are states, not steps: the last one of a kind and an id holds, and applying
//! it again changes nothing.

mod apply;
pub(crate) mod file;
pub(crate) mod kind;
pub(crate) mod salvage;
pub(crate) mod sync;

use std::sync::Arc;

use crate::error::DbError;
use crate::paths::DbPaths;

/// Numbers of decisions, for a status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decisions {
    /// Decisions that hold by the file.
    pub in_file: usize,
    /// Decisions that hold by the database.
    pub in_database: usize,
    /// Decisions in which the two differ, or that only one of them has.
    pub different: usize,
    /// Lines of the file that cannot be read.
    pub damaged_lines: usize,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) kind: String,
    pub(crate) id: String,
    /// A JSON object; `None` for a decision that was withdrawn.
    pub(crate) record: Option<Arc<str>>,
}

fn failed(doing: &'static str, paths: &DbPaths) -> impl FnOnce(std::io::Error) -> DbError {
    let path = paths.decisions.clone();
    move |error| DbError::io(doing, &path, error)
}
