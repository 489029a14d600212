//! Parameters with secrets, in paths, queries and fragments.

use std::borrow::Cow;

use super::units::{Unit, span, units};

/// Parts of a secret parameter's name.
const IN_NAMES: &[&str] =
    &["token", "key", "secret", "passw", "pwd", "auth", "credential", "signature", "bearer"];
/// Whole words of a secret parameter's name: other words contain them too (`path`, `design`).
const WORDS: &[&str] = &["sig", "pat", "pass", "pw", "jwt"];
/// Bytes that begin a parameter.
const MARKS: &[u8] = b"?#&;";

/// Removes the parameters that are secrets.
pub(super) fn strip(url: &str) -> Cow<'_, str> {
    if !url.contains(['?', '#', '&', ';', '%']) {
        return Cow::Borrowed(url);
    }
    let units = units(url);
    let opens = |unit: &Unit| unit.is_any(b"?#");
    let first = units.iter().position(|unit| unit.is_any(MARKS)).unwrap_or(units.len());
    let mut clean = url[span(url, &units, 0..first)].to_owned();
    // Mark of a query or fragment whose first parameters were removed.
    let mut opened = None;
    let (mut at, mut dropped, mut dropping) = (first, false, false);
    while at < units.len() {
        let mark = units[at];
        let end = |ends: &dyn Fn(&Unit) -> bool| {
            units[at + 1..].iter().position(ends).map_or(units.len(), |end| at + 1 + end)
        };
        let mut next = end(&|unit| unit.is_any(MARKS));
        let equals = units[at + 1..next].iter().position(|unit| unit.byte == b'=');
        dropping = match equals {
            Some(equals) => is_secret(&units[at + 1..at + 1 + equals]),
            // A part without a name is the rest of a value that contains a mark; only a fragment
            // stands alone.
            None => dropping && !mark.is_any(b"#"),
        };
        if dropping {
            if !mark.encoded {
                next = end(&|unit| unit.is_plain(MARKS));
            }
            if mark.is_plain(b"?#") && equals.is_some() {
                opened = Some(at);
            }
            dropped = true;
        } else {
            let continues = opened.take().filter(|_| !opens(&mark));
            let mark = continues.unwrap_or(at);
            clean.push_str(&url[span(url, &units, mark..mark + 1)]);
            clean.push_str(&url[span(url, &units, at + 1..next)]);
        }
        at = next;
    }
    if dropped { Cow::Owned(clean) } else { Cow::Borrowed(url) }
}

fn is_secret(name: &[Unit]) -> bool {
    let name: Vec<u8> = name.iter().map(|unit| unit.byte.to_ascii_lowercase()).collect();
    let name = String::from_utf8_lossy(&name);
    let mut words = name.split(|character: char| !character.is_ascii_alphanumeric());
    IN_NAMES.iter().any(|part| name.contains(part)) || words.any(|word| WORDS.contains(&word))
}
