//! A row as it is read.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use uuid::Uuid;

use crate::level::Level;

/// A row of the logs (table `log_rows`).
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LogRow {
    /// Its number, which is greater than that of every row that was committed before.
    pub id: i64,
    /// When it happened, to the millisecond.
    pub at: Timestamp,
    /// How grave it is.
    pub level: Level,
    /// What it is about; most often the module.
    pub target: String,
    /// What happened.
    pub message: String,
    /// The event's fields. Texts that are bodies, such as `prompt`, are `[123 bytes]`; secrets are `[redacted:…]`.
    pub fields: Map<String, Value>,
    /// The spans that it happened in, outermost first.
    pub spans: Vec<LogSpan>,
    /// The thread that it belongs to.
    pub thread_id: Option<Uuid>,
    /// The process that logged it.
    pub process_id: Option<Uuid>,
    /// The module that logged it.
    pub module: Option<String>,
    /// The source file of that.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u32>,
    /// Whether some of it was cut off because it was too long.
    pub is_cut: bool,
}

/// A span that a row happened in.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LogSpan {
    /// Its name.
    pub name: String,
    /// Its fields, without `thread_id`.
    pub fields: Map<String, Value>,
}

/// The columns of a row `r` and its partition `p`, in the order of [`LogRow::from_row`].
pub(crate) const ROW_COLUMNS: &str = "r.id, r.at_ms, r.level, r.target, r.message, r.fields, r.spans, p.thread_id, \
     r.process_id, r.module, r.file, r.line, r.is_cut";

impl LogRow {
    pub(crate) fn from_row(row: &SqliteRow) -> Result<LogRow, sqlx::Error> {
        let level: i64 = row.try_get(2)?;
        let fields: Option<&str> = row.try_get(5)?;
        let spans: Option<&str> = row.try_get(6)?;
        let thread_id: &str = row.try_get(7)?;
        let process_id: Option<&str> = row.try_get(8)?;
        Ok(LogRow {
            id: row.try_get(0)?,
            at: Timestamp::from_millisecond(row.try_get(1)?).map_err(decode)?,
            level: Level::from_number(level).unwrap_or(Level::Error),
            target: row.try_get(3)?,
            message: row.try_get(4)?,
            fields: fields.map(serde_json::from_str).transpose().map_err(decode)?.unwrap_or_default(),
            spans: spans.map(serde_json::from_str).transpose().map_err(decode)?.unwrap_or_default(),
            thread_id: Some(thread_id)
                .filter(|id| !id.is_empty())
                .map(Uuid::try_parse)
                .transpose()
                .map_err(decode)?,
            process_id: process_id.map(Uuid::try_parse).transpose().map_err(decode)?,
            module: row.try_get(9)?,
            file: row.try_get(10)?,
            line: row.try_get(11)?,
            is_cut: row.try_get(12)?,
        })
    }
}

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
