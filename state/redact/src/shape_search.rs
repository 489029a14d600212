//! Finds the secret whose shape begins at one place of a text.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::shape::Rule;
use crate::shape_table::TABLE;
use crate::word_start;

/// Compiled patterns of [`TABLE`], in its order.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let compile = |rule: &Rule| Regex::new(&format!(r"\A(?:{})", rule.pattern));
    TABLE
        .iter()
        .map(|rule| compile(rule).expect("a pattern of the table compiles: a test compiles each"))
        .collect()
});

/// Rules by the first byte of their matches.
static BY_FIRST_BYTE: LazyLock<Vec<Vec<usize>>> = LazyLock::new(|| {
    let begins =
        |rule: &Rule, byte: u8| rule.starts.iter().any(|start| start.as_bytes().first() == Some(&byte));
    let rules_of = |byte| (0..TABLE.len()).filter(|&index| begins(&TABLE[index], byte)).collect();
    (0..=u8::MAX).map(rules_of).collect()
});

/// Search for shapes in one text.
pub(crate) struct Shapes {
    /// For each rule, the end of the last run that had its shape and was no secret. A match that
    /// begins in that run would end there too, so that each rule reads a long run only once.
    refused: [usize; TABLE.len()],
}

impl Shapes {
    /// Begins a search.
    pub(crate) fn new() -> Self {
        Self { refused: [0; TABLE.len()] }
    }

    /// Finds the secret whose shape begins at `start`. Returns its range and kind.
    ///
    /// Ignores the text before `floor`, which belongs to the finding before this one.
    pub(crate) fn find_at(
        &mut self,
        text: &str,
        floor: usize,
        start: usize,
    ) -> Option<(Range<usize>, &'static str)> {
        let rest = &text[start..];
        let rules = &BY_FIRST_BYTE[usize::from(*rest.as_bytes().first()?)];
        let at_edge = word_start::starts_word(text.as_bytes(), floor, start);
        for &index in rules {
            let (rule, pattern, refused) = (&TABLE[index], &PATTERNS[index], &mut self.refused[index]);
            let begins = start >= *refused && rule.starts.iter().any(|literal| rest.starts_with(literal));
            if !begins || !(rule.inside_words || at_edge) {
                continue;
            }
            let Some(secret) = rule.secret(pattern, rest) else { continue };
            let range = start + secret.start..start + secret.end;
            let secret = &text[range.clone()];
            // A run that ends at a mark was longer before the text was redacted the first time.
            let is_whole = !secret.contains(crate::MARK) && !text[range.end..].starts_with(crate::MARK);
            if is_whole && (rule.check)(secret) {
                return Some((range, rule.kind));
            }
            *refused = range.end;
        }
        None
    }
}
