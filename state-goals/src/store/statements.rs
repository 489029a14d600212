//! All statements of the store by name, for audits of query plans.

use super::account::ACCOUNT;
use super::delete::DELETE;
use super::erase::TOMBSTONES;
use super::list::list_sql;
use super::read::{GET, GET_MANY};
use super::set::{INSERT, PAUSE_IF_ACTIVE, REPLACE};
use super::update::UPDATE;
use crate::status::GoalStatus;

/// Returns all statements, each with a name.
#[doc(hidden)]
#[must_use]
pub fn statements() -> Vec<(String, String)> {
    let fixed = [
        ("account", ACCOUNT),
        ("delete", DELETE),
        ("get", GET),
        ("get many", GET_MANY),
        ("insert", INSERT),
        ("pause if active", PAUSE_IF_ACTIVE),
        ("replace", REPLACE),
        ("update", UPDATE),
    ];
    let mut all: Vec<(String, String)> =
        fixed.into_iter().map(|(name, sql)| (name.to_owned(), sql.to_owned())).collect();
    all.extend(TOMBSTONES.statements());
    for statuses in 1..=GoalStatus::ALL.len() {
        all.push((format!("list, statuses: {statuses}"), list_sql(statuses)));
    }
    all
}
