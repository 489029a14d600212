//! Statements that are assembled at run time, by name, for audits of query plans.

use super::erase::TOMBSTONES;
use super::query::{Order, select};

/// Returns these statements, each with a name.
#[doc(hidden)]
#[must_use]
pub fn statements() -> Vec<(String, String)> {
    let mut statements = Vec::new();
    for (rows, of_partition) in [("all rows", false), ("a thread's rows", true)] {
        for (first, order) in [("newest first", Order::NewestFirst), ("oldest first", Order::OldestFirst)] {
            statements.push((format!("query {rows}, {first}"), select(of_partition, order)));
        }
    }
    statements.extend(TOMBSTONES.statements());
    statements
}
