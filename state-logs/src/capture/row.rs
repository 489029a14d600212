//! Makes a row of a captured event: without secrets, and within the limit of a row.

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::budget::Budget;
use super::field::{Captured, SpanRecord, Text};
use crate::level::Level;
use crate::store::NewRow;

/// A captured event.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) at: Timestamp,
    pub(crate) level: Level,
    pub(crate) target: String,
    pub(crate) thread_id: Option<Uuid>,
    pub(crate) message: Text,
    pub(crate) fields: Vec<(&'static str, Captured)>,
    /// Spans around it, outermost first.
    pub(crate) spans: Vec<Arc<SpanRecord>>,
    pub(crate) module: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
}

impl Record {
    /// Returns the bytes of its texts in memory.
    pub(crate) fn size(&self) -> usize {
        let fields: usize = self.fields.iter().map(|(_, value)| value.size()).sum();
        self.message.text.len() + fields
    }

    /// Makes the row. A long message leaves no room for spans, not the other way round.
    pub(crate) fn into_row(self, process_id: Uuid, row_bytes: usize) -> NewRow {
        let mut budget = Budget::new(row_bytes - NewRow::PROCESS_BYTES);
        let target = budget.text(self.target);
        let module = self.module.map(|module| budget.text(module));
        let file = self.file.map(|file| budget.text(file));
        let (message, mut is_cut) = self.message.clean();
        let message = budget.text(message);
        let mut fields = Vec::with_capacity(self.fields.len());
        for (name, value) in self.fields {
            let (value, value_is_cut) = value.clean(name);
            is_cut |= value_is_cut;
            fields.push((name, value));
        }
        let fields = budget.object(&fields).map(|fields| fields.to_string());
        let spans = budget.spans(self.spans.iter().map(|span| &**span)).map(|spans| spans.to_string());
        NewRow {
            thread_id: self.thread_id,
            process_id: Some(process_id),
            at: self.at,
            level: self.level,
            target,
            message,
            fields,
            spans,
            module,
            file,
            line: self.line,
            is_cut: is_cut || budget.is_cut,
        }
    }
}
