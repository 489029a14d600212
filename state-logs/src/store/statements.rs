//! Every statement that is put together at run time, by name: for audits of query plans.

use super::forget::TOMBSTONES;
use super::query::{Order, Walk, select};

/// All of them, each with a name that says which one it is.
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
