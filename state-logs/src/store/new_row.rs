//! A row before it is stored: made by the layer, queued by the writer, appended by the store.

use jiff::Timestamp;
use serde::Serialize;
use threadkeep_sqlite::uuid_text;
use uuid::Uuid;

use crate::level::Level;

/// A row before it is stored. Its texts are stored unchanged.
#[doc(hidden)]
#[derive(Clone, Debug)]
pub struct NewRow {
    /// Thread that it belongs to.
    pub thread_id: Option<Uuid>,
    /// Process that logged it.
    pub process_id: Option<Uuid>,
    /// Time of the event.
    pub at: Timestamp,
    /// Level.
    pub level: Level,
    /// Target, most often the module.
    pub target: String,
    /// Message.
    pub message: String,
    /// Fields, as the text of a JSON object.
    pub fields: Option<String>,
    /// Spans, as the text of a JSON array of objects with `name` and `fields`.
    pub spans: Option<String>,
    /// Module that logged it.
    pub module: Option<String>,
    /// Source file.
    pub file: Option<String>,
    /// Line in the source file.
    pub line: Option<u32>,
    /// True if something was cut off.
    pub is_cut: bool,
}

impl NewRow {
    /// Length of a process's id.
    pub(crate) const PROCESS_BYTES: usize = 36;

    /// Returns the bytes of its texts.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let optional = [&self.fields, &self.spans, &self.module, &self.file];
        let optional: usize = optional.into_iter().flatten().map(String::len).sum();
        let process = self.process_id.map_or(0, |_| Self::PROCESS_BYTES);
        (process + self.target.len() + self.message.len() + optional) as u64
    }

    /// Returns the columns as a JSON array, in the order of `INSERT`.
    pub(super) fn columns(&self, place: i64, id: i64) -> impl Serialize {
        (
            place,
            id,
            self.at.as_millisecond(),
            self.level.number(),
            &self.target,
            &self.message,
            &self.fields,
            &self.spans,
            self.process_id.map(uuid_text),
            &self.module,
            &self.file,
            self.line,
            i64::from(self.is_cut),
            self.bytes(),
        )
    }
}
