//! Tests of `commands/threads/edit.rs`, next to which its private items are in scope.

use super::*;

#[test]
fn a_name_is_plain_text() {
    assert!(refuse_controls("Größe 日本 👩‍👩‍👧").is_ok());
    for name in ["two\nlines", "a\ttab", "\u{1b}[31mred", "\u{9b}m", "a\u{2028}b"] {
        assert!(refuse_controls(name).is_err(), "{name:?}");
    }
}
