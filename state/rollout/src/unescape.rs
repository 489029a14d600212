//! Decodes the inside of a JSON string, character by character: no more of it than is asked for, and whatever stands there.

use std::iter;

/// The characters of what stands between a JSON string's quotes. Half of a surrogate pair becomes U+FFFD, where serde
/// refuses the whole string: an agent that cuts a text at some length leaves such halves.
pub(crate) fn unescaped(inner: &str) -> impl Iterator<Item = char> {
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

/// The character of the `\uXXXX` that `text` starts with, or of two that are a pair.
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

/// The UTF-16 unit that `text` starts with, if that is an escape.
fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, rest) = text.strip_prefix("\\u")?.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, rest))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn halves_of_pairs_are_replaced_and_nothing_else() {
        for (inner, text) in [
            (r"cut emoji \ud83d", "cut emoji \u{fffd}"),
            (r"\ude00 x", "\u{fffd} x"),
            (r"\ud83d\ud83d\ude00", "\u{fffd}😀"),
            (r"\ud83dA", "\u{fffd}A"),
            (r"\ud83d\u0041\n", "\u{fffd}A\n"),
            (r"\\ud83d", r"\ud83d"),
            (r#"\"\/\b\f\n\r\t\u00e9é"#, "\"/\u{8}\u{c}\n\r\téé"),
            (r"\u12", "\u{fffd}12"),
        ] {
            assert_eq!(unescaped(inner).collect::<String>(), text, "{inner}");
        }
    }

    proptest! {
        #[test]
        fn it_decodes_as_serde_does(text in any::<String>(), ascii in any::<bool>()) {
            let mut json = serde_json::Value::from(text.clone()).to_string();
            if ascii {
                let escape = |unit: u16| format!("\\u{unit:04x}");
                json = format!("\"{}\"", text.encode_utf16().map(escape).collect::<String>());
            }
            prop_assert_eq!(unescaped(&json[1..json.len() - 1]).collect::<String>(), text);
        }
    }
}
