//! Tests of `output/json.rs`, next to which its private items are in scope.

use super::*;

#[test]
fn what_a_terminal_obeys_is_escaped_and_parses_back() -> serde_json::Result<()> {
    let value = json!({ "title": "a\u{9b}31m\u{202e}b\u{e0041}\n\u{1b}c" });
    for indented in [true, false] {
        let text = document(&value, indented);
        assert!(text.chars().all(|c| c == '\n' || !is_hazard(c)), "{text:?}");
        assert_eq!(serde_json::from_str::<Value>(&text)?, value);
    }
    Ok(())
}
