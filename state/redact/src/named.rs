//! Finds secrets by the name before them: `PASSWORD=…`, `"api_key": "…"`, `--token …`,
//! `Authorization: …`.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::name::{self, NameKind};
use crate::separator;
use crate::shape_search::Shapes;
use crate::value;
use crate::value_check;
use crate::word_start;

/// Bytes of a name that are read backwards from its last word.
const LONGEST_NAME: usize = 64;

/// Finds the value of the name whose last word begins a candidate. Returns its range and kind.
pub(crate) fn find_at(
    text: &str,
    floor: usize,
    candidate: &Range<usize>,
) -> Option<(Range<usize>, &'static str)> {
    let name = name_at(text, floor, candidate)?;
    let kind = kind_of(text, &name)?;
    let (separator, at) = separator::after_name(text, name.start, name.end)?;
    match kind {
        NameKind::Authorization => authorization(text, at).map(|secret| (secret, "authorization")),
        NameKind::Cookie => cookie(text, at).map(|secret| (secret, "cookie")),
        NameKind::Strong | NameKind::Weak => {
            let in_url = text[..name.start].ends_with(['?', '&']);
            let value = value::read(text, at, in_url);
            if !value_check::is_secret(text, kind, separator, &value) {
                return None;
            }
            let secret = value::whole(text, &value, in_url);
            let kind = kind_of_shape(text, &secret).unwrap_or_else(|| kind_of_name(&text[name]));
            Some((secret, kind))
        }
    }
}

/// Returns the kind of a name; `Pwd` is the working directory except where a connection string has
/// it.
fn kind_of(text: &str, name: &Range<usize>) -> Option<NameKind> {
    let is_part = text[..name.start].trim_end_matches(' ').ends_with(';');
    let name = &text[name.clone()];
    let kind = name::kind(name);
    kind.or_else(|| (is_part && name.eq_ignore_ascii_case("pwd")).then_some(NameKind::Strong))
}

/// Finds the whole name whose last word begins a candidate.
fn name_at(text: &str, floor: usize, candidate: &Range<usize>) -> Option<Range<usize>> {
    let start = candidate.start;
    if let Some(option) = text[start..].strip_prefix("--") {
        let length = option.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'-').count();
        return Some(start + 2..start + 2 + length);
    }
    let separators = [':', '=', '>', ',', '"', '\'', '`', '\\', ']', ' ', '\t'];
    let word = text[candidate.clone()].trim_end_matches(separators);
    if !word.starts_with(|first: char| first.is_ascii_alphanumeric()) {
        return None;
    }
    let end = start + word.len();
    let bytes = text.as_bytes();
    let is_inside = |at: usize| {
        let before = bytes[at - 1];
        let escaped = before.is_ascii_alphanumeric() && word_start::starts_word(bytes, floor, at);
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
    static SCHEME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"(?x)\A \\{0,7}["'`]? \x20{0,4} (?:
              (?<one> (?i-u: bearer | basic | token | bot | apikey | key ) (?:\x20|%20|\+){1,4} )
            | (?<line> (?i-u: digest | negotiate | ntlm | hawk | oauth | aws4-hmac-sha256 ) \x20{1,4} )
            )?"#,
        )
        .expect("the pattern is right: tests use it")
    });
    let scheme = SCHEME.captures(&text[at..])?;
    let start = at + scheme.get(0)?.end();
    let head = value::bare_end(text, start, value::HEAD, false);
    let credential = &text[start..head];
    if scheme.name("line").is_some() {
        let is_secret = credential.contains('=') || value_check::is_weak_secret(credential);
        return is_secret.then(|| start..value::line_end(text, start));
    }
    let has_scheme = scheme.name("one").is_some();
    let is_secret = if has_scheme {
        value_check::is_credential(credential)
    } else {
        value_check::is_weak_secret(credential)
    };
    is_secret.then(|| start..value::bare_end(text, start, usize::MAX, false))
}

/// Finds the value of a cookie header: pairs of names and values, up to the end of the line or of
/// the quotes.
fn cookie(text: &str, at: usize) -> Option<Range<usize>> {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\A\\{0,7}["'`]?[ ]{0,4}([A-Za-z0-9_.$%-]{1,64}=[^\r\n"'`\\]{4,})"#)
            .expect("the pattern is right: tests use it")
    });
    let secret = PATTERN.captures(&text[at..])?.get(1)?;
    Some(at + secret.start()..at + secret.end())
}

/// Returns the kind of the value's shape, if it has one: it is more exact than the name's.
fn kind_of_shape(text: &str, value: &Range<usize>) -> Option<&'static str> {
    let (found, kind) = Shapes::new().find_at(text, value.start, value.start)?;
    (found == *value).then_some(kind)
}

/// Returns the kind of a value with this name.
fn kind_of_name(name: &str) -> &'static str {
    let name = name.to_ascii_lowercase();
    let says_password = ["pass", "pwd", "pw"].iter().any(|word| name.contains(word));
    if says_password { "password" } else { "secret" }
}
