//! Secrets recognized by their shape, bare and in the places where they are found.

use threadkeep_redact::redact;

use crate::assert_rows;
use crate::keys::KEYS;

/// Holds places for a key, which is put where the braces are.
const PLACES: &[&str] = &[
    "{}",
    "the key is {}",
    "{} was it",
    "({})",
    "'{}'",
    "`{}`,",
    "{}.",
    "a:{}",
    "<{}>",
    "[{}]",
    "é{}",
    "日本{}語",
    "x={};y=1",
    "{\"a\":\"{}\"}",
    r#"{\"a\":\"{}\"}"#,
    r"line\n{}\nline",
    r"tab\t{}",
    "first\n{}\nlast",
    "a%20{}%20b",
    "%3D{}",
    "\u{1b}[31m{}\u{1b}[0m",
    r"\u001b[1;32m{}\u001b[0m",
    r"\x1b[32m{}",
    "/path/{}/rest",
    "https://host/{}?x=1",
    "--flag={}",
    "\u{feff}{}",
    "key {}\r\n",
];

#[test]
fn a_key_of_each_shape_is_taken_out_of_every_place() {
    for (kind, key) in KEYS {
        for place in PLACES {
            let text = place.replace("{}", key);
            let expected = place.replace("{}", &format!("[redacted:{kind}]"));
            assert_eq!(redact(&text), expected, "{kind} in {place:?}");
        }
    }
}

#[test]
fn two_keys_in_one_text_are_both_taken_out() {
    for ((first_kind, first), (second_kind, second)) in KEYS.iter().zip(KEYS.iter().skip(1)) {
        let text = format!("{first} and {second}");
        assert_eq!(redact(&text), format!("[redacted:{first_kind}] and [redacted:{second_kind}]"));
    }
}

