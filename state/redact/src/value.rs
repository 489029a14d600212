//! Reads a value, quoted or bare.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// The longest quoted value. Longer text is no password, and keys have rules of their own.
const LONGEST_QUOTED: usize = 8 * 1024;

/// Bytes of a value that are checked. The limit keeps a huge value from being read again for each
/// name in it.
pub(crate) const HEAD: usize = 256;

/// Value as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    /// Its range, without quotes.
    pub(crate) range: Range<usize>,
    /// True if the value is in quotes.
    pub(crate) quoted: bool,
    /// True if the quotes are closed.
    pub(crate) closed: bool,
}

/// Reads the value that begins at `at`; in the query of a URL, a fragment ends it too.
///
/// No more than [`HEAD`] bytes of a value without quotes are read: [`whole`] gives the rest, once
/// it matters.
pub(crate) fn read(text: &str, at: usize, in_url: bool) -> Value {
    quoted(text, at).unwrap_or_else(|| Value {
        range: at..bare_end(text, at, HEAD, in_url),
        quoted: false,
        closed: false,
    })
}

/// Returns the range of the whole value.
pub(crate) fn whole(text: &str, value: &Value, in_url: bool) -> Range<usize> {
    let Range { start, end } = value.range;
    let is_whole = value.quoted || end - start + 1 < HEAD / 2;
    start..if is_whole { end } else { bare_end(text, start, usize::MAX, in_url) }
}

/// Reads a value in quotes, of any depth of escaping; without an end, it ends with its line.
fn quoted(text: &str, at: usize) -> Option<Value> {
    let (depth, quote, length) = opening(&text[at..])?;
    let start = at + length;
    let closing = closing(&text.as_bytes()[start..], quote, depth);
    let end = closing.map_or_else(|| line_end(text, start), |end| start + end);
    Some(Value { range: start..end, quoted: true, closed: closing.is_some() })
}

/// Reads the opening quote, with a prefix or a constructor. Returns its backslashes, the quote, and
/// its length.
fn opening(rest: &str) -> Option<(usize, u8, usize)> {
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        let constructor = r"(?:(?:Some|Ok|String::from|Secret(?:String|Box)?(?:::new|::from)?)\()*";
        Regex::new(&format!(r"\A{constructor}(?:[bBrRfFuU]{{1,2}}#{{0,3}})?"))
            .expect("the pattern is right: tests use it")
    });
    let is_plain = matches!(rest.as_bytes().first()?, b'"' | b'\'' | b'`' | b'\\');
    let before = if is_plain { 0 } else { BEFORE.find(rest)?.end() };
    let rest = &rest.as_bytes()[before..];
    let depth = rest.iter().take(7).take_while(|byte| **byte == b'\\').count();
    let quote = *rest.get(depth).filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
    let marks = if rest[depth..].starts_with(b"\"\"\"") { 3 } else { 1 };
    Some((depth, quote, before + depth + marks))
}

/// Finds the quote that closes a value whose opening quote had `depth` backslashes before it.
///
/// Each level of escaping doubles the backslashes and adds one. So a quote closes the value if it
/// has as many as the opening one, or that and pairs of escaped backslashes; with fewer, it closes
/// the string around the value.
fn closing(bytes: &[u8], quote: u8, depth: usize) -> Option<usize> {
    let mut backslashes = 0;
    for (at, &byte) in bytes.iter().enumerate().take(LONGEST_QUOTED) {
        if byte == quote && (backslashes < depth || backslashes % (2 * (depth + 1)) == depth) {
            return Some(at - backslashes.min(depth));
        }
        backslashes = if byte == b'\\' { backslashes + 1 } else { 0 };
    }
    None
}

/// Finds the end of the line, raw or escaped.
pub(crate) fn line_end(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
    let escaped =
        rest[..end].match_indices('\\').map(|(at, _)| at).find(|at| ends_value(&rest.as_bytes()[at + 1..]));
    from + escaped.unwrap_or(end)
}

/// Finds the end of a value without quotes, within `limit` bytes.
pub(crate) fn bare_end(text: &str, from: usize, limit: usize, in_url: bool) -> usize {
    let bytes = &text.as_bytes()[from..];
    let ends = |at: usize, byte: u8| match byte {
        b'"' | b'\'' | b'`' | b'&' | b';' | b'<' | b'>' | b'|' => true,
        b'#' => in_url,
        b'\\' => ends_value(&bytes[at + 1..]),
        _ => byte.is_ascii_whitespace(),
    };
    let end = bytes.iter().enumerate().take(limit).position(|(at, &byte)| ends(at, byte));
    let end = end.unwrap_or_else(|| text[from..].floor_char_boundary(limit));
    from + text[from..from + end].trim_end_matches([',', '.', ')', ']', '}', ':', '!', '?']).len()
}

/// Returns true if a backslash and these bytes end a value: an escaped line break, tab or quote.
fn ends_value(after: &[u8]) -> bool {
    let rest = &after[after.iter().take_while(|byte| **byte == b'\\').count()..];
    matches!(rest.first(), Some(b'n' | b'r' | b't' | b'"' | b'\'' | b'`') | None)
}
