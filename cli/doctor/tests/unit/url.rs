//! URLs in texts.

use super::shorten_all;

#[test]
fn only_the_host_and_the_first_segment_of_a_url_stay() {
    for (text, short) in [
        ("http://127.0.0.1:80/v1/responses", "http://127.0.0.1:80/v1/…"),
        ("see https://me:word@example.org/a/b?key=1#x, now", "see https://example.org/a/…, now"),
        ("https://example.org?token=abc", "https://example.org/…"),
        ("https://example.org", "https://example.org"),
        ("https://example.org/", "https://example.org/"),
        ("(https://u@h/x/y) and ws://h/z", "(https://h/x/…) and ws://h/z"),
        ("no url:// here", "no url:// here"),
        ("://", "://"),
    ] {
        assert_eq!(shorten_all(text), short, "{text}");
    }
}
