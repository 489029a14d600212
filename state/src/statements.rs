//! Every statement of this crate that is put together: for audits of plans, which find the others in the source.

use crate::tombstone::TOMBSTONES;
use crate::{audit, graph, inventory, threads};

/// All of them by name.
#[doc(hidden)]
pub fn statements() -> Vec<(String, String)> {
    let named = |(name, sql): (&str, &str)| (name.to_owned(), sql.to_owned());
    let mut statements = threads::list_statements();
    statements.extend(threads::row_statements());
    statements.extend(graph::statements().into_iter().map(named));
    statements.extend(TOMBSTONES.statements());
    statements.push(("audit::rows_by_id".to_owned(), audit::rows_by_id()));
    statements.push(("inventory::figures".to_owned(), inventory::figures()));
    statements.push(("inventory::problems".to_owned(), inventory::problems()));
    statements
}
