//! Choice of the proxy.

use crate::Machine;
use crate::probe::Target;

use super::{Proxies, Proxy};

fn shown(variables: &[(&str, &str)], url: &str) -> Option<String> {
    let variables = variables.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
    let proxies = Proxies::of(&Machine { variables, ..Machine::default() });
    proxies.for_target(&Target::parse(url).unwrap()).map(Proxy::shown)
}

#[test]
fn the_scheme_of_the_request_chooses_the_variable() {
    let both =
        [("HTTP_PROXY", "plain:1"), ("https_proxy", "http://me:word@secure:2/x"), ("ALL_PROXY", "all:3")];
    assert_eq!(shown(&both, "http://a/").as_deref(), Some("plain:1"));
    assert_eq!(shown(&both, "ws://a/").as_deref(), Some("plain:1"));
    assert_eq!(shown(&both, "https://a/").as_deref(), Some("secure:2"));
    assert_eq!(shown(&both, "wss://a/").as_deref(), Some("secure:2"));
    assert_eq!(shown(&both[2..], "https://a/").as_deref(), Some("all:3"));
    assert_eq!(shown(&[], "https://a/"), None);
}

#[test]
fn hosts_without_proxy_are_names_addresses_and_networks() {
    let proxied = |except: &str, host: &str| {
        shown(&[("ALL_PROXY", "all:3"), ("no_proxy", except)], &format!("https://{host}/")).is_some()
    };
    for (except, host, is_proxied) in [
        ("example.org", "example.org", false),
        ("Example.org, other", "api.example.org", false),
        (".example.org", "api.example.org", false),
        ("*.example.org", "api.example.org", false),
        ("example.org", "myexample.org", true),
        ("*", "example.org", false),
        ("127.0.0.1", "127.0.0.1", false),
        ("10.0.0.0/8", "10.1.2.3", false),
        ("10.0.0.0/8", "11.1.2.3", true),
        ("0.0.0.0/0", "11.1.2.3", false),
        ("10.0.0.0/40", "10.0.0.0", true),
        ("fd00::/8", "[fd12::1]", false),
        ("::1", "[::1]", false),
        ("0.0.1", "127.0.0.1", true),
        ("", "example.org", true),
    ] {
        assert_eq!(proxied(except, host), is_proxied, "{except} {host}");
    }
}

#[test]
fn a_proxy_is_shown_without_its_login() {
    let proxy = Proxy::parse("socks5h://me:correct-horse@[::1]").unwrap();
    assert_eq!((proxy.shown().as_str(), proxy.has_login), ("[::1]:1080", true));
    assert_eq!(Proxy::parse("proxy.example.org:3128").unwrap().shown(), "proxy.example.org:3128");
    assert_eq!(Proxy::parse("ftp://proxy"), None);
    assert_eq!(Proxy::parse("http://"), None);
}
