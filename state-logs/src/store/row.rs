//! A row as it is read.

use jiff::Timestamp;
use serde::de::DeserializeOwned;
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
        let mut row = RowReader::new(row);
        Ok(LogRow {
            id: row.column()?,
            at: row.time()?,
            level: Level::from_number(row.column()?).unwrap_or(Level::Error),
            target: row.column()?,
            message: row.column()?,
            fields: json(row.column()?)?,
            spans: json(row.column()?)?,
            // '' where the row belongs to none.
            thread_id: row.column::<Option<&str>>()?.filter(|id| !id.is_empty()).map(parse).transpose()?,
            process_id: row.optional_uuid()?,
            module: row.column()?,
            file: row.column()?,
            line: row.column()?,
            is_cut: row.column()?,
        })
    }
}

fn json<T: DeserializeOwned + Default>(text: Option<&str>) -> Result<T, sqlx::Error> {
    text.map(serde_json::from_str).transpose().map_err(decode).map(Option::unwrap_or_default)
}

fn parse(id: &str) -> Result<Uuid, sqlx::Error> {
    Uuid::try_parse(id).map_err(decode)
}

fn decode(error: impl std::error::Error + Send + Sync + 'static) -> sqlx::Error {
    sqlx::Error::Decode(Box::new(error))
}
