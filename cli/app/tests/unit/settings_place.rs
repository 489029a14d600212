//! Tests of `settings/place.rs`, next to which its private items are in scope.

use super::*;

#[test]
fn lines_and_characters_are_counted_from_one() {
    let text = "a\nbü = 1\n";
    assert_eq!(Place::of(text, 0), Place { line: 1, column: 1 });
    assert_eq!(Place::of(text, 2), Place { line: 2, column: 1 });
    assert_eq!(Place::of(text, 5), Place { line: 2, column: 3 });
    assert_eq!(Place::of(text, 99), Place { line: 3, column: 1 });
}
