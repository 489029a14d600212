//! Reads JSON values leniently: a field of an unexpected type counts as missing, and breaks nothing.

mod last_wins;
mod string;

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use self::last_wins::LastWins;
use crate::text::{MAX_JSON, MAX_NAME, MAX_PATH};

/// JSON value that may be missing, as it is written.
pub(crate) type Raw<'a> = Option<&'a RawValue>;

/// Decodes the value, if it is a string.
pub(crate) fn text(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    string::decode(raw?.get())
}

/// Decodes the value, if it is a string that is not empty.
pub(crate) fn owned(raw: Raw<'_>) -> Option<String> {
    text(raw).filter(|text| !text.is_empty()).map(Cow::into_owned)
}

/// Decodes a string that is not empty; cuts it at [`MAX_NAME`] characters.
pub(crate) fn name(raw: Raw<'_>) -> Option<String> {
    string::decode_bounded(raw?.get(), MAX_NAME).filter(|name| !name.is_empty())
}

/// Decodes a string that is not empty; cuts it at [`MAX_PATH`] characters.
pub(crate) fn path(raw: Raw<'_>) -> Option<String> {
    string::decode_bounded(raw?.get(), MAX_PATH).filter(|path| !path.is_empty())
}

/// Returns a string like [`name`], and any other value as compact JSON, its keys in their order. Replaces JSON of more than
/// [`MAX_JSON`] bytes with its `type`.
pub(crate) fn name_or_json(raw: Raw<'_>) -> Option<String> {
    match raw?.get() {
        "null" => None,
        json if json.starts_with('"') => name(raw),
        json => compact(json, MAX_JSON).or_else(|| kind(raw)),
    }
}

/// Returns `{"type":"…"}`, if the value is an object with a type.
fn kind(raw: Raw<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(borrow, default, rename = "type")]
        type_: Raw<'a>,
    }
    let name = name(parse::<Typed<'_>>(raw)?.type_)?;
    Some(serde_json::json!({ "type": name }).to_string())
}

/// Deserializes the value; `None` if it has another shape.
pub(crate) fn parse<'a, T: Deserialize<'a>>(raw: Raw<'a>) -> Option<T> {
    read(raw?.get()).ok()
}

/// Deserializes `json`. Of a repeated key, the last value counts.
pub(crate) fn read<'a, T: Deserialize<'a>>(json: &'a str) -> serde_json::Result<T> {
    // Nearly every object has each of its keys once.
    serde_json::from_str(json).or_else(|_| T::deserialize(LastWins(json)))
}

/// Returns the strings of a list.
pub(crate) fn texts<'a>(raw: Raw<'a>) -> impl Iterator<Item = Cow<'a, str>> {
    parse::<Vec<Raw<'a>>>(raw).unwrap_or_default().into_iter().filter_map(text)
}

/// Returns a string as it is, and any other value as compact JSON, its keys in their order.
pub(crate) fn plain_or_compact(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    match raw?.get() {
        "null" => None,
        json if json.starts_with('"') => text(raw),
        json => compact(json, usize::MAX).map(Cow::Owned),
    }
}

/// Removes the white space between the tokens; `None` if the result has more than `max` bytes.
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
