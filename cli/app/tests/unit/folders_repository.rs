//! Tests of `folders/repository.rs`, next to which its private items are in scope.

use super::*;

#[test]
fn addresses_of_one_remote_have_one_key() {
    for url in [
        "https://Example.com/ada/widget",
        "https://example.com/ada/widget.git/",
        "git@example.com:ada/widget.git",
        "ssh://git@example.com:2222/ada/widget.git",
        "https://ada:secret@example.com/ada/widget.git",
    ] {
        assert_eq!(remote_key(url), "example.com/ada/widget", "{url}");
    }
    assert_ne!(remote_key("git@example.com:ada/other"), remote_key("git@example.com:ada/widget"));
}
