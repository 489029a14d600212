//! Tokens that threads used, added up by the database.

use std::fmt::Write as _;

use jiff::civil::Date;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteRow;
use threadkeep_rollout::TokenUsage;
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

/// Tokens of a day, a model and a thread, or of all together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageRow {
    /// The day (UTC), if the query asks for days.
    pub day: Option<Date>,
    /// The model, if the query asks for models and the rollout names it.
    pub model: Option<String>,
    /// The thread, if the query asks for threads.
    pub thread_id: Option<Uuid>,
    /// Tokens that the threads used themselves. Inherited ones are not among them.
    pub tokens: TokenUsage,
    /// Number of requests.
    pub requests: u64,
}

impl HistoryStore {
    /// Adds up what was used, in the order of days, models and threads. Without a database nothing
    /// was.
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
        Ok(db.read(async |conn| statement.fetch_all(conn).await?.iter().map(row_of).collect()).await?)
    }
}

fn row_of(row: &SqliteRow) -> Result<UsageRow, sqlx::Error> {
    let mut row = RowReader::new(row);
    let (day, model, thread_id): (Option<i64>, Option<String>, _) =
        (row.column()?, row.column()?, row.optional_uuid()?);
    let mut tokens = TokenUsage::default();
    for kind in [
        &mut tokens.input,
        &mut tokens.cached_input,
        &mut tokens.output,
        &mut tokens.reasoning,
        &mut tokens.total,
    ] {
        *kind = row.column()?;
    }
    let requests: i64 = row.column()?;
    Ok(UsageRow {
        day: day.and_then(day_of),
        model: model.filter(|model| !model.is_empty()),
        thread_id,
        tokens,
        requests: u64::try_from(requests).unwrap_or(0),
    })
}

/// Makes the statement of a query: first day `?1`, last day `?2`, thread `?3`.
pub(crate) fn usage_sql(query: &UsageQuery) -> String {
    let groups = [(query.by_day, "day"), (query.by_model, "model"), (query.by_thread, "thread_id")];
    let columns: Vec<&str> =
        groups.iter().map(|(wanted, name)| if *wanted { name } else { "NULL" }).collect();
    let mut sql = format!(
        "SELECT {}, coalesce(sum(input), 0), coalesce(sum(cached_input), 0), coalesce(sum(output), 0), \
           coalesce(sum(reasoning), 0), coalesce(sum(total), 0), coalesce(sum(requests), 0) FROM history_usage",
        columns.join(", ")
    );
    if query.by_thread || query.thread.is_some() {
        sql.push_str(" JOIN history_files ON id = file");
    }
    let conditions = [
        (query.since.is_some(), "day >= ?1"),
        (query.until.is_some(), "day <= ?2"),
        (query.thread.is_some(), "thread_id = ?3"),
    ];
    let wanted: Vec<&str> =
        conditions.iter().filter(|(wanted, _)| *wanted).map(|(_, condition)| *condition).collect();
    if !wanted.is_empty() {
        _ = write!(sql, " WHERE {}", wanted.join(" AND "));
    }
    let keys: Vec<&str> = groups.iter().filter(|(wanted, _)| *wanted).map(|(_, name)| *name).collect();
    if !keys.is_empty() {
        _ = write!(sql, " GROUP BY {0} ORDER BY {0}", keys.join(", "));
    }
    sql
}
