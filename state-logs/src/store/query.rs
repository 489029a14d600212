//! Queries: a walk along a thread's rows, or along all rows, from either end.

use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::SqliteConnection;
use threadkeep_sqlite::json;
use uuid::Uuid;

use super::LogStore;
use super::partition::partitions_of;
use super::place::{POSITION_BITS, first_id, last_id, places};
use super::row::{LogRow, ROW_COLUMNS};
use crate::error::LogError;
use crate::level::Level;

/// Default number of rows.
pub const DEFAULT_LIMIT: u32 = 100;
/// Limit of rows of one query.
pub const MAX_LIMIT: u32 = 10_000;

/// Filter, order and limit of a query. The default is the newest 100 rows.
#[derive(Clone, Debug, PartialEq)]
pub struct LogQuery {
    /// Level. Default: `None`, any.
    pub level: Option<LevelMatch>,
    /// Earliest time. Default: `None`, any.
    pub from: Option<Timestamp>,
    /// End of the times, exclusive. Default: `None`, any.
    pub to: Option<Timestamp>,
    /// Module, with the modules below it: `a::b` also finds `a::b::c`, not `a::bc`.
    pub module: Option<String>,
    /// Source file, by its path or the last parts of it: `src/exec.rs` or `exec.rs`.
    pub file: Option<String>,
    /// Text in the message, or in the name or the value of a field. ASCII letters match in any
    /// case.
    pub text: Option<String>,
    /// Threads. Default: empty, rows of any thread and of none.
    pub threads: Vec<Uuid>,
    /// Only rows without a thread; with `threads`, those in addition. Default: false.
    pub threadless: bool,
    /// Only rows that were committed after the row with this id. To follow the logs, begin with
    /// [`LogStore::last_id`].
    pub after_id: Option<i64>,
    /// Order. Default: newest first.
    pub order: Order,
    /// Limit of rows, from 1 to [`MAX_LIMIT`]. Default: [`DEFAULT_LIMIT`].
    pub limit: u32,
}

/// Filter of levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LevelMatch {
    /// This level and more severe ones.
    AtLeast(Level),
    /// This level only.
    Exactly(Level),
}

/// Order of rows, by their commits: within a process that of their times, and between processes as
/// exact as the interval of batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest row first.
    #[default]
    NewestFirst,
    /// The oldest row first.
    OldestFirst,
}

impl Default for LogQuery {
    fn default() -> LogQuery {
        LogQuery {
            level: None,
            from: None,
            to: None,
            module: None,
            file: None,
            text: None,
            threads: Vec::new(),
            threadless: false,
            after_id: None,
            order: Order::NewestFirst,
            limit: DEFAULT_LIMIT,
        }
    }
}

/// Returns the statement for the rows of a partition, by place, or for all rows, by id.
///
/// Parameters: first and last id, first and last time, first and last level, module, prefix of
/// modules below it, file, suffix of its path, text, partitions as a JSON array, true for
/// threadless rows too, limit; for a partition also its first and last place.
pub(crate) fn select(of_partition: bool, order: Order) -> String {
    let order = match order {
        Order::NewestFirst => "DESC",
        Order::OldestFirst => "ASC",
    };
    // The unary plus keeps SQLite from walking by id and sorting by place.
    let (id, along, place) = if of_partition {
        ("+r.id", "r.place", "r.place BETWEEN ?15 AND ?16 AND ")
    } else {
        ("r.id", "r.id", "")
    };
    format!(
        "SELECT {ROW_COLUMNS} FROM log_rows AS r CROSS JOIN log_partitions AS p ON p.id = r.place >> {POSITION_BITS} \
         WHERE {place}{id} BETWEEN ?1 AND ?2 AND r.at_ms >= ?3 AND r.at_ms < ?4 AND r.level BETWEEN ?5 AND ?6 \
           AND (?7 IS NULL OR r.module = ?7 OR substr(r.module, 1, length(?8)) = ?8) \
           AND (?9 IS NULL OR r.file = ?9 OR substr(r.file, -length(?10)) = ?10) \
           AND (?12 IS NULL OR p.id IN (SELECT value FROM json_each(?12)) OR (?13 AND p.thread_id = '')) \
           AND (?11 IS NULL OR instr(lower(r.message), ?11) OR EXISTS (SELECT 1 FROM json_each(r.fields) AS field \
             WHERE instr(lower(field.key), ?11) OR instr(lower(field.value), ?11))) \
         ORDER BY {along} {order} LIMIT +?14"
    )
}

