//! Separators between a name and its value: `=`, `: `, `": "`, `=>`, `>` of a tag, `", "` of a
//! list, a space.

use std::sync::LazyLock;

use regex::Regex;

/// The most blanks that are skipped, so that a text of blanks is not read again and again.
const MOST_BLANKS: usize = 64;

/// Way of giving a value to a name. Prose and code use some of them more than others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Separator {
    /// `NAME=value`, as in environments, queries and options: a value follows.
    Tight,
    /// `name: value` or `name = value`: code or prose may follow.
    Loose,
    /// `"name", "value"`: a pair, or two items of any list.
    Comma,
    /// `--name value`, also as two items of a list.
    Option,
    /// `<name>value<`.
    Tag,
}

/// Finds the separator after the name from `start` to `end`. Returns it, and where the value
/// begins.
pub(crate) fn after_name(text: &str, start: usize, end: usize) -> Option<(Separator, usize)> {
    let before = &text[..start];
    let rest = &text[end..];
    let quote = closing_quote(rest.as_bytes());
    let bracket = usize::from(rest[quote..].starts_with(']'));
    let blanks = blanks(&rest[quote + bracket..]);
    let sign = &rest[quote + bracket + blanks..];
    let (kind, length) = match sign.as_bytes().first()? {
        b'=' => {
            let length = sign.bytes().take(3).take_while(|byte| matches!(byte, b'=' | b'>')).count();
            let is_tight = blanks == 0 && !sign[length..].starts_with(' ');
            (if is_tight { Separator::Tight } else { Separator::Loose }, length)
        }
        b':' => (Separator::Loose, annotation(sign).unwrap_or(if sign.starts_with(":=") { 2 } else { 1 })),
        b',' if quote > 0 => (if before.ends_with("--") { Separator::Option } else { Separator::Comma }, 1),
        b'>' if before.ends_with('<') && sign.len() == rest.len() => (Separator::Tag, 1),
        _ if blanks > 0 && before.ends_with("--") => (Separator::Option, 0),
        _ => return None,
    };
    let value = &sign[length..];
    Some((kind, text.len() - value.len() + skipped(value)))
}

/// Counts the bytes of the quote that closes a name: backslashes and one mark, or nothing.
fn closing_quote(rest: &[u8]) -> usize {
    let backslashes = rest.iter().take(7).take_while(|byte| **byte == b'\\').count();
    match rest.get(backslashes) {
        Some(b'"' | b'\'' | b'`') => backslashes + 1,
        _ => 0,
    }
}

/// Counts the length of a type between a colon and an equals sign before a quote: of `: &str = ` in
/// `x: &str = "…"`.
fn annotation(sign: &str) -> Option<usize> {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"\A:\s{0,4}[^\s"`=,;(){}]{1,40}(?: \| \w{1,16})?\s{0,4}=\s{0,8}["'`]"#)
            .expect("the pattern is right: tests use it")
    });
    // A mark is no type, though it may look like one.
    let found = PATTERN.find(sign).filter(|found| !found.as_str().contains(crate::MARK))?;
    Some(found.end() - 1)
}

/// Counts the bytes before a value: blanks, line breaks if a quote follows them, the head of a YAML
/// block.
fn skipped(rest: &str) -> usize {
    static BLOCK: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\A[|>][+-]?[ \t]{0,8}\r?\n[ \t]{1,64}").expect("the pattern is right: tests use it")
    });
    let blanks = blanks(rest);
    match rest.as_bytes().get(blanks) {
        Some(b'|' | b'>') => blanks + BLOCK.find(&rest[blanks..]).map_or(0, |head| head.end()),
        Some(b'\n' | b'\r') => {
            let lines = rest.bytes().take(MOST_BLANKS).take_while(u8::is_ascii_whitespace).count();
            if closing_quote(&rest.as_bytes()[lines..]) > 0 { lines } else { blanks }
        }
        _ => blanks,
    }
}

/// Counts spaces and tabs.
fn blanks(text: &str) -> usize {
    text.bytes().take(MOST_BLANKS).take_while(|byte| matches!(byte, b' ' | b'\t')).count()
}
