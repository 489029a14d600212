//! Tests of bodies, and of the limit of a row.

use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use serde_json::{Map, Value};

use super::body::is_body;
use super::field::{Captured, SpanRecord, Text};
use super::row::Record;
use crate::level::Level;

#[test]
fn the_last_word_of_a_name_tells() {
    for name in [
        "prompt",
        "http.request.body",
        "userPrompt",
        "RequestBody",
        "aggregated_output",
        "Authorization",
        "tool-input",
        "gen_ai.prompt",
        "STDOUT",
        "messages",
        "body_",
    ] {
        assert!(is_body(name), "{name}");
    }
    for name in [
        "message",
        "request_id",
        "content_type",
        "output_tokens",
        "body.length",
        "error",
        "url",
        "nobody",
        "",
        "_",
        "promptCount",
        "input_tokens",
    ] {
        assert!(!is_body(name), "{name}");
    }
}

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