impl LogStore {
    /// Finds rows. Without a database there are none, and none is created.
    ///
    /// # Errors
    ///
    /// [`LogError::BadLimit`], [`LogError::Open`] and [`LogError::Database`].
    pub async fn query(&self, query: &LogQuery) -> Result<Vec<LogRow>, LogError> {
        let limit = query.limit;
        if limit == 0 || limit > MAX_LIMIT {
            return Err(LogError::BadLimit { limit, max: MAX_LIMIT });
        }
        let Some(db) = self.database.existing().await? else { return Ok(Vec::new()) };
        Ok(db.read(async |conn| rows(conn, query).await).await?)
    }

    /// Returns the id of the last committed row; 0 before the first.
    ///
    /// # Errors
    ///
    /// [`LogError::Open`] and [`LogError::Database`].
    pub async fn last_id(&self) -> Result<i64, LogError> {
        let Some(db) = self.database.existing().await? else { return Ok(0) };
        let last = sqlx::query_scalar("SELECT last_id FROM log_totals WHERE id = 1");
        Ok(db.read(async |conn| last.fetch_one(conn).await).await?)
    }
}

async fn rows(conn: &mut SqliteConnection, query: &LogQuery) -> Result<Vec<LogRow>, sqlx::Error> {
    let ids = ids(conn, query).await?;
    if query.threads.is_empty() && !query.threadless {
        return walk(conn, query, ids, None, None).await;
    }
    let partitions = partitions_of(conn, &query.threads).await?;
    if query.threadless {
        return walk(conn, query, ids, Some(&partitions), None).await;
    }
    // A partition is small, and the table is not. So threads are read one after the other.
    let mut found = Vec::new();
    for partition in &partitions {
        found.extend(walk(conn, query, ids, None, Some(*partition)).await?);
        found.sort_by_key(|row: &LogRow| row.id);
        if query.order == Order::NewestFirst {
            found.reverse();
        }
        found.truncate(query.limit as usize);
    }
    Ok(found)
}

/// Returns bounds of the ids of a query's rows.
async fn ids(conn: &mut SqliteConnection, query: &LogQuery) -> Result<(i64, i64), sqlx::Error> {
    let from = query.from.map_or(i64::MIN, |from| first_id(from.as_millisecond()));
    let after = query.after_id.map_or(i64::MIN, |after| after.saturating_add(1));
    let to = match query.to {
        None => i64::MAX,
        Some(to) => {
            let late = sqlx::query_scalar("SELECT most_late_ms FROM log_totals WHERE id = 1");
            last_id(to.as_millisecond(), late.fetch_one(conn).await?)
        }
    };
    Ok((from.max(after), to))
}

/// Reads the rows of one partition, or the rows of all of them that are among `partitions`.
async fn walk(
    conn: &mut SqliteConnection,
    query: &LogQuery,
    ids: (i64, i64),
    partitions: Option<&[i64]>,
    partition: Option<i64>,
) -> Result<Vec<LogRow>, sqlx::Error> {
    let (first_level, last_level) = match query.level {
        None => (Level::Error, Level::Trace),
        Some(LevelMatch::AtLeast(level)) => (Level::Error, level),
        Some(LevelMatch::Exactly(level)) => (level, level),
    };
    let sql = AssertSqlSafe(select(partition.is_some(), query.order));
    let mut select = sqlx::query::<sqlx::Sqlite>(sql)
        .bind(ids.0)
        .bind(ids.1)
        .bind(query.from.map_or(i64::MIN, Timestamp::as_millisecond))
        .bind(query.to.map_or(i64::MAX, Timestamp::as_millisecond))
        .bind(first_level.number())
        .bind(last_level.number())
        .bind(query.module.as_ref())
        .bind(query.module.as_ref().map(|module| format!("{module}::")))
        .bind(query.file.as_ref())
        .bind(query.file.as_ref().map(|file| format!("/{file}")))
        .bind(query.text.as_ref().map(|text| text.to_ascii_lowercase()))
        .bind(partitions.map(json))
        .bind(query.threadless)
        .bind(query.limit);
    if let Some(places) = partition.map(places) {
        select = select.bind(*places.start()).bind(*places.end());
    }
    select.fetch_all(conn).await?.iter().map(LogRow::from_row).collect()
}
