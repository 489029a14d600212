//! Tokens that threads used, added up by the database.

use std::fmt::Write as _;

use jiff::civil::Date;
use sqlx::AssertSqlSafe;
use threadkeep_rollout::{Purpose, TokenUsage};
use threadkeep_sqlite::RowReader;
use uuid::Uuid;

use crate::error::HistoryError;
use crate::numbers::{day_number, day_of};
use crate::store::HistoryStore;

/// Selection and grouping of usage.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct UsageQuery {
    /// First day (UTC). Default: any.
    pub since: Option<Date>,
    /// Last day (UTC). Default: any.
    pub until: Option<Date>,
    /// One thread only. Default: all.
    pub thread: Option<Uuid>,
    /// True if each day has rows of its own. Default: false.
    pub by_day: bool,
    /// True if each model has rows of its own. Default: false.
    pub by_model: bool,
    /// True if each thread has rows of its own. Default: false.
    pub by_thread: bool,
}

/// Tokens of a day, a model and a thread, or of all together, for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageRow {
    /// The day (UTC), if the query asks for days.
    pub day: Option<Date>,
    /// The model, if the query asks for models and the rollout names it.
    pub model: Option<String>,
    /// The thread, if the query asks for threads.
    pub thread_id: Option<Uuid>,
    /// The purpose of the requests. Those outside the conversation are known of some other agents.
    pub purpose: Purpose,
    /// Tokens that the threads used themselves. Inherited ones are not among them.
    pub tokens: TokenUsage,
    /// Number of requests.
    pub requests: u64,
}

impl HistoryStore {
    /// Adds up what was used, in the order of days, models, threads and purposes. Without a
    /// database nothing was.
    ///
    /// # Errors
    ///
    /// [`HistoryError::Open`], [`HistoryError::Database`].
    pub async fn usage(&self, query: &UsageQuery) -> Result<Vec<UsageRow>, HistoryError> {
        let Some(db) = self.database.existing().await? else { return Ok(Vec::new()) };
        let statement = sqlx::query(AssertSqlSafe(usage_sql(query)))
            .bind(query.since.map(day_number))
            .bind(query.until.map(day_number))
            .bind(query.thread.map(threadkeep_sqlite::uuid_text));
        let rows = db.read(async |conn| {
            let row = statement.fetch_one(conn).await?;
            RowReader::new(&row).json::<Vec<StoredRow>>()
        });
        let mut rows: Vec<UsageRow> = rows.await?.into_iter().map(row_of).collect();
        rows.sort_by(|one, other| key(one).cmp(&key(other)));
        Ok(rows)
    }
}

/// Day, model, thread, purpose, the five kinds of tokens, requests.
type StoredRow = (Option<i64>, Option<String>, Option<Uuid>, Purpose, i64, i64, i64, i64, i64, u64);

fn row_of(row: StoredRow) -> UsageRow {
    let (day, model, thread_id, purpose, input, cached_input, output, reasoning, total, requests) = row;
    UsageRow {
        day: day.and_then(day_of),
        model: model.filter(|model| !model.is_empty()),
        thread_id,
        purpose,
        tokens: TokenUsage { input, cached_input, output, reasoning, total },
        requests,
    }
}

fn key(row: &UsageRow) -> (Option<Date>, Option<&str>, Option<Uuid>, Purpose) {
    (row.day, row.model.as_deref(), row.thread_id, row.purpose)
}

/// Makes the statement of a query: first day `?1`, last day `?2`, thread `?3`. It answers with one
/// text: a row costs more than its content.
pub(crate) fn usage_sql(query: &UsageQuery) -> String {
    format!(
        "SELECT json_group_array(json(usage)) FROM ({} UNION ALL {})",
        rows_sql(query, "history_usage", None),
        rows_sql(query, "history_other_usage", Some("purpose"))
    )
}

/// Makes the part of a statement that reads one table. Without a column of the purpose, all rows
/// are those of the conversation.
fn rows_sql(query: &UsageQuery, table: &str, purpose: Option<&str>) -> String {
    let groups = [(query.by_day, "day"), (query.by_model, "model"), (query.by_thread, "thread_id")];
    let columns = groups.map(|(wanted, name)| if wanted { name } else { "NULL" });
    let sums = ["input", "cached_input", "output", "reasoning", "total", "requests"]
        .map(|column| format!("coalesce(sum({column}), 0)"));
    let mut sql = format!(
        "SELECT json_array({}, {}, {}) AS usage FROM ",
        columns.join(", "),
        purpose.unwrap_or("'conversation'"),
        sums.join(", ")
    );
    let with_threads = query.by_thread || query.thread.is_some();
    // The index of threads has the files: their wide rows are not read.
    sql.push_str(if with_threads { "history_files CROSS JOIN " } else { "" });
    sql.push_str(table);
    sql.push_str(if with_threads { " ON file = id" } else { "" });
    let conditions = [
        (query.since.is_some(), "day >= ?1"),
        (query.until.is_some(), "day <= ?2"),
        (query.thread.is_some(), "thread_id = ?3"),
        (with_threads, "thread_id IS NOT NULL"),
    ];
    let wanted: Vec<&str> =
        conditions.iter().filter(|(wanted, _)| *wanted).map(|(_, condition)| *condition).collect();
    if !wanted.is_empty() {
        _ = write!(sql, " WHERE {}", wanted.join(" AND "));
    }
    let keys = groups.iter().filter(|(wanted, _)| *wanted).map(|(_, name)| *name).chain(purpose);
    let keys: Vec<&str> = keys.collect();
    if !keys.is_empty() {
        _ = write!(sql, " GROUP BY {}", keys.join(", "));
    }
    sql
}
