//! Credentials go, in whatever shape they come, and addresses stay.

use std::borrow::Cow;

use proptest::prelude::*;

use threadkeep_rollout::strip_credentials;

#[test]
fn credentials_go_and_addresses_stay() {
    for (from, to) in [
        ("https://alice:s3cr3t@host/x", "https://host/x"),
        ("https://s3cr3t@host/x", "https://host/x"),
        ("HTTPS://u:s3cr3t@host:8443/x.git", "HTTPS://host:8443/x.git"),
        ("https://u:s3cr3t@tail@host/x", "https://host/x"),
        ("https://u:s3/cr3t@host/x", "https://host/x"),
        ("https://u:/s3cr3t@host/x", "https://host/x"),
        ("https://u:s3?c#r3t@host/x", "https://host/x"),
        ("https://u:s3;cr&3t@host/x", "https://host/x"),
        ("https://u%3As3cr3t@host/x", "https://host/x"),
        ("https://u:s3cr3t%40host/x", "https://host/x"),
        ("https://u%2Fv:s3cr3t@host/x", "https://host/x"),
        ("https://u:s3cr3t@host", "https://host"),
        ("https:/u:s3cr3t@host", "https:/host"),
        ("https:///u:s3cr3t@host", "https:///host"),
        ("https:\\\\u:s3cr3t@host\\x", "https:\\\\host\\x"),
        ("ftp://u:s3cr3t@host/x", "ftp://host/x"),
        ("ssh://git@host:2222/x", "ssh://git@host:2222/x"),
        ("SSH://git@host/x", "SSH://git@host/x"),
        ("ssh://git:s3cr3t@host/x", "ssh://git@host/x"),
        ("ssh://git%3as3cr3t@host/x", "ssh://git@host/x"),
        ("ssh://s3cr3t@git@host/x", "ssh://host/x"),
        ("git+ssh://git@host/x", "git+ssh://git@host/x"),
        ("https://proxy/https://oauth2:s3cr3t@host/o/r", "https://proxy/https://host/o/r"),
        ("https://proxy:8443/https:/oauth2:s3cr3t@host/o/r", "https://proxy:8443/https:/host/o/r"),
        ("https://a:s3cr3t@proxy/https://b:s3cr3t@host/r", "https://proxy/https://host/r"),
        ("https://proxy/?to=https%3A%2F%2Fu%3As3cr3t%40host%2Fr", "https://proxy/?to=https%3A%2F%2Fhost%2Fr"),
        ("a:s3cr3t@proxy/https://b:s3cr3t@host/r", "proxy/https://host/r"),
        ("git@host:team/x.git", "git@host:team/x.git"),
        ("git@host:team@2/x.git", "git@host:team@2/x.git"),
        ("alice@host:x@y/z", "y/z"),
        ("u:s3cr3t@host:team/x.git", "host:team/x.git"),
        ("u:s3cr3t@host/team/x.git", "host/team/x.git"),
        ("u@corp.example:s3cr3t@host/x.git", "host/x.git"),
        ("u:s3/cr3t@host:x.git", "host:x.git"),
        ("u%3As3cr3t%40host/x.git", "host/x.git"),
        ("host:/srv/a@b", "host:/srv/a@b"),
        ("host:2222/a@b/c", "host:2222/a@b/c"),
        ("C:\\work\\a@b\\c", "C:\\work\\a@b\\c"),
        ("https://host:8443/a@b", "https://host:8443/a@b"),
        ("https://[::1]/a@b", "https://[::1]/a@b"),
        ("https://host/a%40b", "https://host/a%40b"),
        ("https://host/a@b", "https://host/a@b"),
        ("file:///home/a@b/x", "file:///home/a@b/x"),
        ("https://host/x?private_token=s3cr3t", "https://host/x"),
        ("https://host/x?a=1&TOKEN=s3cr3t&b=2#part", "https://host/x?a=1&b=2#part"),
        ("https://host/x?TOKEN=s3cr3t;a=1;sig=s3cr3t;b=2", "https://host/x?a=1;b=2"),
        ("https://host/x?token=s3;cr3t&a=1", "https://host/x?a=1"),
        ("https://host/x?token=s3%26cr3t&a=1", "https://host/x?a=1"),
        ("https://host/x?access%5Ftoken=s3cr3t", "https://host/x"),
        ("https://host/x#access_token=s3cr3t&a=1", "https://host/x#a=1"),
        ("https://host/x?to=https://host/?key=s3cr3t", "https://host/x?to=https://host/"),
        ("https://proxy/?to=host%3Fkey%3Ds3cr3t&a=1", "https://proxy/?to=host&a=1"),
        ("https://u:s3cr3t@host/x?api_key=s3cr3t#part", "https://host/x#part"),
        ("https://host/x?ref=main", "https://host/x?ref=main"),
        ("https://host/x?path=a&design=b#authentication", "https://host/x?path=a&design=b#authentication"),
        ("https:///s3cr3t@h/p", "https:///h/p"),
        ("//u:s3cr3t@host/p", "//host/p"),
        ("//s3cr3t@host/p", "//host/p"),
        ("\\\\u:s3cr3t@host\\p", "\\\\host\\p"),
        ("https:/u:s3cr3t@host/p", "https:/host/p"),
        ("https:u:s3cr3t@host/p", "host/p"),
        ("https:s3cr3t@host/p", "host/p"),
        ("https:\\\\u:s3cr3t@host\\p", "https:\\\\host\\p"),
        ("https://github.com/a#access_token=s3cr3t", "https://github.com/a"),
        ("file:///home?pw=s3cr3t", "file:///home"),
        ("https://host/p;token=s3cr3t", "https://host/p"),
        ("https://host/p;token=s3cr3t/x;v=1", "https://host/p;v=1"),
        ("https://host/p;v=1/x", "https://host/p;v=1/x"),
        ("https://host/path/oauth2:s3cr3t@gitlab/x", "https://host/path/gitlab/x"),
        ("https://host:8443/path/oauth2:s3cr3t@gitlab/x", "https://host:8443/path/gitlab/x"),
        ("ext::sh -c \"curl -u u:s3cr3t host\"", "ext::"),
        ("EXT::s3cr3t", "EXT::"),
        // This may be a path or a token. Hosts of packages have such paths (`/@scope/name`).
        ("https://host/x@y/p", "https://host/x@y/p"),
        ("/srv/git/x.git", "/srv/git/x.git"),
        ("", ""),
    ] {
        assert_eq!(strip_credentials(from), to, "{from}");
    }
}

