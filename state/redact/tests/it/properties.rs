//! Properties of every text.

use std::borrow::Cow;

use proptest::prelude::{Just, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use threadkeep_redact::redact;

use crate::keys::KEYS;

/// Makes one piece of a text: a name, a separator, a quote, a key, a mark of ours, words, or
/// anything at all.
fn piece() -> impl Strategy<Value = String> {
    let names = vec![
        "password",
        "API_KEY",
        "client_secret",
        "token",
        "Authorization",
        "Cookie",
        "--password",
        "--token",
        "pwd",
        "auth",
        "Set-Cookie",
        "max_tokens",
        "db_pass",
        "?key",
        "&sig",
        "login u password ",
        "curl -u ",
    ];
    let signs = vec![
        "=",
        ": ",
        ":",
        " = ",
        "=>",
        "\"",
        "'",
        "\\\"",
        "\\\\\\\"",
        "\\n",
        "\n",
        " ",
        ",",
        ";",
        "&",
        "@",
        "://",
        "<",
        ">",
        "|",
        "(",
        ")",
        "{",
        "}",
        "${",
        "[",
        "]",
        ".",
        "-",
        "_",
        "%",
        "--",
        "é",
        "日",
        "…",
        "\u{1b}[0m",
        "a",
        "0",
        "n",
        "\\",
    ];
    let words = vec![
        "Bearer ",
        "Basic ",
        "dXNlcjpwYXNz",
        "hunter2",
        "swordfish",
        "the",
        "Some(",
        "String",
        "user:pass",
        "https",
        "example",
        "[redacted:password]",
        "[redacted:",
        "null",
        "***",
        "4096",
        "a1b2c3d4e5",
        "/etc/x",
        "Digest ",
        "sid=a1b2c3",
        concat!("-----BEGIN ", "PRIVATE KEY-----"),
        concat!("-----END ", "PRIVATE KEY-----"),
        "MIIEpAIBAAKCAQEA1c7zL4qP6",
        "eyJ",
        "sk-",
        "ghp_",
        "AKIA",
    ];
    let keys: Vec<&str> = KEYS.iter().map(|(_, key)| *key).collect();
    prop_oneof![
        3 => select(names).prop_map(str::to_owned),
        6 => select(signs).prop_map(str::to_owned),
        4 => select(words).prop_map(str::to_owned),
        1 => select(keys).prop_map(str::to_owned),
        1 => any::<String>(),
        1 => "[a-zA-Z0-9_-]{1,40}",
    ]
}

/// Makes a text of such pieces.
fn text() -> impl Strategy<Value = String> {
    proptest::collection::vec(piece(), 0..24).prop_map(|pieces| pieces.concat())
}

/// Makes surroundings that are no part of a key: they end, or begin, with something that divides.
fn around() -> impl Strategy<Value = String> {
    (text(), select(vec![" ", "\n", "\"", "(", "=", ":", ",", "\\n", "\\\"", "é", ">", ""])).prop_map(
        |(text, end)| {
            if end.is_empty() { String::new() } else { text + end }
        },
    )
}

/// Number of texts for each property.
const CASES: u32 = 2_000;

proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig { cases: CASES, failure_persistence: None, ..Default::default() })]

    #[test]
    fn redacting_twice_is_redacting_once(text in text()) {
        let once = redact(&text).into_owned();
        prop_assert_eq!(redact(&once), once.as_str());
    }

    #[test]
    fn any_text_is_read_and_one_without_findings_is_borrowed(text in prop_oneof![text(), any::<String>()]) {
        match redact(&text) {
            Cow::Borrowed(same) => prop_assert!(std::ptr::eq(same, text.as_str())),
            Cow::Owned(redacted) => prop_assert!(redacted != text && redacted.contains("[redacted:")),
        }
    }

    #[test]
    fn a_planted_key_never_survives(before in around(), (_, key) in select(KEYS), after in prop_oneof![Just(String::new()), text().prop_map(|text| format!(" {text}"))]) {
        let text = [&before.replace(key, ""), key, &after.replace(key, "")].concat();
        let redacted = redact(&text);
        prop_assert!(!redacted.contains(key), "{redacted:?}");
    }

    #[test]
    fn a_planted_password_never_survives(before in "[ -~é\n]{0,40}", password in "[a-zA-Z0-9]{3}[0-9][a-zA-Z0-9]{8,30}", after in "[ -~é]{0,40}") {
        for text in [format!("{before}\nDB_PASSWORD={password}\n{after}"), format!("{before}\n{{\"client_secret\":\"{password}\"}}\n{after}"), format!("{before}\nhttps://u:{password}@h {after}")] {
            prop_assert!(!redact(&text).contains(&password), "{text:?}");
        }
    }
}
