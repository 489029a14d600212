//! Finds the beginning of words in text that may be escaped.
//!
//! A key right after a line break of a JSON string (`\n`), a percent-escape (`%3D`) or a terminal's
//! colour (`ESC[31m`) has a letter or digit before it which is not part of its word.

/// Returns true if a word can begin at `at`: no letter or digit stands before it, except at the
/// end of an escape.
pub(crate) fn starts_word(text: &[u8], floor: usize, at: usize) -> bool {
    let before = &text[floor..at];
    match before.last() {
        Some(byte) if byte.is_ascii_alphanumeric() => ends_in_escape(before),
        _ => true,
    }
}

/// Returns true if these bytes end in an escape sequence.
fn ends_in_escape(before: &[u8]) -> bool {
    let hex = |count: usize| before[before.len().saturating_sub(count)..].iter().all(u8::is_ascii_hexdigit);
    match before {
        [.., b'\\', b'n' | b'r' | b't' | b'b' | b'f' | b'v' | b'0'] => true,
        [.., b'%', _, _] | [.., b'\\', b'x', _, _] => hex(2),
        [.., b'\\', b'u', _, _, _, _] => hex(4),
        [.., b'm'] => ends_in_colour(before),
        _ => false,
    }
}

/// Returns true if these bytes end in a terminal's colour sequence, raw or with its escape
/// character spelt out.
fn ends_in_colour(before: &[u8]) -> bool {
    // The longest in use, a foreground and a background of 24 bits, has 38.
    let tail = &before[before.len().saturating_sub(40)..before.len() - 1];
    let Some(bracket) = tail.iter().rposition(|byte| !(byte.is_ascii_digit() || *byte == b';')) else {
        return false;
    };
    let (escape, rest) = tail.split_at(bracket);
    rest.first() == Some(&b'[')
        && [&b"\x1b"[..], b"1b", b"1B", b"33", b"\\e"].iter().any(|end| escape.ends_with(end))
}
