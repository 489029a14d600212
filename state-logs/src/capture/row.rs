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
        let fields = budget.object(&fields);
        let spans = budget.spans(self.spans.iter().map(|span| &**span));
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

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
    use serde_json::{Map, Value};

    use super::{Captured, Record, SpanRecord, Text};
    use crate::level::Level;

    const NAMES: [&str; 4] = ["a", "call_id", "a \"quoted\" one", "ü"];

    fn text(text: String) -> Text {
        Text { text, has_more: false }
    }

    fn value() -> impl Strategy<Value = Captured> {
        let texts = proptest::string::string_regex("(?s).{0,400}").expect("a regex");
        proptest::prop_oneof![
            texts.prop_map(|value| Captured::Text(text(value))),
            any::<i64>().prop_map(|number| Captured::Plain(number.into())),
            any::<bool>().prop_map(|switch| Captured::Plain(switch.into())),
        ]
    }

    proptest! {
        #[test]
        fn a_row_never_has_more_than_it_may(
            message in "(?s).{0,700}",
            fields in proptest::collection::vec(value(), 0..4),
            inner in proptest::collection::vec(value(), 0..4),
            row_bytes in 256..2_000_usize,
        ) {
            let whole: Vec<_> = NAMES.into_iter().zip(fields).collect();
            let span_fields = NAMES.into_iter().zip(inner).map(|(name, value)| (name, value.clean(name).0)).collect();
            let span = SpanRecord { name: "turn", thread_id: None, fields: span_fields, is_cut: false };
            let record = Record {
                at: jiff::Timestamp::UNIX_EPOCH,
                level: Level::Info,
                target: "target".to_owned(),
                thread_id: None,
                message: text(message.clone()),
                fields: whole.clone(),
                spans: vec![std::sync::Arc::new(span.clone())],
                module: Some("module".to_owned()),
                file: Some("file.rs".to_owned()),
                line: Some(1),
            };
            let row = record.into_row(uuid::Uuid::nil(), row_bytes);
            prop_assert!(row.bytes() <= row_bytes as u64, "{} of {row_bytes}", row.bytes());
            prop_assert!(message.starts_with(&row.message));
            let stored: Map<String, Value> =
                row.fields.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
            for ((name, value), (stored_name, stored)) in whole.iter().zip(&stored) {
                prop_assert_eq!(name, stored_name);
                match (value, stored) {
                    (Captured::Text(whole), Value::String(part)) => prop_assert!(whole.text.starts_with(part)),
                    (Captured::Plain(whole), part) => prop_assert_eq!(whole, part),
                    other => prop_assert!(false, "{:?}", other),
                }
            }
            let spans: Vec<Value> =
                row.spans.as_deref().map(serde_json::from_str).transpose()?.unwrap_or_default();
            let is_whole = row.message == message
                && stored.len() == whole.len()
                && whole.iter().all(|(name, value)| stored.get(*name) == Some(&value.clone().clean(name).0))
                && spans.len() == 1
                && span.fields.iter().all(|(name, value)| spans[0]["fields"].get(*name) == Some(value));
            prop_assert_eq!(row.is_cut, !is_whole);
        }
    }

    #[test]
    fn a_text_that_was_read_in_part_loses_its_end() {
        let half = format!("{}sk-proj-Zq8vB1nX7c", "x".repeat(20_000));
        let (kept, is_cut) = Text { text: half, has_more: true }.clean();
        assert!(is_cut && kept.bytes().all(|byte| byte == b'x') && kept.len() > 3_000);
    }
}
