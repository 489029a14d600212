//! Findings: one shape for every rule, which people, JSON and tests all read.

use std::fmt;

use serde::Serialize;

/// Broken rule, with its fix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Path relative to the repository, with `:line` where a line is known; or a package.
    pub place: String,
    /// Name of the broken rule: `check/rule`.
    pub rule: &'static str,
    /// Fact that breaks the rule, and why it matters.
    pub reason: String,
    /// Text to type or to write next.
    pub fix: String,
}

impl Finding {
    pub fn new(
        place: impl Into<String>,
        rule: &'static str,
        reason: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self { place: place.into(), rule, reason: reason.into(), fix: fix.into() }
    }

    /// Splits the place into file and line, so that line 9 comes before line 10.
    fn position(&self) -> (&str, usize) {
        let parts = self.place.rsplit_once(':');
        parts.and_then(|(path, line)| Some((path, line.parse().ok()?))).unwrap_or((&self.place, 0))
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]\n    {}\n    → {}", self.place, self.rule, self.reason, self.fix)
    }
}

/// Renders findings for people, one block each, in the order of files and lines.
pub fn render(findings: &[Finding]) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| (finding.position(), *finding));
    sorted.iter().map(|finding| format!("{finding}\n")).collect()
}
