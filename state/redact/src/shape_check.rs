//! Distinguishes secrets from text of the same shape: masks, placeholders, numbers.

use std::sync::LazyLock;

use regex::Regex;

/// Returns true if text has a digit or letters of both cases, as keys have.
pub(crate) fn is_mixed(text: &str) -> bool {
    let has = |test: fn(&u8) -> bool| text.bytes().any(|byte| test(&byte));
    has(u8::is_ascii_digit) || (has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase))
}

/// Returns true if text looks random: mixed, of many different characters, and no placeholder.
pub(crate) fn looks_random(text: &str) -> bool {
    const DISTINCT: u32 = 6;
    // One bit for each ASCII character: keys have no others.
    let seen = text.bytes().filter(u8::is_ascii).fold(0_u128, |seen, byte| seen | 1 << byte);
    is_mixed(text) && seen.count_ones() >= DISTINCT && !is_placeholder(text)
}

/// Returns true if text only stands for a secret: a variable, a mask, a mark of ours, an
/// instruction.
pub(crate) fn is_placeholder(text: &str) -> bool {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?x)\A(?:
              \$ (?: [A-Za-z_]\w*\z | \{ | \( | \[ )      # $NAME, ${NAME}, $(command)
            | % [A-Za-z_]\w* % \z                         # %NAME%
            | \{\{ | <[^>\n]{1,80}> \z | \[ | \{ \w* \} \z  # templates, and our own mark
            | [*.•x?\#_X…-]+ \z                           # masks
            | (?i-u: your | my[_-] | example | placeholder | insert[_-] | replace[_-] | redacted | changeme \z )
            )",
        )
        .expect("the pattern is right: tests use it")
    });
    PATTERN.is_match(text)
        || text.contains(crate::MARK)
        || text.contains("***")
        || (text.len() <= 32 && (text.contains("...") || text.contains('…')))
}

/// Returns true if text has a token's header, which is Base64 of JSON, and another part behind a
/// dot.
pub(crate) fn is_json_web_token(text: &str) -> bool {
    const SHORTEST: usize = 8;
    let is_header = |part: &str| part.starts_with("eyJ") && part.len() > SHORTEST;
    text.split('.')
        .zip(text.split('.').skip(1))
        .any(|(header, rest)| is_header(header) && rest.len() >= SHORTEST)
}

/// Returns true if the part after a colon, or the whole text without a colon, is a password:
/// neither a group's number nor a placeholder.
pub(crate) fn is_password_of_login(text: &str) -> bool {
    let (name, password) = text.split_once(':').unwrap_or(("", text));
    let is_group =
        !name.is_empty() && !is_mixed(password) || password.bytes().all(|byte| byte.is_ascii_digit());
    !is_group && !is_placeholder(password)
}

/// Returns true for a credential of HTTP's Basic scheme: Base64 of a name, a colon and a password.
pub(crate) fn is_basic_credential(text: &str) -> bool {
    let sextets = text.bytes().filter_map(|byte| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    });
    let sextets: Vec<u8> = sextets.collect();
    let bytes = sextets.chunks(4).flat_map(|four| {
        let bits =
            four.iter().fold(0_u32, |bits, sextet| bits << 6 | u32::from(*sextet)) << (6 * (4 - four.len()));
        let bytes = [(bits >> 16) as u8, (bits >> 8) as u8, bits as u8];
        bytes.into_iter().take(four.len().saturating_sub(1))
    });
    let bytes: Vec<u8> = bytes.collect();
    bytes.contains(&b':') && std::str::from_utf8(&bytes).is_ok_and(|text| !text.chars().any(char::is_control))
}
