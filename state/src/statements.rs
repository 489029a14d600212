//! Statements that are put together at run time. Audits of plans find the others in the source.

use crate::deletion::tombstones::TOMBSTONES;
use crate::{audit, graph, threads};

/// Returns all of them by name.
#[doc(hidden)]
pub fn statements() -> Vec<(String, String)> {
    let named = |(name, sql): (&str, &str)| (name.to_owned(), sql.to_owned());
    let mut statements = threads::statements();
    statements.extend(graph::statements().into_iter().map(named));
    statements.extend(TOMBSTONES.statements());
    statements.push(("audit::rows_by_id".to_owned(), audit::rows_by_id()));
    #[cfg(feature = "backfill")]
    {
        let page = |(name, sql): (&str, &str)| (format!("backfill::progress::{name}"), sql.to_owned());
        let pages = [("outcomes", crate::backfill::OUTCOMES), ("outcomes_of", crate::backfill::OUTCOMES_OF)];
        statements.push(("backfill::outcome::store".to_owned(), crate::backfill::store_sql(1)));
        statements.extend(pages.map(page));
        statements.extend(crate::backfill::RUNS.statements());
    }
    #[cfg(feature = "memories")]
    statements.extend(crate::memories::statements());
    statements
}
