//! Reads JSON values leniently: a field of an unexpected type counts as missing, and breaks
//! nothing.

mod fields;
mod scan;
mod string;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use serde::de::DeserializeOwned;

pub(crate) use self::fields::{Raw, entries, fields, items};
pub(crate) use self::scan::{NotJson, Result, plain_prefix};
use crate::text::{MAX_ITEM_TEXT, MAX_JSON, MAX_NAME, MAX_PATH};

/// Decodes the value, if it is a string.
pub(crate) fn text(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    string::decode(raw?)
}

/// Decodes the value, if it is a string that is not empty.
pub(crate) fn owned(raw: Raw<'_>) -> Option<String> {
    text(raw).filter(|text| !text.is_empty()).map(Cow::into_owned)
}

/// Decodes a string that is not empty; cuts it at [`MAX_NAME`] characters.
pub(crate) fn name(raw: Raw<'_>) -> Option<String> {
    string::decode_bounded(raw?, MAX_NAME).filter(|name| !name.is_empty())
}

/// Decodes a string that is not empty; cuts it at [`MAX_PATH`] characters.
pub(crate) fn path(raw: Raw<'_>) -> Option<String> {
    string::decode_bounded(raw?, MAX_PATH).filter(|path| !path.is_empty())
}

/// Decodes a string; cuts it at [`MAX_ITEM_TEXT`] characters.
pub(crate) fn long(raw: Raw<'_>) -> Option<String> {
    string::decode_bounded(raw?, MAX_ITEM_TEXT)
}

/// Returns a string like [`name`], and any other value as compact JSON, its keys in their order.
/// Replaces JSON of more than [`MAX_JSON`] bytes with its `type`.
pub(crate) fn name_or_json(raw: Raw<'_>) -> Option<String> {
    match raw? {
        "null" => None,
        json if json.starts_with('"') => name(raw),
        json => compact(json, MAX_JSON).or_else(|| kind(raw)),
    }
}

/// Returns `{"type":"…"}`, if the value is an object with a type.
fn kind(raw: Raw<'_>) -> Option<String> {
    let [kind] = object(raw, ["type"]);
    Some(serde_json::json!({ "type": name(kind)? }).to_string())
}

/// Reads the values of these keys like [`fields`]; none of a value that is no object.
pub(crate) fn object<'a, const N: usize>(raw: Raw<'a>, names: [&str; N]) -> [Raw<'a>; N] {
    raw.and_then(|raw| fields(raw, names).ok()).unwrap_or([None; N])
}

/// Deserializes a number or a boolean; `None` for any other value.
pub(crate) fn number<T: DeserializeOwned>(raw: Raw<'_>) -> Option<T> {
    serde_json::from_str(raw?).ok()
}

/// Returns the strings of a list.
pub(crate) fn texts<'a>(raw: Raw<'a>) -> impl Iterator<Item = Cow<'a, str>> {
    items(raw).into_iter().filter_map(string::decode)
}

/// Returns a string as it is, and any other value as compact JSON, its keys in their order.
pub(crate) fn plain_or_compact(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    match raw? {
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
