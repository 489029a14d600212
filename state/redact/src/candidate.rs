//! Prefilter: finds the places where a secret may begin, with one automaton. Most texts have none.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::name::{ENDINGS, KEY_QUALIFIERS, LAST_WORDS};
use crate::shape_table::TABLE;

/// Matches the first bytes of a shape, or the last word of a secret's name.
///
/// Every alternative has a bounded length, so that the time stays linear however often the search
/// restarts.
static CANDIDATE: LazyLock<Regex> = LazyLock::new(|| {
    let mut leads: Vec<String> = TABLE.iter().map(crate::shape::Rule::lead).collect();
    leads.push(format!(r#"(?i-u:{})(?:\\{{0,7}}["'`][ \t]{{0,8}},|[\\"'`\] \t]{{0,10}}[:=]|>)"#, name_end()));
    leads.push(format!(r"--[A-Za-z0-9-]{{0,32}}(?i-u:{})[ \t]{{1,8}}[^\s-]", name_end()));
    Regex::new(&leads.join("|")).expect("the leads of the table compile: a test compiles each")
});

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
    CANDIDATE.find_at(text, from).map(|found| found.range())
}
