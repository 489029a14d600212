//! Finds what a secret's name holds: `PASSWORD=…`, `"api_key": "…"`, `--token …`, `Authorization: …`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::judge;
use crate::kinds::{AUTHORIZATION, COOKIE, PASSWORD, SECRET};
use crate::name::{self, NameKind};
use crate::separator;
use crate::value::{self, Value};
use crate::{candidate, edge, rule};

/// The longest name that is read backwards from its last word.
const LONGEST_NAME: usize = 64;

/// Finds the secret that is held by the name whose last word begins at `start`: where it is, and its kind.
pub(crate) fn find_at(text: &str, floor: usize, start: usize) -> Option<(Range<usize>, &'static str)> {
    let name = name_at(text, floor, start)?;
    let kind = kind_of(text, &name)?;
    let (separator, at) = separator::after_name(text, name.start, name.end)?;
    match kind {
        NameKind::Authorization => authorization(text, at).map(|secret| (secret, AUTHORIZATION)),
        NameKind::Cookie => cookie(text, at).map(|secret| (secret, COOKIE)),
        NameKind::Strong | NameKind::Weak => {
            let in_url = text[..name.start].ends_with(['?', '&']);
            let value = value::read(text, at, in_url);
            if !judge::is_secret(text, kind, separator, &value) {
                return None;
            }
            let kind = kind_of_shape(text, &value).unwrap_or_else(|| kind_of_name(&text[name]));
            Some((value.range, kind))
        }
    }
}

/// Tells the kind of a name; `Pwd` is the working directory except where a connection string has it.
fn kind_of(text: &str, name: &Range<usize>) -> Option<NameKind> {
    let is_part = text[..name.start].trim_end_matches(' ').ends_with(';');
    let name = &text[name.clone()];
    let kind = name::kind(name);
    kind.or_else(|| (is_part && name.eq_ignore_ascii_case("pwd")).then_some(NameKind::Strong))
}

/// Finds the whole of the name whose last word begins at `start`.
fn name_at(text: &str, floor: usize, start: usize) -> Option<Range<usize>> {
    static END: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"\A(?:--[A-Za-z0-9-]{{0,32}})?(?i-u:{})", candidate::name_end()))
            .expect("the first look has compiled this pattern already")
    });
    let end = start + END.find(&text[start..])?.end();
    if text[start..].starts_with("--") {
        return Some(start + 2..end);
    }
    let bytes = text.as_bytes();
    let is_inside = |at: usize| {
        let before = bytes[at - 1];
        let escaped = before.is_ascii_alphanumeric() && edge::starts_word(bytes, floor, at);
        (before.is_ascii_alphanumeric() || matches!(before, b'_' | b'-' | b'.')) && !escaped
    };
    let lowest = floor.max(start.saturating_sub(LONGEST_NAME));
    let begin = (lowest..start).rev().find(|&at| !is_inside(at + 1)).map_or(lowest, |at| at + 1);
    if text[..begin].ends_with(crate::MARK) {
        return None;
    }
    // Hyphens before a name are those of an option.
    Some(begin + (text[begin..end].len() - text[begin..end].trim_start_matches('-').len())..end)
}

/// Finds the credential of an `Authorization` header, whose scheme stays.
fn authorization(text: &str, at: usize) -> Option<Range<usize>> {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?x)\A \\{0,7}["'`]? \x20{0,4} (?:
              (?i-u: bearer | basic | token | bot | apikey | key ) (?:\x20|%20|\+){1,4} (?<one>[^\s"'`\\,;<>]+)
            | (?i-u: digest | negotiate | ntlm | hawk | oauth | aws4-hmac-sha256 ) \x20{1,4} (?<line>[^\r\n\\]+)
            | (?<bare>[^\s"'`\\,;<>]+)
            )"#,
        )
        .expect("the pattern is right: tests use it")
    });
    let captures = PATTERN.captures(&text[at..])?;
    let (secret, fits) = match (captures.name("one"), captures.name("line"), captures.name("bare")) {
        (Some(one), ..) => (one, judge::is_credential(one.as_str())),
        (_, Some(line), _) => (line, line.as_str().bytes().any(|byte| byte == b'=' || byte.is_ascii_digit())),
        (.., bare) => (bare?, judge::is_weak_secret(bare?.as_str())),
    };
    fits.then(|| at + secret.start()..at + secret.end())
}

/// Finds the value of a cookie header: pairs of names and values, up to the end of the line or of the quotes.
fn cookie(text: &str, at: usize) -> Option<Range<usize>> {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\A\\{0,7}["'`]?[ ]{0,4}(?<secret>[A-Za-z0-9_.$%-]{1,64}=[^\r\n"'`\\]{4,})"#)
            .expect("the pattern is right: tests use it")
    });
    let secret = PATTERN.captures(&text[at..])?.name("secret")?;
    (!secret.as_str().contains(crate::MARK)).then(|| at + secret.start()..at + secret.end())
}

/// Gives the kind of the shape that the whole value has, if it has one: it says more than the name.
fn kind_of_shape(text: &str, value: &Value) -> Option<&'static str> {
    let (found, kind) = rule::find_at(text, value.range.start, value.range.start)?;
    (found == value.range).then_some(kind)
}

/// Gives the kind of what a name of this sort holds.
fn kind_of_name(name: &str) -> &'static str {
    let name = name.to_ascii_lowercase();
    let says_password = ["pass", "pwd", "pw"].iter().any(|word| name.contains(word));
    if says_password { PASSWORD } else { SECRET }
}
