//! Names that users give to threads.

use threadkeep_app::name::check_name;

#[test]
fn a_name_is_plain_text() {
    assert!(check_name("Größe 日本 👩‍👩‍👧").is_ok());
    for name in ["two\nlines", "a\ttab", "\u{1b}[31mred", "\u{9b}m", "a\u{2028}b"] {
        assert!(check_name(name).is_err(), "{name:?}");
    }
}
