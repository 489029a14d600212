//! The statements that are put together at run time, by name: for audits of query plans.

use super::find::{by_id, by_ids};
use super::list::ListShape;
use super::order::{SortDirection, SortKey};
use super::search::SearchShape;
use super::upsert::upsert_sql;

/// Returns every statement that finds or writes a thread, and one list statement for each query
/// plan.
pub(crate) fn statements() -> Vec<(String, String)> {
    let mut statements = vec![
        ("thread by id".to_owned(), by_id()),
        ("threads by id".to_owned(), by_ids()),
        ("upsert".to_owned(), upsert_sql(1)),
    ];
    for sort in [SortKey::Created, SortKey::Updated] {
        for search in [None, Some(SearchShape::Indexed), Some(SearchShape::Short)] {
            for (cwd, from_cursor) in [(false, false), (false, true), (true, false), (true, true)] {
                // The direction changes no plan, nor does a filter that the index answers.
                let shape = ListShape {
                    sort,
                    direction: SortDirection::Descending,
                    from_cursor,
                    source: !cwd,
                    provider: !cwd,
                    cwd,
                    search,
                };
                statements.push((shape.name(), shape.sql()));
            }
        }
    }
    statements
}

impl ListShape {
    /// Returns a name in a few words.
    fn name(&self) -> String {
        let sort = if self.sort == SortKey::Created { "created" } else { "updated" };
        let parts = [
            (self.cwd, ", cwd"),
            (self.search == Some(SearchShape::Indexed), ", search"),
            (self.search == Some(SearchShape::Short), ", short search"),
            (self.from_cursor, ", cursor"),
        ];
        let parts: String = parts.iter().filter(|(has, _)| *has).map(|(_, part)| *part).collect();
        format!("list by {sort}{parts}")
    }
}
