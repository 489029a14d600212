//! Tests of reading JSON.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::RngSeed;
use serde::de::IgnoredAny;

use super::fields::{fields, items};
use super::scan::{NotJson, Result, Scanner};
use super::string::unescaped;
use super::{compact, plain_prefix, text};

#[test]
fn the_last_of_a_repeated_key_counts() -> Result<()> {
    let json = r#"{"a":1,"x":[{}],"\u0061":2,"b":null,"\ud83d":3,"c":"\q"}"#;
    assert_eq!(fields(json, ["a", "b", "d"])?, [Some("2"), None, None]);
    assert_eq!(fields(json, ["c"]), Err(NotJson), "a bad escape in a value that is read");
    for bad in ["5", "[]", "{", r#"{"a":1,}"#, r#"{"a":1}}"#, r#"{"a":}"#, r#"{"a":1,"b":}"#, "{,}"] {
        assert_eq!(fields(bad, ["a"]), Err(NotJson), "{bad}");
    }
    assert_eq!(items(Some(" [ 1 , \"a,b\",[2]] ")), ["1", "\"a,b\"", "[2]"]);
    assert!(items(Some("[1")).is_empty() && items(Some("{}")).is_empty() && items(Some("[]")).is_empty());
    Ok(())
}

#[test]
fn compact_keeps_what_is_in_strings() {
    let (json, wanted) =
        (r#" { "a b" : [ 1 , "c \" d\\" , { "e" : null } ] } "#, r#"{"a b":[1,"c \" d\\",{"e":null}]}"#);
    assert_eq!(compact(json, usize::MAX).as_deref(), Some(wanted));
    assert_eq!(compact(json, wanted.len()).as_deref(), Some(wanted));
    assert_eq!(compact(json, wanted.len() - 1), None);
    assert_eq!(compact(wanted, wanted.len() - 1), None);
}

#[test]
fn text_is_lenient() {
    assert_eq!(text(Some(r#""a""#)).as_deref(), Some("a"));
    assert_eq!(text(Some(r#""a\u00e9\"""#)).as_deref(), Some("aé\""));
    for other in ["5", "null", r#"["a"]"#] {
        assert_eq!(text(Some(other)), None);
    }
}

fn is_json(text: &str, strict: bool) -> bool {
    let mut scanner = Scanner::new(text);
    scanner.value(strict).is_some() && scanner.is_at_end()
}

const TOKENS: &[&str] = &[
    "{", "}", "[", "]", ":", ",", "\"", "\\", "\"a\"", "\"b\":", "\\\"", "\\\\", "\\u00e9", "\\ud83d", "\\q",
    "é", "\t", " ", "\n", "0", "12", "-", ".5", "e+1", "1.5E-3", "true", "null", "nope", "{}", "[]",
    "\"x\":1",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    #[test]
    fn it_accepts_what_serde_accepts(tokens in prop::collection::vec(prop::sample::select(TOKENS), 1..9)) {
        let text = tokens.concat();
        let wanted = serde_json::from_str::<IgnoredAny>(&text).is_ok();
        // Serde refuses half of a surrogate pair in a string that it decodes, and accepts it in a
        // string that it skips.
        prop_assert_eq!(is_json(&text, true), wanted, "{}", text);
        prop_assert!(!wanted || is_json(&text, false), "{}", text);
        prop_assert!(wanted || !is_json(&text, false) || text.contains('\\'), "{}", text);
    }
}

#[test]
fn halves_of_pairs_are_replaced_and_nothing_else() {
    for (inner, text) in [
        (r"cut emoji \ud83d", "cut emoji \u{fffd}"),
        (r"\ude00 x", "\u{fffd} x"),
        (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
        (r"\ud83dA", "\u{fffd}A"),
        (r"\ud83d\u0041\n", "\u{fffd}A\n"),
        (r"\\ud83d", r"\ud83d"),
        (r#"\"\/\b\f\n\r\t\u00e9é"#, "\"/\u{8}\u{c}\n\r\téé"),
        (r"\u12", "\u{fffd}12"),
    ] {
        assert_eq!(unescaped(inner).collect::<String>(), text, "{inner}");
    }
}

proptest! {
    #[test]
    fn it_decodes_as_serde_does(text in any::<String>(), ascii in any::<bool>()) {
        let mut json = serde_json::Value::from(text.clone()).to_string();
        if ascii {
            let escape = |unit: u16| format!("\\u{unit:04x}");
            json = format!("\"{}\"", text.encode_utf16().map(escape).collect::<String>());
        }
        prop_assert_eq!(unescaped(&json[1..json.len() - 1]).collect::<String>(), text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 4096, failure_persistence: None, rng_seed: RngSeed::Fixed(1), ..Default::default()
    })]

    #[test]
    fn the_plain_prefix_ends_at_the_first_byte_that_is_not_plain(
        // Only a rare special byte leaves prefixes of several words.
        text in prop::collection::vec(
            prop_oneof![
                40 => select(b" !\x5b\x7f\x80\xffa".as_slice()),
                1 => select(b"\x00\x1f\"\\".as_slice()),
            ],
            0..=80,
        ),
    ) {
        let special = text.iter().position(|byte| matches!(byte, 0..b' ' | b'"' | b'\\'));
        let searched = (text.len() / 8 * 8).min(64);
        prop_assert_eq!(plain_prefix(&text), special.unwrap_or(text.len()).min(searched));
    }
}
