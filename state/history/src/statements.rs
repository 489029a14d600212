//! Statements of the store by name, for audits of query plans. Audits find constant ones in the
//! source.

use crate::erase::TOMBSTONES;
use crate::usage::{UsageQuery, usage_sql};
use crate::{search, turns};

/// Returns the statements that are put together at run time or are shared, by name.
#[doc(hidden)]
#[must_use]
pub fn statements() -> Vec<(String, String)> {
    let day = jiff::civil::date(2026, 1, 1);
    let thread = Some(uuid::Uuid::nil());
    let usage = [
        ("all", UsageQuery::default()),
        ("by day", UsageQuery { by_day: true, since: Some(day), until: Some(day), ..UsageQuery::default() }),
        ("by thread", UsageQuery { by_thread: true, by_model: true, ..UsageQuery::default() }),
        ("of a thread", UsageQuery { thread, by_day: true, ..UsageQuery::default() }),
    ];
    let mut all = vec![
        ("search::hits".to_owned(), search::HITS.to_owned()),
        ("turns::page".to_owned(), turns::page_sql()),
        ("turns::at".to_owned(), turns::at_sql()),
    ];
    all.extend(usage.map(|(name, query)| (format!("usage, {name}"), usage_sql(&query))));
    #[cfg(feature = "backfill")]
    all.extend(crate::ports::statements());
    all.extend(TOMBSTONES.statements());
    all
}
