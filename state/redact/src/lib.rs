//! Takes secrets out of text. (Documentation follows.)

mod assignment;
mod candidate;
mod check;
mod edge;
mod judge;
mod kinds;
mod name;
mod pem;
mod rule;
mod separator;
mod table;
mod value;

use std::borrow::Cow;

pub use crate::kinds::{Kind, kinds};
pub use crate::name::is_secret_name;

/// What every mark that stands in a secret's place begins with.
const MARK: &str = "[redacted:";

/// Takes every secret out of a text: each becomes `[redacted:<kind>]`.
///
/// A text in which nothing is found comes back borrowed. The kinds are those of [`kinds`]. Redacting twice is the same
/// as redacting once.
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut redacted = String::new();
    let mut copied = 0;
    let mut from = 0;
    while let Some(candidate) = candidate::next(text, from) {
        let Some((secret, kind)) = find(text, copied, candidate.start) else {
            // A candidate begins with an ASCII character, so the next byte begins a character too.
            from = candidate.start + 1;
            continue;
        };
        redacted.push_str(&text[copied..secret.start]);
        redacted.extend([MARK, kind, "]"]);
        copied = secret.end;
        from = secret.end;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    redacted.push_str(&text[copied..]);
    Cow::Owned(redacted)
}

/// Finds the secret that begins at a candidate or that the name there holds.
fn find(text: &str, floor: usize, start: usize) -> Option<(std::ops::Range<usize>, &'static str)> {
    rule::find_at(text, floor, start).or_else(|| assignment::find_at(text, floor, start))
}
