//! Texts that are made to take long. Each is long enough that a test run would seem to hang if one
//! of them were read in quadratic time.

use threadkeep_redact::redact;

const LENGTH: usize = 1 << 15;

/// Repeats a piece up to the length.
fn many(piece: &str) -> String {
    piece.repeat(LENGTH / piece.len())
}

#[test]
fn texts_of_beginnings_are_read_in_linear_time() {
    let pieces = [
        "a=",
        "a",
        "=",
        "-----BEGIN",
        concat!("-----BEGIN ", "PRIVATE KEY-----"),
        concat!("-----BEGIN ", "PRIVATE KEY-----\nMIIE\n"),
        "://",
        "://a:",
        "://a:b",
        "sk-",
        "-sk-",
        "sk-proj-",
        "eyJ",
        "-eyJ",
        ".eyJ",
        "eyJhbGciOiJI",
        "SG.",
        "AKIA",
        "xoxb-",
        "MTIzNDU2Nzg5MDEyMzQ1Njc4.",
        "1234567890:AA",
        "Bearer ",
        "Basic ",
        "login a password ",
        "-u ",
        "-u a:",
        "token",
        "token=",
        "token=(",
        "password",
        "password=",
        "password=f(",
        "password=\"",
        "password='\"",
        "password=\\\"",
        "password=\\\\\\\"",
        "password: ",
        "password: \"",
        "password:\n",
        "password: |\n",
        "password: a b ",
        "\"password\",",
        "--token ",
        "--token-",
        "Authorization: ",
        "Authorization: Digest ",
        "Cookie: a=",
        "\\",
        "\\\"",
        "\u{1b}[0m",
        "%20",
        "api_key=${",
        "password=[redacted:",
        "日",
        "é=",
        "\n",
        "\0",
        "\"",
        "password=\"\\\"",
        "gh",
        "ghp_",
        "-----END",
        "[redacted:password]",
    ];
    for piece in pieces {
        let text = many(piece);
        let redacted = redact(&text);
        assert_eq!(redact(&redacted), redacted, "{piece:?}");
    }
}

#[test]
fn quotes_of_every_depth_that_are_never_closed_are_read_in_linear_time() {
    let piece: String = (0..8)
        .flat_map(|depth| ["\"", "'", "`"].map(|quote| format!("password={}{quote} ", "\\".repeat(depth))))
        .collect();
    let text = many(&piece);
    let redacted = redact(&text);
    assert_eq!(redact(&redacted), redacted);
}

#[test]
fn one_long_value_is_one_finding() {
    for (name, mark) in
        [("PASSWORD=", "[redacted:password]"), (concat!("ghp", "_a1B2c3D4"), "[redacted:github-token]")]
    {
        let text = format!("{name}{}", many("a1B2c3D4"));
        let expected = if name.ends_with('=') { format!("{name}{mark}") } else { mark.to_owned() };
        assert_eq!(redact(&text), expected);
    }
}
