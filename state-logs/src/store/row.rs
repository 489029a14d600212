//! A stored row.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::sqlite::SqliteRow;
use threadkeep_sqlite::RowReader;
use uuid::Uuid;

use crate::level::Level;

/// A row of the logs (table `log_rows`).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogRow {
    /// Id, greater than that of every row that was committed before.
    pub id: i64,
    /// Time of the event, to the millisecond.
    pub at: Timestamp,
    /// Level.
    pub level: Level,
    /// Target, most often the module.
    pub target: String,
    /// Message.
    pub message: String,
    /// Fields. Bodies, such as `prompt`, are `[123 bytes]`; secrets are `[redacted:…]`.
    pub fields: Map<String, Value>,
    /// Spans around it, outermost first.
    pub spans: Vec<LogSpan>,
    /// Thread that it belongs to.
    pub thread_id: Option<Uuid>,
    /// Process that logged it.
    pub process_id: Option<Uuid>,
    /// Module that logged it.
    pub module: Option<String>,
    /// Source file.
    pub file: Option<String>,
    /// Line in the source file.
    pub line: Option<u32>,
    /// True if something was cut off because it was too long.
    pub is_cut: bool,
}

/// A span around a row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogSpan {
    /// Name.
    pub name: String,
    /// Fields, without `thread_id`.
    pub fields: Map<String, Value>,
}

/// Columns of a row `r` and its partition `p`, in the order of [`LogRow::from_row`].
pub(crate) const ROW_COLUMNS: &str = "r.id, r.at_ms, r.level, r.target, r.message, r.fields, r.spans, \
     nullif(p.thread_id, ''), r.process_id, r.module, r.file, r.line, r.is_cut";

impl LogRow {
    pub(crate) fn from_row(row: &SqliteRow) -> Result<LogRow, sqlx::Error> {
        let mut row = RowReader::new(row);
        Ok(LogRow {
            id: row.column()?,
            at: row.time()?,
            level: Level::from_number(row.column()?).unwrap_or(Level::Error),
            target: row.column()?,
            message: row.column()?,
            fields: row.json()?,
            spans: row.json()?,
            thread_id: row.optional_uuid()?,
            process_id: row.optional_uuid()?,
            module: row.column()?,
            file: row.column()?,
            line: row.column()?,
            is_cut: row.column()?,
        })
    }
}
