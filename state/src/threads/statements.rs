//! The statements that are put together, by name: for audits of query plans.

use super::find::{by_id, by_ids};
use super::list::ListShape;
use super::order::{SortDirection, SortKey};
use super::search::SearchShape;
use super::upsert::UPSERT;

/// Those that find and write a thread.
pub(crate) fn row_statements() -> Vec<(String, String)> {
    vec![
        ("thread by id".to_owned(), by_id()),
        ("threads by id".to_owned(), by_ids()),
        ("upsert".to_owned(), UPSERT.clone()),
    ]
}

/// Those of all lists, each with a name that says which one it is.
#[doc(hidden)]
pub fn list_statements() -> Vec<(String, String)> {
    let mut statements = Vec::new();
    let switches = [false, true];
    for sort in [SortKey::Created, SortKey::Updated] {
        for direction in [SortDirection::Descending, SortDirection::Ascending] {
            for search in [None, Some(SearchShape::Indexed), Some(SearchShape::Short)] {
                for cwd in switches {
                    for (source, provider) in [(false, false), (true, false), (false, true), (true, true)] {
                        for from_cursor in switches {
                            let shape =
                                ListShape { sort, direction, from_cursor, source, provider, cwd, search };
                            statements.push((shape.name(), shape.sql()));
                        }
                    }
                }
            }
        }
    }
    statements
}

impl ListShape {
    /// What the statement does, in a few words.
    fn name(&self) -> String {
        let mut name = match (self.sort, self.direction) {
            (SortKey::Created, SortDirection::Descending) => "created desc".to_owned(),
            (SortKey::Created, SortDirection::Ascending) => "created asc".to_owned(),
            (SortKey::Updated, SortDirection::Descending) => "updated desc".to_owned(),
            (SortKey::Updated, SortDirection::Ascending) => "updated asc".to_owned(),
        };
        let parts = [
            (self.source, ", source"),
            (self.provider, ", provider"),
            (self.cwd, ", cwd"),
            (self.search == Some(SearchShape::Indexed), ", search"),
            (self.search == Some(SearchShape::Short), ", short search"),
            (self.from_cursor, ", cursor"),
        ];
        for (_, part) in parts.iter().filter(|(has, _)| *has) {
            name.push_str(part);
        }
        name
    }
}
