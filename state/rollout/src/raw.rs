//! Reading JSON values leniently: a field of another type than expected says nothing, and breaks nothing.

use std::borrow::Cow;

use serde_json::value::RawValue;

/// A value that may be missing.
pub(crate) type Raw<'a> = Option<&'a RawValue>;

/// The value, if it is a string.
pub(crate) fn text(raw: Raw<'_>) -> Option<Cow<'_, str>> {
    let json = raw?.get();
    let inner = json.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(json).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// The value, if it is a string that is not empty.
pub(crate) fn owned(raw: Raw<'_>) -> Option<String> {
    text(raw).filter(|text| !text.is_empty()).map(Cow::into_owned)
}

/// The value, if serde can make a `T` of it.
pub(crate) fn parse<'a, T: serde::Deserialize<'a>>(raw: Raw<'a>) -> Option<T> {
    serde_json::from_str(raw?.get()).ok()
}

/// A string as it is; anything else as compact JSON, its keys in the order they were written in.
pub(crate) fn plain_or_compact(raw: Raw<'_>) -> Option<String> {
    match raw?.get() {
        "null" => None,
        json if json.starts_with('"') => owned(raw),
        json => Some(compact(json)),
    }
}

/// JSON without the white space between its tokens.
fn compact(json: &str) -> String {
    if !json.bytes().any(|byte| byte.is_ascii_whitespace()) {
        return json.to_owned();
    }
    let (mut out, mut quoted, mut escaped) = (String::with_capacity(json.len()), false, false);
    for character in json.chars() {
        if quoted {
            quoted = escaped || character != '"';
            escaped = !escaped && character == '\\';
        } else if character.is_ascii_whitespace() {
            continue;
        } else {
            quoted = character == '"';
        }
        out.push(character);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn compact_keeps_what_is_in_strings() {
        assert_eq!(
            compact(r#" { "a b" : [ 1 , "c \" d\\" , { "e" : null } ] } "#),
            r#"{"a b":[1,"c \" d\\",{"e":null}]}"#
        );
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
