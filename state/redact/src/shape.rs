//! A rule for secrets that have a shape of their own.

use std::ops::Range;

use regex::Regex;

/// One shape of secret.
pub(crate) struct Rule {
    /// Kind of the secret, for its mark `[redacted:<kind>]`.
    pub(crate) kind: &'static str,
    /// Literals that a match begins with, for the prefilter.
    pub(crate) starts: &'static [&'static str],
    /// Pattern for the prefilter, where `starts` alone would be found everywhere.
    pub(crate) lead: Option<&'static str>,
    /// Pattern of the shape, from its first byte. If it has groups, the matching group is the
    /// secret.
    pub(crate) pattern: &'static str,
    /// True if the shape may begin in the middle of a word.
    pub(crate) inside_words: bool,
    /// Further test of the secret.
    pub(crate) check: fn(&str) -> bool,
}

/// Defaults of a rule.
pub(crate) const RULE: Rule =
    Rule { kind: "", starts: &[], lead: None, pattern: "", inside_words: false, check: |_| true };

impl Rule {
    /// Returns the rule's pattern for the prefilter.
    pub(crate) fn lead(&self) -> String {
        match self.lead {
            Some(lead) => lead.to_owned(),
            None => self.starts.iter().map(|start| regex::escape(start)).collect::<Vec<_>>().join("|"),
        }
    }

    /// Finds the secret at the beginning of a text.
    pub(crate) fn secret(&self, pattern: &Regex, rest: &str) -> Option<Range<usize>> {
        if pattern.captures_len() == 1 {
            return pattern.find(rest).map(|found| found.range());
        }
        let captures = pattern.captures(rest)?;
        captures.iter().skip(1).flatten().next().map(|secret| secret.range())
    }
}
