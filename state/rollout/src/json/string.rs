//! Decodes JSON strings, without failing on half of a surrogate pair: an agent that cuts a text at
//! some length leaves such halves.

use std::borrow::Cow;
use std::iter;

use crate::text::bounded;

/// Decodes a JSON value that is a string; `None` for any other value. Half of a surrogate pair
/// becomes U+FFFD.
pub(crate) fn decode(json: &str) -> Option<Cow<'_, str>> {
    let inner = inner(json)?;
    if inner.contains('\\') {
        // Serde is faster, and refuses half of a surrogate pair.
        let text = serde_json::from_str(json);
        Some(Cow::Owned(text.unwrap_or_else(|_| unescaped(inner).collect())))
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// Decodes a JSON string up to `max` characters; a longer one is cut and ends with `…`.
pub(crate) fn decode_bounded(json: &str, max: usize) -> Option<String> {
    let inner = inner(json)?;
    Some(if inner.contains('\\') {
        bounded(&unescaped(inner).take(max + 1).collect::<String>(), max)
    } else {
        bounded(inner, max)
    })
}

/// Returns the text between the quotes, if the value is a string.
fn inner(json: &str) -> Option<&str> {
    json.strip_prefix('"')?.strip_suffix('"')
}

/// Decodes the text between a JSON string's quotes, no more of it than the caller takes.
pub(super) fn unescaped(inner: &str) -> impl Iterator<Item = char> {
    let mut rest = inner;
    iter::from_fn(move || {
        let (character, after) = next(rest)?;
        rest = after;
        Some(character)
    })
}

fn next(text: &str) -> Option<(char, &str)> {
    let mut characters = text.chars();
    let first = characters.next()?;
    if first != '\\' {
        return Some((first, characters.as_str()));
    }
    let character = match characters.next()? {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => return Some(code_point(text)),
        other => other,
    };
    Some((character, characters.as_str()))
}

/// Decodes the `\uXXXX` at the start of `text`, or two of them that are a pair.
fn code_point(text: &str) -> (char, &str) {
    let Some((high, rest)) = unit(text) else { return (char::REPLACEMENT_CHARACTER, &text[2..]) };
    if let Some((low, after)) = unit(rest)
        && let Some(Ok(character)) = char::decode_utf16([high, low]).next()
        && character.len_utf16() == 2
    {
        return (character, after);
    }
    (char::from_u32(high.into()).unwrap_or(char::REPLACEMENT_CHARACTER), rest)
}

/// Decodes the UTF-16 unit at the start of `text`, if it is an escape.
fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.strip_prefix("\\u")?.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}
