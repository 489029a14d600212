//! Reading JSON values leniently: a field of another type than expected says nothing, and breaks nothing.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::last_wins::LastWins;
use crate::text::{MAX_JSON, MAX_NAME, MAX_PATH, bounded};
use crate::unescape::unescaped;

/// A value that may be missing.
pub(crate) type Raw<'a> = Option<&'a RawValue>;

/// The value, if it is a string.
pub(crate) fn text(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    let inner = inner(raw)?;
    if inner.contains('\\') {
        // Serde is faster, and refuses half of a surrogate pair.
        let text = serde_json::from_str(raw?.get());
        Some(Cow::Owned(text.unwrap_or_else(|_| unescaped(inner).collect())))
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// What stands between the quotes, if it is a string.
fn inner(raw: Raw<'_>) -> Option<&str> {
    raw?.get().strip_prefix('"')?.strip_suffix('"')
}

/// The value, if it is a string that is not empty.
pub(crate) fn owned(raw: Raw<'_>) -> Option<String> {
    text(raw).filter(|text| !text.is_empty()).map(Cow::into_owned)
}

/// A name, at most [`MAX_NAME`] characters.
pub(crate) fn name(raw: Raw<'_>) -> Option<String> {
    short(raw, MAX_NAME)
}

/// A path, at most [`MAX_PATH`] characters.
pub(crate) fn path(raw: Raw<'_>) -> Option<String> {
    short(raw, MAX_PATH)
}

/// The value, if it is a string that is not empty, cut at `max` characters. No more of it than that is decoded.
fn short(raw: Raw<'_>, max: usize) -> Option<String> {
    let inner = inner(raw)?;
    let text = match inner.contains('\\') {
        true => bounded(&unescaped(inner).take(max + 1).collect::<String>(), max),
        false => bounded(inner, max),
    };
    (!text.is_empty()).then_some(text)
}

/// A name as it is, at most [`MAX_NAME`] characters; anything else as compact JSON, its keys in the order they were
/// written in. What has more than [`MAX_JSON`] bytes is replaced by its kind.
pub(crate) fn name_or_json(raw: Raw<'_>) -> Option<String> {
    match raw?.get() {
        "null" => None,
        json if json.starts_with('"') => name(raw),
        json => compact(json, MAX_JSON).or_else(|| kind(raw)),
    }
}

/// `{"type":"…"}`, if the value is an object with a type.
fn kind(raw: Raw<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(borrow, default, rename = "type")]
        type_: Raw<'a>,
    }
    let name = name(parse::<Typed<'_>>(raw)?.type_)?;
    Some(serde_json::json!({ "type": name }).to_string())
}

/// The value, if serde can make a `T` of it.
pub(crate) fn parse<'a, T: Deserialize<'a>>(raw: Raw<'a>) -> Option<T> {
    read(raw?.get()).ok()
}

/// What serde makes of `json`. Of a key that comes twice, the last one counts.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a str) -> serde_json::Result<T> {
    // Nearly every object has each of its keys once.
    serde_json::from_str(json).or_else(|_| T::deserialize(LastWins(json)))
}

/// The strings of a list.
pub(crate) fn texts<'a>(raw: Raw<'a>) -> impl Iterator<Item = Cow<'a, str>> {
    parse::<Vec<Raw<'a>>>(raw).unwrap_or_default().into_iter().filter_map(text)
}

/// A string as it is; anything else as compact JSON, its keys in the order they were written in.
pub(crate) fn plain_or_compact(raw: Raw<'_>) -> Option<String> {
    match raw?.get() {
        "null" => None,
        json if json.starts_with('"') => owned(raw),
        json => compact(json, usize::MAX),
    }
}

/// JSON without the white space between its tokens; `None` if that has more than `max` bytes.
fn compact(json: &str, max: usize) -> Option<String> {
    if !json.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return (json.len() <= max).then(|| json.to_owned());
    }
    let (mut out, mut quoted, mut escaped) = (String::with_capacity(json.len().min(max)), false, false);
    for character in json.chars() {
        if quoted {
            quoted = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if character.is_ascii_whitespace() {
            continue;
        } else {
            quoted = character == '"';
        }
        if character.len_utf8() > max - out.len() {
            return None;
        }
        out.push(character);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_keeps_what_is_in_strings() {
        let (json, wanted) =
            (r#" { "a b" : [ 1 , "c \" d\\" , { "e" : null } ] } "#, r#"{"a b":[1,"c \" d\\",{"e":null}]}"#);
        assert_eq!(compact(json, usize::MAX).as_deref(), Some(wanted));
        assert_eq!(compact(json, wanted.len()).as_deref(), Some(wanted));
        assert_eq!(compact(json, wanted.len() - 1), None);
        assert_eq!(compact(wanted, wanted.len() - 1), None);
    }

    #[test]
    fn text_is_lenient() -> serde_json::Result<()> {
        let read = |json: &'static str| serde_json::from_str::<&RawValue>(json).map(|raw| text(Some(raw)));
        assert_eq!(read(r#""a""#)?.as_deref(), Some("a"));
        assert_eq!(read(r#""a\u00e9\"""#)?.as_deref(), Some("aé\""));
        assert_eq!(read("5")?, None);
        assert_eq!(read("null")?, None);
        assert_eq!(read(r#"["a"]"#)?, None);
        Ok(())
    }
}
