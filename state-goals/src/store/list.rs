//! Lists of goals in pages, by keyset, the latest change first.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use threadkeep_sqlite::uuid_text;
use uuid::Uuid;

use super::GoalStore;
use crate::error::GoalError;
use crate::goal::{Goal, goal_columns};
use crate::status::GoalStatus;

/// Default number of goals on a page.
pub const DEFAULT_PAGE: u32 = 100;

/// Filter and page of a list. The default is the first page of all goals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListGoals {
    /// Statuses of the goals. Default: empty, which is all.
    pub statuses: Vec<GoalStatus>,
    /// Limit of goals on the page. Default: [`DEFAULT_PAGE`].
    pub limit: u32,
    /// Last goal of the previous page. Default: `None`, start at the latest change.
    pub after: Option<GoalCursor>,
}

impl Default for ListGoals {
    fn default() -> ListGoals {
        ListGoals { statuses: Vec::new(), limit: DEFAULT_PAGE, after: None }
    }
}

/// A position in a list of goals. It is a key, not a row number: its goal may have been deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoalCursor {
    /// Time of the goal's last change.
    pub updated_at: Timestamp,
    /// Its thread, which orders goals of the same millisecond.
    pub thread_id: Uuid,
}

impl From<&Goal> for GoalCursor {
    fn from(goal: &Goal) -> GoalCursor {
        GoalCursor { updated_at: goal.updated_at, thread_id: goal.thread_id }
    }
}

/// Builds the statement for a number of statuses. The index returns each status in order, and
/// SQLite merges them without a sort.
///
/// Binds, in order: limit, cursor time, cursor thread, statuses.
pub(super) fn list_sql(statuses: usize) -> String {
    const FIRST_STATUS: usize = 4;
    const ONE: &str = concat!(
        "SELECT ",
        goal_columns!(),
        " FROM thread_goals WHERE (updated_at_ms, thread_id) < (?2, ?3) AND status = ?"
    );
    let arms: Vec<String> =
        (FIRST_STATUS..FIRST_STATUS + statuses).map(|bind| format!("{ONE}{bind}")).collect();
    arms.join(" UNION ALL ") + " ORDER BY updated_at_ms DESC, thread_id DESC LIMIT +?1"
}

impl GoalStore {
    /// Lists a page of goals, the latest change first.
    ///
    /// A page with fewer goals than its limit is the last one. Otherwise its last goal is the next
    /// cursor. Writes between two pages neither drop nor repeat an unchanged goal; a changed goal
    /// moves to the front.
    ///
    /// # Errors
    ///
    /// [`GoalError::Open`], [`GoalError::Database`].
    pub async fn list(&self, query: &ListGoals) -> Result<Vec<Goal>, GoalError> {
        let mut statuses =
            if query.statuses.is_empty() { GoalStatus::ALL.to_vec() } else { query.statuses.clone() };
        // A status that is given twice would list its goals twice.
        statuses.sort_unstable();
        statuses.dedup();
        // Without a cursor: a position after which all goals come.
        let (at_ms, thread) = query.after.map_or((i64::MAX, String::new()), |cursor| {
            (cursor.updated_at.as_millisecond(), uuid_text(cursor.thread_id))
        });
        let sql = AssertSqlSafe(list_sql(statuses.len()));
        let mut rows = sqlx::query(sql).bind(i64::from(query.limit)).bind(at_ms).bind(thread);
        for status in statuses {
            rows = rows.bind(status.as_str());
        }
        self.fetch(rows).await
    }
}