/// URLs with a secret, for which `*` stands.
const SHAPES: &[&str] = &[
    "https://*@host.example/o/r",
    "HTTPS://u:*@host.example:8443/o/r?ref=main",
    "https://u:a@*@host.example/o/r",
    "https://u%3A*%40host.example/o/r",
    "https://u:a/*@host.example/o/r",
    "ssh://git:*@host.example/o/r",
    "git+SSH://git:*@host.example:2222/o/r",
    "https://proxy.example/https://oauth2:*@host.example/o/r",
    "https://u:*@proxy.example/https://u:*@host.example/o/r",
    "https://proxy.example/?to=https%3A%2F%2Fu%3A*%40host.example%2Fo&a=1",
    "u:*@host.example:o/r",
    "u:*@host.example/o/r",
    "u@mail.example:*@host.example/o/r",
    "https://host.example/o/r?a=1&private_token=*&b=2",
    "https://host.example/o/r?a=1;private_token=*;b=2",
    "https://host.example/o/r#access_token=*",
    "https://host.example/o/r?api%5Fkey=*#part",
    "https://host.example/o;token=*",
    "//u:*@host.example/o/r",
];

proptest! {
    #[test]
    fn no_shape_lets_a_secret_out(
        shape in prop::sample::select(SHAPES),
        // `Q` stands in no shape: whatever is left of the secret is seen.
        secret in "Q[a-zA-Z0-9._~!$'()*+,-]{0,20}(%(40|3[Aa]|2[Ff]|25|26|3[Ff]|3[Bb])Q?){0,3}Q",
        more in "[@&;:]?Q",
    ) {
        // Without encoding, these would end the parameter or the user.
        let more = if shape.contains("=*") || shape.contains("%3A*") { "Q" } else { &more };
        // A URL in a URL is encoded once more.
        let secret = if shape.contains("%2F%2F") { secret.replace('%', "%25") } else { secret };
        let url = shape.replace('*', &format!("{secret}{more}"));
        let clean = strip_credentials(&url);
        prop_assert!(!clean.contains('Q'), "{url} became {clean}");
        prop_assert!(clean.contains("host.example"), "{url} became {clean}");
        prop_assert_eq!(strip_credentials(&clean), &*clean);
    }

    #[test]
    fn what_is_clean_comes_back_borrowed(
        url in "((https?|git|file|ftp)://|ssh://(git@)?|git@)?[a-z]{1,9}[.]example(:[0-9]{1,4})?(/[a-z0-9._~+-]{0,9}(@[a-z0-9]{1,3})?){0,4}([?]ref=[a-z/]{0,9}(&v=[0-9]{1,3})?)?(#[a-z]{0,9})?",
    ) {
        let clean = strip_credentials(&url);
        prop_assert!(matches!(clean, Cow::Borrowed(same) if same == url), "{url} became {clean}");
    }

    #[test]
    fn whatever_it_is_given_it_does_not_panic_and_is_done_at_once(url in "([@:/?#&;=%]|%[0-9a-f]{2}|http://|ssh://|token=|é|[a-z]){0,30}") {
        let clean = strip_credentials(&url);
        prop_assert!(clean.len() <= url.len());
    }
}

#[test]
fn an_encoded_separator_in_a_password_is_part_of_it() {
    assert_eq!(strip_credentials("//u:Q%3A%2F%2FQQ@host.example/o/r"), "//host.example/o/r");
    assert_eq!(strip_credentials("u:Q%3A%2F%2FQQ@host.example:o/r"), "host.example:o/r");
}
