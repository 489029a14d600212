//! What a check found: one shape for every rule, so that people, JSON and tests all read the same thing.

use std::fmt;

use serde::Serialize;

/// Names one thing that is wrong, and how to mend it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Finding {
    /// Where it is: a path relative to the repository, with `:line` where a line is known, or a package.
    pub place: String,
    /// Which rule was broken: `check/rule`.
    pub rule: &'static str,
    /// What is wrong, and why that matters.
    pub reason: String,
    /// What to type or to write next.
    pub mend: String,
}

impl Finding {
    /// Makes a finding.
    pub fn new(
        place: impl Into<String>,
        rule: &'static str,
        reason: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self { place: place.into(), rule, reason: reason.into(), mend: mend.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} [{}]\n    {}\n    → {}", self.place, self.rule, self.reason, self.mend)
    }
}

/// Renders findings for people, one block each, in the order of files and lines.
pub fn render(findings: &[Finding]) -> String {
    let mut sorted: Vec<&Finding> = findings.iter().collect();
    sorted.sort_by_key(|finding| (finding.position(), *finding));
    sorted.iter().map(|finding| format!("{finding}\n")).collect()
}

impl Finding {
    /// Splits the place into file and line, so that line 9 comes before line 10.
    fn position(&self) -> (&str, usize) {
        let parts = self.place.rsplit_once(':');
        parts.and_then(|(path, line)| Some((path, line.parse().ok()?))).unwrap_or((&self.place, 0))
    }
}
