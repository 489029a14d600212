//! Describes a rule for secrets that tell themselves by their shape, and tries it at one place of a text.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::edge;
use crate::table::TABLE;

/// Describes one shape of secret.
pub(crate) struct Rule {
    /// What stands in the place of the secret: `[redacted:<kind>]`.
    pub(crate) kind: &'static str,
    /// What the rule finds, for people.
    pub(crate) finds: &'static str,
    /// The literals a match can begin with: the cheap test that spares most texts every other.
    pub(crate) starts: &'static [&'static str],
    /// A pattern for the first look in place of `starts`, where those alone would be found everywhere.
    pub(crate) lead: Option<&'static str>,
    /// The shape itself, from its first byte. The group that takes part, if there is one, is what is taken out.
    pub(crate) pattern: &'static str,
    /// Whether it may begin in the middle of a word.
    pub(crate) inside_words: bool,
    /// What a regular expression cannot say of the secret.
    pub(crate) check: fn(&str) -> bool,
}

/// Holds what is the same for most rules.
pub(crate) const RULE: Rule =
    Rule { kind: "", finds: "", starts: &[], lead: None, pattern: "", inside_words: false, check: |_| true };

impl Rule {
    /// Gives the pattern by which the first look finds where this rule is worth trying.
    pub(crate) fn lead(&self) -> String {
        match self.lead {
            Some(lead) => lead.to_owned(),
            None => self.starts.iter().map(|start| regex::escape(start)).collect::<Vec<_>>().join("|"),
        }
    }

    /// Finds what has this shape at the beginning of a text.
    fn secret(&self, pattern: &Regex, rest: &str) -> Option<Range<usize>> {
        if pattern.captures_len() == 1 {
            return pattern.find(rest).map(|found| found.range());
        }
        let captures = pattern.captures(rest)?;
        captures.iter().skip(1).flatten().next().map(|secret| secret.range())
    }
}

/// Holds the patterns of [`TABLE`], compiled, in its order.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let compile = |rule: &Rule| Regex::new(&format!(r"\A(?:{})", rule.pattern));
    TABLE
        .iter()
        .map(|rule| compile(rule).expect("a pattern of the table compiles: a test compiles each"))
        .collect()
});

/// Holds for each byte the rules that can begin with it: none, for most of the names that are candidates too.
static BY_FIRST_BYTE: LazyLock<Vec<Vec<usize>>> = LazyLock::new(|| {
    let begins =
        |rule: &Rule, byte: u8| rule.starts.iter().any(|start| start.as_bytes().first() == Some(&byte));
    let rules_of = |byte| (0..TABLE.len()).filter(|&index| begins(&TABLE[index], byte)).collect();
    (0..=u8::MAX).map(rules_of).collect()
});

/// Tries the rules at one place of a text after the other.
pub(crate) struct Shapes {
    /// For each rule, the end of what had its shape and was no secret. What begins in there would end there too, and
    /// be as little of a secret, so that it is not read again: a long run is read once by each rule.
    refused: [usize; TABLE.len()],
}

impl Shapes {
    /// Begins a text.
    pub(crate) fn new() -> Self {
        Self { refused: [0; TABLE.len()] }
    }

    /// Finds the secret whose shape begins at `start`: where it is, and its kind.
    ///
    /// Nothing before `floor` is looked at: it belongs to the finding before this one.
    pub(crate) fn find_at(
        &mut self,
        text: &str,
        floor: usize,
        start: usize,
    ) -> Option<(Range<usize>, &'static str)> {
        let rest = &text[start..];
        let rules = &BY_FIRST_BYTE[usize::from(*rest.as_bytes().first()?)];
        let at_edge = edge::starts_word(text.as_bytes(), floor, start);
        for &index in rules {
            let (rule, pattern, refused) = (&TABLE[index], &PATTERNS[index], &mut self.refused[index]);
            let begins = start >= *refused && rule.starts.iter().any(|literal| rest.starts_with(literal));
            if !begins || !(rule.inside_words || at_edge) {
                continue;
            }
            let Some(secret) = rule.secret(pattern, rest) else { continue };
            let range = start + secret.start..start + secret.end;
            let secret = &text[range.clone()];
            // What ends at a mark went on before the mark was there, and was no such secret then.
            let is_whole = !secret.contains(crate::MARK) && !text[range.end..].starts_with(crate::MARK);
            if is_whole && (rule.check)(secret) {
                return Some((range, rule.kind));
            }
            *refused = range.end;
        }
        None
    }
}