#[test]
fn every_kind_of_shape_has_a_key_in_the_corpus() {
    let elsewhere = [
        "private-key",
        "url-credentials",
        "slack-webhook",
        "discord-webhook",
        "bearer-token",
        "basic-credentials",
        "query-key",
        "login",
        "password",
        "secret",
        "authorization",
        "cookie",
    ];
    for kind in threadkeep_redact::kinds() {
        assert!(KEYS.iter().any(|(known, _)| *known == kind) || elsewhere.contains(&kind), "{kind}");
        assert!(kind.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{kind}");
    }
}

#[test]
fn private_keys_are_taken_out_whole_or_cut_off() {
    const BEGIN: &str = concat!("-----BEGIN ", "RSA PRIVATE KEY-----");
    const END: &str = concat!("-----END ", "RSA PRIVATE KEY-----");
    const LINE: &str = "MIIEpAIBAAKCAQEA1c7zL4qP6Zq8vB1nX7cL4dR6sY0uH5jG9aE2wKt3mF8bN1xC";
    let rows = [
        (format!("{BEGIN}\n{LINE}\n{LINE}\nqP6=\n{END}"), "[redacted:private-key]"),
        (format!("a {BEGIN}\r\n{LINE}\r\n{END} b"), "a [redacted:private-key] b"),
        (
            format!("{{\"k\":\"{BEGIN}\\n{LINE}\\n{LINE}\\n{END}\\n\"}}"),
            "{\"k\":\"[redacted:private-key]\\n\"}",
        ),
        (
            format!("{BEGIN}\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,0F3A\n\n{LINE}\n{END}\n"),
            "[redacted:private-key]\n",
        ),
        (format!("{BEGIN}\n{LINE}\n{LINE}\n"), "[redacted:private-key]\n"),
        (format!("{BEGIN}\n{LINE}\n{LINE}\nqP6=\n\nThe rest."), "[redacted:private-key]\n\nThe rest."),
        (format!("{BEGIN}\\n{LINE}\\n{LINE}"), "[redacted:private-key]"),
        (format!("{BEGIN} {LINE} {LINE} {END}"), "[redacted:private-key]"),
        (format!("> {BEGIN}\n> {LINE}\n> {LINE}\n> {END}"), "> [redacted:private-key]"),
        (format!("+{BEGIN}\n+{LINE}\n+{END}\n"), "+[redacted:private-key]\n"),
        (
            format!(
                "{}\n\n{LINE}\n=aB3d\n{}",
                concat!("-----BEGIN PGP ", "PRIVATE KEY BLOCK-----"),
                concat!("-----END PGP ", "PRIVATE KEY BLOCK-----")
            ),
            "[redacted:private-key]",
        ),
        (
            format!(
                "{}\n{LINE}\n{}",
                concat!("-----BEGIN ", "PRIVATE KEY-----"),
                concat!("-----END ", "PRIVATE KEY-----")
            ),
            "[redacted:private-key]",
        ),
        (
            format!(
                "{}\n{LINE}\n{}",
                concat!("-----BEGIN OPENSSH ", "PRIVATE KEY-----"),
                concat!("-----END OPENSSH ", "PRIVATE KEY-----")
            ),
            "[redacted:private-key]",
        ),
        (
            format!("{BEGIN}\n{LINE}\n{BEGIN}\n{LINE}\n{END}"),
            "[redacted:private-key]\n[redacted:private-key]",
        ),
    ];
    assert_rows(rows.iter().map(|(text, expected)| (text.as_str(), *expected)));
}

#[test]
fn credentials_leave_a_url_and_its_host_and_path_stay() {
    assert_rows([
        (
            "https://user:hunter2@example.com/a/b?c=d#e",
            "https://[redacted:url-credentials]@example.com/a/b?c=d#e",
        ),
        ("https://user:pass@host", "https://[redacted:url-credentials]@host"),
        ("postgres://u:p@ss@db:5432/x", "postgres://[redacted:url-credentials]@db:5432/x"),
        ("redis://:hunter2@cache:6379/0", "redis://[redacted:url-credentials]@cache:6379/0"),
        ("mongodb+srv://a:b%40c@x.example.net/t", "mongodb+srv://[redacted:url-credentials]@x.example.net/t"),
        (
            "git clone https://x:y@github.com/a/b.git && cd b",
            "git clone https://[redacted:url-credentials]@github.com/a/b.git && cd b",
        ),
        ("{\"url\":\"amqp://g:h1@mq\"}", "{\"url\":\"amqp://[redacted:url-credentials]@mq\"}"),
        ("é://ü:ö@ß/", "é://[redacted:url-credentials]@ß/"),
        (
            "https://hooks.slack.com/services/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",
            "https://hooks.slack.com/services/[redacted:slack-webhook]",
        ),
        (
            "https://discord.com/api/webhooks/123456789012345678/Zq8vB1nX7cL4dR6sY0uH5jG9aE2wKt3mF8bN1xC7zL4qP6Zq8vB1nX7c",
            "https://discord.com/api/webhooks/[redacted:discord-webhook]",
        ),
        ("https://h/p?access_token=a1b2c3d4e5&x=1", "https://h/p?access_token=[redacted:secret]&x=1"),
        ("https://h/p?x=1&api_key=a1b2c3d4e5#frag", "https://h/p?x=1&api_key=[redacted:secret]#frag"),
        ("https://h/p?password=hunter", "https://h/p?password=[redacted:password]"),
        ("https://h/blob?sv=2024&sig=a1B2c3D4%2Be5%3D", "https://h/blob?sv=2024&sig=[redacted:query-key]"),
        ("https://h/p?key=a1B2c3D4e5F6&q=x", "https://h/p?key=[redacted:query-key]&q=x"),
        (
            "https://s3/x?X-Amz-Signature=0f3a9c7be21d4586&X-Amz-Date=2",
            "https://s3/x?X-Amz-Signature=[redacted:secret]&X-Amz-Date=2",
        ),
    ]);
}
