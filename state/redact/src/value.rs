//! Where a value begins and ends, quoted or bare.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

/// How far the end of a quoted value is looked for. What is longer is no password, and keys have rules of their own.
const LONGEST_QUOTED: usize = 8 * 1024;

/// Describes a value as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Value {
    /// Where it is, without its quotes.
    pub(crate) range: Range<usize>,
    /// Whether it has quotes around it.
    pub(crate) quoted: bool,
    /// Whether those end as they begin.
    pub(crate) closed: bool,
}

/// Reads the value that begins at `at`; in the query of a URL, a fragment ends it too.
pub(crate) fn read(text: &str, at: usize, in_url: bool) -> Value {
    quoted(text, at).unwrap_or_else(|| Value {
        range: at..bare_end(text, at, in_url),
        quoted: false,
        closed: false,
    })
}

/// Reads a value in quotes, of any depth of escaping; without an end, it ends with its line.
fn quoted(text: &str, at: usize) -> Option<Value> {
    static OPENING: LazyLock<Regex> = LazyLock::new(|| {
        let wrapper = r"(?:(?:Some|Ok|String::from|Secret(?:String|Box)?(?:::new|::from)?)\()*";
        Regex::new(&format!(r#"\A{wrapper}(?:[bBrRfFuU]{{1,2}}#{{0,3}})?(\\{{0,7}})("""|["'`])"#))
            .expect("the pattern is right: tests use it")
    });
    let captures = OPENING.captures(&text[at..])?;
    let start = at + captures.get(0)?.end();
    let depth = captures.get(1)?.len();
    let quote = *captures.get(2)?.as_str().as_bytes().first()?;
    let closing = closing(&text.as_bytes()[start..], quote, depth);
    let end = closing.map_or_else(|| line_end(text, start), |end| start + end);
    Some(Value { range: start..end, quoted: true, closed: closing.is_some() })
}

/// Finds the quote that closes a value whose opening quote had `depth` backslashes before it.
///
/// Each level of escaping doubles the backslashes and adds one. So a quote closes the value if it has as many as the
/// opening one, or that and pairs of escaped backslashes; with fewer, it closes the string around the value.
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

/// Finds the end of the line, or of what an escaped line break ends.
pub(crate) fn line_end(text: &str, from: usize) -> usize {
    let rest = &text[from..];
    let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
    let escaped =
        rest[..end].match_indices('\\').map(|(at, _)| at).find(|at| ends_value(&rest.as_bytes()[at + 1..]));
    from + escaped.unwrap_or(end)
}

/// Finds the end of a value without quotes.
fn bare_end(text: &str, from: usize, in_url: bool) -> usize {
    let bytes = &text.as_bytes()[from..];
    let ends = |at: usize, byte: u8| match byte {
        b'"' | b'\'' | b'`' | b'&' | b';' | b'<' | b'>' | b'|' => true,
        b'#' => in_url,
        b'\\' => ends_value(&bytes[at + 1..]),
        _ => byte.is_ascii_whitespace(),
    };
    let end = bytes.iter().enumerate().position(|(at, &byte)| ends(at, byte)).unwrap_or(bytes.len());
    from + text[from..from + end].trim_end_matches([',', '.', ')', ']', '}', ':', '!', '?']).len()
}

/// Says whether what follows a backslash makes of both the end of a value: a line break, a tab, a quote.
fn ends_value(after: &[u8]) -> bool {
    let rest = &after[after.iter().take_while(|byte| **byte == b'\\').count()..];
    matches!(rest.first(), Some(b'n' | b'r' | b't' | b'"' | b'\'' | b'`') | None)
}
