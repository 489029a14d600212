//! URLs to ask, and what is seen of them.

use super::Target;

#[test]
fn only_scheme_host_port_and_path_stay() {
    let target =
        Target::parse(" https://me:word@Example.org:8443/v1/deep/?key=1#end ").unwrap().join("responses");
    assert_eq!((target.authority().as_str(), target.path()), ("example.org:8443", "/v1/deep/responses"));
    assert_eq!(target.shown(), "https://example.org:8443/v1/…");
    assert_eq!(target.curl(), r"curl -sS -o /dev/null -w '%{http_code}\n' 'https://example.org:8443/v1'");
}

#[test]
fn a_first_segment_that_a_shell_could_read_is_left_out() {
    for (url, shown) in [
        ("http://h", "http://h/"),
        ("http://h/v1", "http://h/v1"),
        ("http://h/v1/", "http://h/v1"),
        ("http://h//v1", "http://h/…"),
        ("http://h/it's;date", "http://h/…"),
        ("http://h/a%27b/c", "http://h/…"),
        ("http://[::1]:80/v1/x", "http://[::1]/v1/…"),
    ] {
        let target = Target::parse(url).unwrap();
        assert_eq!(target.shown(), shown);
        assert_eq!(target.curl().matches('\'').count(), 4, "{url}");
    }
}

#[test]
fn a_websocket_is_at_the_same_place() {
    for (url, plain, websocket) in
        [("http://h/v1", "http://h/v1", "ws://h/v1"), ("wss://h:443/v1", "https://h/v1", "wss://h/v1")]
    {
        let target = Target::parse(url).unwrap();
        assert_eq!(target.clone().of_kind(false).shown(), plain);
        assert_eq!(target.of_kind(true).shown(), websocket);
    }
    for url in ["", "v1/responses", "file:///etc/passwd", "mailto:me", "https://"] {
        assert!(Target::parse(url).is_err(), "{url}");
    }
}
