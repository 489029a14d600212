//! Prefilter: finds the places where a secret may begin, with one automaton. Most texts have none.

use std::ops::Range;
use std::sync::{LazyLock, OnceLock};

use regex::Regex;

use crate::name::{ENDINGS, KEY_QUALIFIERS, LAST_WORDS};
use crate::shape_table::TABLE;

/// Matches the first bytes of a shape, or the last word of a secret's name.
///
/// Every alternative has a bounded length, so that the time stays linear however often the search
/// restarts. Compiled when a text has a hint: that takes as long as searching megabytes.
static CANDIDATE: OnceLock<Regex> = OnceLock::new();

/// Words of names, one of which is in every name of a secret, and the mark of a Telegram token.
#[rustfmt::skip]
const HINTS: &[&str] = &[
    "auth", "cookie", "cred", "key", "mnemonic", "pass", "pat", "phrase", "pw", "secret", "signature",
    "token", "words", ":AA",
];

/// Number of letters and digits in a row that counts as a hint. The shapes whose first literal is
/// too short for [`BY_FIRST_BYTE`] begin with at least as many.
const RUN: usize = 20;

/// Hints and first literals of shapes, by their first byte in either case. A shape with a literal
/// of one or two bytes is left out: nearly every text has that.
static BY_FIRST_BYTE: LazyLock<Vec<Vec<&'static str>>> = LazyLock::new(|| {
    let starts = TABLE.iter().filter(|rule| rule.starts.iter().all(|start| start.len() > 2));
    let hints = || HINTS.iter().chain(starts.clone().flat_map(|rule| rule.starts)).copied();
    let of = |byte: u8| hints().filter(|hint| hint.as_bytes()[0].eq_ignore_ascii_case(&byte)).collect();
    (0..=u8::MAX).map(of).collect()
});

/// Returns true if a text may hold a candidate.
fn has_hint(text: &[u8]) -> bool {
    let mut run = 0;
    text.iter().enumerate().any(|(at, byte)| {
        run = if byte.is_ascii_alphanumeric() { run + 1 } else { 0 };
        let begins = |hint: &&str| {
            text.get(at..at + hint.len()).is_some_and(|text| text.eq_ignore_ascii_case(hint.as_bytes()))
        };
        run == RUN || BY_FIRST_BYTE[usize::from(*byte)].iter().any(begins)
    })
}

/// Returns the patterns of every candidate.
fn leads() -> Vec<String> {
    let mut leads: Vec<String> = TABLE.iter().map(crate::shape::Rule::lead).collect();
    leads.push(format!(r#"(?i-u:{})(?:\\{{0,7}}["'`][ \t]{{0,8}},|[\\"'`\] \t]{{0,10}}[:=]|>)"#, name_end()));
    leads.push(format!(r"--[A-Za-z0-9-]{{0,32}}(?i-u:{})[ \t]{{1,8}}[^\s-]", name_end()));
    leads
}

fn compile() -> Regex {
    Regex::new(&leads().join("|")).expect("the leads of the table compile: a test compiles each")
}

/// Returns a pattern for the end of a secret's name: its last word, and what may follow that.
fn name_end() -> String {
    let keys = format!("(?:{})[_ .-]?keys?", KEY_QUALIFIERS.join("|"));
    format!(
        "(?:{}|{keys})(?:[_.-]?(?:{})){{0,2}}(?:[_.-]?[0-9]{{1,3}})?",
        LAST_WORDS.join("|"),
        ENDINGS.join("|")
    )
}

/// Finds the next candidate at or after `from`.
pub(crate) fn next(text: &str, from: usize) -> Option<Range<usize>> {
    if CANDIDATE.get().is_none() && !has_hint(text.as_bytes()) {
        return None;
    }
    CANDIDATE.get_or_init(compile).find_at(text, from).map(|found| found.range())
}

#[cfg(test)]
mod tests;
