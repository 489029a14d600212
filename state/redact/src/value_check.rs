//! Distinguishes a secret value from code, prose, a path or a placeholder after the same name.

use std::sync::LazyLock;

use regex::Regex;

use crate::name::{self, NameKind};
use crate::separator::Separator;
use crate::shape_check::{is_mixed, is_placeholder};
use crate::value::{HEAD, Value};

/// Words that stand in a secret's place: types, states, and words of documentation.
#[rustfmt::skip]
const WORDS: &[&str] = &[
    "any", "args", "authentication", "base64", "bool", "boolean", "bytes", "char", "default",
    "disabled", "empty", "enabled", "env", "err", "error", "expired", "false", "field", "file",
    "function", "header", "hidden", "incorrect", "input", "int", "integer", "invalid", "keychain",
    "keyring", "masked", "missing", "n/a", "never", "nil", "no", "none", "null", "number", "object",
    "off", "ok", "omitted", "on", "optional", "prompt", "redacted", "removed", "required", "scheme",
    "sensitive", "set", "stdin", "str", "string", "text", "true", "undefined", "unknown", "unset",
    "valid", "value", "varchar", "wrong", "yes",
];

/// Returns true if the value of a name of this kind is a secret.
pub(crate) fn is_secret(text: &str, kind: NameKind, separator: Separator, value: &Value) -> bool {
    let head = head(&text[value.range.clone()]);
    if is_structure(head, value) || is_stand_in(head) {
        return false;
    }
    let after = &text[value.range.end..];
    match (kind, separator, value.quoted) {
        (NameKind::Strong, Separator::Comma, _) => is_weak_secret(head) && !head.contains(' '),
        (NameKind::Strong, _, true) => true,
        (NameKind::Strong, Separator::Loose, false) => !is_code(head) && is_loose_secret(head, after),
        (NameKind::Strong, Separator::Option, false) => !is_prose(head, after),
        (NameKind::Strong, ..) => !is_code(head),
        (_, Separator::Loose, false) => is_weak_secret(head) && !is_code(head) && !is_type(head),
        _ => is_weak_secret(head) && (value.quoted || !is_code(head)),
    }
}

/// Returns true if a value may be a credential after the name of its scheme, even if it is all
/// letters.
pub(crate) fn is_credential(value: &str) -> bool {
    !value.is_empty() && !is_stand_in(value) && !is_code(value)
}

/// Returns true if a value looks like a key: long enough, mixed, and no number.
pub(crate) fn is_weak_secret(value: &str) -> bool {
    const SHORTEST: usize = 8;
    const SHORTEST_NUMBER: usize = 16;
    let number = value.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b',' | b'-'));
    let shortest = if number { SHORTEST_NUMBER } else { SHORTEST };
    value.len() >= shortest && is_mixed(value) && !value.contains(char::is_whitespace) && !is_stand_in(value)
}

/// Returns the first bytes of a value, to the end of a character.
fn head(value: &str) -> &str {
    &value[..value.floor_char_boundary(HEAD)]
}

/// Returns true if a value stands for a secret: a placeholder, a word of documentation, a path,
/// another secret's name.
fn is_stand_in(value: &str) -> bool {
    static PATH: LazyLock<Regex> = LazyLock::new(|| {
        let roots = "app|dev|etc|home|media|mnt|opt|path|private|proc|root|run|secrets?|srv|sys|tmp|Users|usr|var|work|workspace";
        Regex::new(&format!(
            r"\A(?:/(?:{roots})(?:/|\z)|\.{{1,2}}/|~/|[A-Za-z]:\\|file:|env:|https?://[^@]*\z)"
        ))
        .expect("the pattern is right: tests use it")
    });
    let is_word = value.len() <= 16 && WORDS.iter().any(|word| word.eq_ignore_ascii_case(value));
    is_word || is_placeholder(value) || is_template(value) || PATH.is_match(value) || is_name_of_secret(value)
}

/// Returns true for the rest of a structure behind a string that ends with the name: `"Enter your
/// password: ","next":`.
fn is_structure(head: &str, value: &Value) -> bool {
    let rest = head.trim_start_matches([',', ':', '{', '}', '[', ']', '(', ')', ';', ' ', '\n']);
    rest.is_empty() || (value.quoted && !value.closed && rest.len() < head.len())
}

/// Returns true if a program fills in the value when it runs.
fn is_template(value: &str) -> bool {
    let marks = [b"${", b"{{", b"#{", b"{}", b"%s", b"$("];
    value.as_bytes().windows(2).any(|pair| marks.iter().any(|mark| *mark == pair))
}

/// Returns true if a value is itself the name of a secret, as a variable's or a key's:
/// `user_password`, `config.token`.
fn is_name_of_secret(value: &str) -> bool {
    let is_name = value.bytes().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.' | b'-'));
    let has_parts = value.bytes().any(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'.' | b'-'));
    let is_bare_word =
        ["password", "passwd", "secret", "token", "passphrase", "credentials", "auth"].contains(&value);
    value.len() <= 64 && is_name && (is_bare_word || (has_parts && name::kind(value).is_some()))
}

/// Returns true if a value without quotes is an expression in code.
fn is_code(value: &str) -> bool {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        let receivers = "self|this|super|crate|config|cfg|settings|args|opts|options|params|process|os|env|req|request|ctx|props|secrets|vars|std";
        Regex::new(&format!(
            r"\A(?:[({{\[!*@]|(?:{receivers})(?:\.|::)|[A-Za-z_]\w*(?:(?:\.|::|\?\.)[A-Za-z_]\w*)*(?:!?\(|\[|::|\?\.))"
        ))
        .expect("the pattern is right: tests use it")
    });
    PATTERN.is_match(value)
}

/// Returns true if a value without quotes is a type's name: capitalised words without a gap.
fn is_type(value: &str) -> bool {
    static PATTERN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\A(?:[A-Z][a-z]+){1,5}[0-9]{0,4}\z").expect("the pattern is right: tests use it")
    });
    PATTERN.is_match(value)
}

/// Returns true if a bare value after `name: ` or `name = ` is a secret, and not the next word of a
/// sentence or a type.
fn is_loose_secret(value: &str, after: &str) -> bool {
    const SHORTEST: usize = 4;
    if value.chars().all(|character| character.is_alphabetic() || matches!(character, '_' | '-' | '/')) {
        let is_type = value.starts_with(char::is_uppercase) || value.contains('_');
        return !is_type && !after.starts_with([',', ';', '<', '\'', ')', ']']) && !is_prose(value, after);
    }
    value.len() >= SHORTEST
}

/// Returns true if a value is a word and another one follows it.
fn is_prose(value: &str, after: &str) -> bool {
    let is_word = |text: &str| text.chars().next().is_some_and(|first| first.is_alphabetic() || first == '[');
    let all_letters =
        value.chars().all(|character| character.is_alphabetic() || matches!(character, '\'' | '-' | '/'));
    all_letters && after.trim_start_matches([',', '.', ':', '\'']).strip_prefix(' ').is_some_and(is_word)
}
