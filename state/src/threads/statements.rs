//! The statements that are put together at run time, by name: for audits of query plans.

use super::find::{by_id, by_ids, forks_of, with_agent_goals};
use super::missing::{any_words, erase_memories, erase_words};
use super::order::{SortDirection, SortKey};
use super::query::{ListThreads, Shelf};
use super::shape::{Rows, Trigrams};
use super::upsert::upsert_sql;

/// Returns every statement that finds or writes a thread, and one list statement for each query
/// plan.
pub(crate) fn statements() -> Vec<(String, String)> {
    let mut statements = vec![
        ("thread by id".to_owned(), by_id()),
        ("threads by id".to_owned(), by_ids()),
        ("upsert".to_owned(), upsert_sql(1)),
        ("missing threads, any words".to_owned(), any_words()),
        ("missing threads, erase memories".to_owned(), erase_memories()),
        ("missing threads, erase words".to_owned(), erase_words()),
        ("forks of a thread".to_owned(), forks_of()),
        ("threads with agents' goals".to_owned(), with_agent_goals()),
    ];
    let query = |change: &dyn Fn(&mut ListThreads)| {
        let mut query = ListThreads::default();
        change(&mut query);
        query
    };
    let folder = Some(vec!["/f".to_owned()]);
    let queries = [
        ("", query(&|_| ())),
        (", all", query(&|query| query.all = true)),
        (", cwd", query(&|query| query.folders = folder.clone())),
        (", archived too", query(&|query| query.shelf = Shelf::Any)),
    ];
    for (name, query) in &queries {
        statements.push((format!("count{name}"), Rows::all(query).count().sql));
    }
    // Sorting what is found has the same plan for every list.
    let ids = query(&|query| query.ids = Some(Vec::new()));
    let rows = Rows { limit: 1, ..Rows::all(&ids) };
    statements.push(("list of ids".to_owned(), rows.threads().sql));
    statements.push(("count of ids".to_owned(), rows.count().sql));
    for sort in [SortKey::Created, SortKey::Updated] {
        let by = if sort == SortKey::Created { "created" } else { "updated" };
        for (name, query) in &queries {
            for (cursor, after) in [("", None), (", cursor", Some((0, uuid::Uuid::nil())))] {
                let trigrams = |are_rare| Some(Trigrams { query: "abc", are_rare });
                let mut searches = vec![("", None), (", search", trigrams(false))];
                // Sorting what is found has the same plan for every list.
                if name.is_empty() && after.is_none() {
                    searches.push((", rare search", trigrams(true)));
                }
                for (search, trigrams) in searches {
                    // The direction changes no plan.
                    let direction = SortDirection::Descending;
                    let rows = Rows { query, sort, direction, after, trigrams, limit: 1 };
                    let select = if trigrams.is_some() { rows.texts() } else { rows.threads() };
                    statements.push((format!("list by {by}{name}{search}{cursor}"), select.sql));
                }
            }
        }
    }
    statements
}
