//! Statements that are assembled at run time, by name, for audits of query plans.

use super::erase::TOMBSTONES;
use super::query::{Order, Walk, select};

/// Returns these statements, each with a name.
#[doc(hidden)]
#[must_use]
pub fn statements() -> Vec<(String, String)> {
    let mut statements = Vec::new();
    for (along, walk) in [("all rows", Walk::All), ("a thread's rows", Walk::Partition)] {
        for (first, order) in [("newest first", Order::NewestFirst), ("oldest first", Order::OldestFirst)] {
            statements.push((format!("query {along}, {first}"), select(walk, order)));
        }
    }
    statements.extend(TOMBSTONES.statements());
    statements
}
