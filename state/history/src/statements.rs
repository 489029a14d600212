//! Statements of the store by name, for audits of query plans. Audits find the others in the source.

use crate::erase::TOMBSTONES;
use crate::ports::{OUTCOMES, RUNS};
use crate::usage::{UsageQuery, usage_sql};
use crate::{passages, ports, rows, search, turns};

/// Returns those that are put together at run time, and those that others are shared with.
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
        ("ports::progress::outcomes".to_owned(), OUTCOMES.to_owned()),
        ("search::hits".to_owned(), search::HITS.to_owned()),
        ("passages::words".to_owned(), passages::words_sql(1)),
        ("passages::blocks".to_owned(), passages::blocks_sql(1)),
        ("turns::page".to_owned(), turns::page_sql()),
        ("turns::at".to_owned(), turns::at_sql()),
    ];
    all.extend(usage.map(|(name, query)| (format!("usage, {name}"), usage_sql(&query))));
    all.extend(ports::store_sqls());
    all.extend(rows::store_sqls());
    all.extend(RUNS.statements());
    all.extend(TOMBSTONES.statements());
    all
}
