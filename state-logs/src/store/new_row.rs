//! A row before it is stored: made by the layer, queued by the writer, appended by the store.

use jiff::Timestamp;
use serde::Serialize;
use threadkeep_sqlite::text_of;
use uuid::Uuid;

use crate::level::Level;

/// A row that is to be added: what a layer makes of an event. Its texts are stored as they are.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct NewRow {
    /// The thread that it belongs to.
    pub thread_id: Option<Uuid>,
    /// The process that logged it.
    pub process_id: Option<Uuid>,
    /// When it happened.
    pub at: Timestamp,
    /// How grave it is.
    pub level: Level,
    /// What it is about, by the words of the program.
    pub target: String,
    /// What happened.
    pub message: String,
    /// The text of a JSON object.
    pub fields: Option<String>,
    /// The text of a JSON array of objects with `name` and `fields`.
    pub spans: Option<String>,
    /// The module that logged it.
    pub module: Option<String>,
    /// The source file of that.
    pub file: Option<String>,
    /// The line in it.
    pub line: Option<u32>,
    /// Whether some of it was cut off.
    pub is_cut: bool,
}

impl NewRow {
    /// The bytes of a process's id.
    pub(crate) const PROCESS_BYTES: usize = 36;

    /// Counts the bytes of its texts.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let optional = [&self.fields, &self.spans, &self.module, &self.file];
        let optional: usize = optional.into_iter().flatten().map(String::len).sum();
        let process = self.process_id.map_or(0, |_| Self::PROCESS_BYTES);
        (process + self.target.len() + self.message.len() + optional) as u64
    }

    pub(crate) fn columns(&self, place: i64, id: i64) -> Columns<'_> {
        Columns(
            place,
            id,
            self.at.as_millisecond(),
            self.level.number(),
            &self.target,
            &self.message,
            self.fields.as_deref(),
            self.spans.as_deref(),
            self.process_id.map(text_of),
            self.module.as_deref(),
            self.file.as_deref(),
            self.line,
            i64::from(self.is_cut),
            self.bytes(),
        )
    }
}

/// The columns of a row as a JSON array, in the order of `INSERT`.
#[derive(Serialize)]
pub(crate) struct Columns<'a>(
    i64,
    i64,
    i64,
    i64,
    &'a str,
    &'a str,
    Option<&'a str>,
    Option<&'a str>,
    Option<String>,
    Option<&'a str>,
    Option<&'a str>,
    Option<u32>,
    i64,
    u64,
);
