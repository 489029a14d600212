//! Reads some fields of an object, and the items of a list.

use std::borrow::Cow;

use super::scan::{NotJson, Result, Scanner};
use super::string;

/// JSON value that may be missing, as it is written.
pub(crate) type Raw<'a> = Option<&'a str>;

/// Reads the values of these keys of an object, in this order. Of a repeated key, the last value
/// counts; `null` counts as missing.
///
/// The rest of the object is checked, but for the escapes in its strings.
pub(crate) fn fields<'a, const N: usize>(json: &'a str, names: [&str; N]) -> Result<[Raw<'a>; N]> {
    let mut values = [None; N];
    elements(json, *b"{}", |scanner| {
        let (key, is_plain) = scanner.key()?;
        let mut wanted = names.iter().position(|name| name.as_bytes() == key);
        if !is_plain && wanted.is_none() {
            let key: String = string::unescaped(std::str::from_utf8(key).ok()?).collect();
            wanted = names.iter().position(|name| *name == key);
        }
        match wanted {
            Some(wanted) => values[wanted] = Some(scanner.value(true)?).filter(|value| *value != "null"),
            None => scanner.skip(false)?,
        }
        Some(())
    })?;
    Ok(values)
}

/// Returns the items of a list; none of a value that is no list.
pub(crate) fn items(raw: Raw<'_>) -> Vec<&str> {
    let mut items = Vec::new();
    let read = elements(raw.unwrap_or_default(), *b"[]", |scanner| {
        items.push(scanner.value(true)?);
        Some(())
    });
    if read.is_ok() { items } else { Vec::new() }
}

/// Returns the keys and values of an object, in their order; none of a value that is no object.
pub(crate) fn entries(raw: Raw<'_>) -> Vec<(Cow<'_, str>, &str)> {
    let mut entries = Vec::new();
    let read = elements(raw.unwrap_or_default(), *b"{}", |scanner| {
        let (key, is_plain) = scanner.key()?;
        let key = std::str::from_utf8(key).ok()?;
        let key = if is_plain { Cow::Borrowed(key) } else { Cow::Owned(string::unescaped(key).collect()) };
        entries.push((key, scanner.value(true)?));
        Some(())
    });
    if read.is_ok() { entries } else { Vec::new() }
}

/// Reads what stands between brackets with commas between.
fn elements<'a>(
    json: &'a str,
    [open, close]: [u8; 2],
    mut element: impl FnMut(&mut Scanner<'a>) -> Option<()>,
) -> Result<()> {
    let mut scanner = Scanner::new(json);
    if !scanner.eat(open) {
        return Err(NotJson);
    }
    if !scanner.eat(close) {
        loop {
            element(&mut scanner).ok_or(NotJson)?;
            if scanner.eat(close) {
                break;
            }
            if !scanner.eat(b',') {
                return Err(NotJson);
            }
        }
    }
    if scanner.is_at_end() { Ok(()) } else { Err(NotJson) }
}
