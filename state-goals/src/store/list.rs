//! Lists goals, the newest updated first, in pages, by keyset.

use std::sync::LazyLock;

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use threadkeep_sqlite::text_of;
use uuid::Uuid;

use super::GoalStore;
use crate::error::GoalError;
use crate::goal::{Goal, goal_columns};
use crate::status::GoalStatus;

/// The number of goals of a page when nothing is said.
pub const DEFAULT_PAGE: u32 = 100;

/// What to list. The default is the first page of all goals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListGoals {
    /// Only goals of these statuses. Default: none, which is all.
    pub statuses: Vec<GoalStatus>,
    /// The most goals of the page. Default: [`DEFAULT_PAGE`].
    pub limit: u32,
    /// Where to go on: behind the last goal of the page before. Default: `None`, at the newest.
    pub after: Option<GoalCursor>,
}

impl Default for ListGoals {
    fn default() -> ListGoals {
        ListGoals { statuses: Vec::new(), limit: DEFAULT_PAGE, after: None }
    }
}

/// A place in a list of goals. It is a key, not a row number: the goal that it was made from need not exist any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GoalCursor {
    /// The time of a goal's last change.
    pub updated_at: Timestamp,
    /// Its thread, which decides between goals of the same millisecond.
    pub thread_id: Uuid,
}

impl From<&Goal> for GoalCursor {
    fn from(goal: &Goal) -> GoalCursor {
        GoalCursor { updated_at: goal.updated_at, thread_id: goal.thread_id }
    }
}

/// The statements for one status, for two, and so on.
static LIST: LazyLock<[String; GoalStatus::ALL.len()]> =
    LazyLock::new(|| std::array::from_fn(|at| list_sql(at + 1)));

/// The statement for a number of statuses: the index gives each in order, and SQLite merges them without a sort.
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
    arms.join(" UNION ALL ") + " ORDER BY updated_at_ms DESC, thread_id DESC LIMIT ?1"
}

impl GoalStore {
    /// Lists a page of goals, the newest updated first.
    ///
    /// A page with fewer goals than its limit is the last one; else its last goal is the cursor to go on with. Whatever is
    /// written between two pages, no goal that stays as it is is left out or comes twice; one that changes becomes the first.
    ///
    /// # Errors
    ///
    /// [`GoalError::Open`], [`GoalError::Database`].
    pub async fn list(&self, query: &ListGoals) -> Result<Vec<Goal>, GoalError> {
        let mut statuses =
            if query.statuses.is_empty() { GoalStatus::ALL.to_vec() } else { query.statuses.clone() };
        // Each once, or its goals would come twice.
        statuses.sort_unstable();
        statuses.dedup();
        // Without a cursor: behind a place that no goal is at.
        let (at_ms, thread) = query.after.map_or((i64::MAX, String::new()), |cursor| {
            (cursor.updated_at.as_millisecond(), text_of(cursor.thread_id))
        });
        let sql = LIST[statuses.len() - 1].as_str();
        let mut rows = sqlx::query(AssertSqlSafe(sql)).bind(i64::from(query.limit)).bind(at_ms).bind(thread);
        for status in statuses {
            rows = rows.bind(status.as_str());
        }
        self.fetch(rows).await
    }
}
