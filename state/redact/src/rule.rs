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
}

/// Holds the patterns of [`TABLE`], compiled, in its order.
static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    let compile = |rule: &Rule| Regex::new(&format!(r"\A(?:{})", rule.pattern));
    TABLE
        .iter()
        .map(|rule| compile(rule).expect("a pattern of the table compiles: a test compiles each"))
        .collect()
});

/// Finds the secret whose shape begins at `start`: where it is, and its kind.
///
/// Nothing before `floor` is looked at: it belongs to the finding before this one.
pub(crate) fn find_at(text: &str, floor: usize, start: usize) -> Option<(Range<usize>, &'static str)> {
    let rest = &text[start..];
    let at_edge = edge::starts_word(text.as_bytes(), floor, start);
    TABLE.iter().zip(PATTERNS.iter()).find_map(|(rule, pattern)| {
        let begins = rule.starts.iter().any(|literal| rest.starts_with(literal));
        if !begins || !(rule.inside_words || at_edge) {
            return None;
        }
        let captures = pattern.captures(rest)?;
        let secret = captures.iter().skip(1).flatten().next().or_else(|| captures.get(0))?;
        let fits = !secret.as_str().contains(crate::MARK) && (rule.check)(secret.as_str());
        fits.then(|| (start + secret.start()..start + secret.end(), rule.kind))
    })
}
