//! `-- audit: allow <rule>: <why>`: an exception, above the statement it is for.

use std::cell::Cell;

use super::replay::{Replay, Step};
use super::sql::Comment;
use crate::finding::Finding;

/// Broken rule: name, reason, and what to do instead.
pub(super) struct Broken {
    pub(super) rule: &'static str,
    pub(super) reason: String,
    pub(super) instead: &'static str,
}

impl Broken {
    pub(super) fn new(rule: &'static str, reason: impl Into<String>, instead: &'static str) -> Self {
        Self { rule, reason: reason.into(), instead }
    }

    pub(super) fn at(self, place: String) -> Finding {
        let rule = self.rule.trim_start_matches("migrations/");
        let fix = format!("{}; or write above it `-- audit: allow {rule}: WHY`", self.instead);
        Finding::new(place, self.rule, self.reason, fix)
    }
}

/// Exceptions of a crate's migrations.
pub(super) struct Allowances(Vec<Allowance>);

struct Allowance {
    place: String,
    /// Place of its statement; `None` at the end of a file.
    statement: Option<String>,
    /// Rule that it lifts, or why it lifts none.
    rule: Result<String, String>,
    is_used: Cell<bool>,
}

impl Allowances {
    /// Reads the exceptions in comments of migrations above a version.
    pub(super) fn read(replay: &Replay, released: u32) -> Self {
        let mut found = Vec::new();
        let mut add = |file: &str, comment: &Comment, statement: Option<String>| {
            if let Some(rule) = parse(&comment.text) {
                let place = format!("{file}:{}", comment.line);
                found.push(Allowance { place, statement, rule, is_used: Cell::new(false) });
            }
        };
        for step in replay.steps.iter().filter(|step| step.version > released) {
            step.statement.comments.iter().for_each(|one| add(&step.file, one, Some(step.place())));
        }
        for (_, file, comment) in replay.loose.iter().filter(|(version, ..)| *version > released) {
            add(file, comment, None);
        }
        Self(found)
    }

    /// Returns true if a statement may break a rule.
    pub(super) fn allows(&self, step: &Step, rule: &str) -> bool {
        let (rule, place) = (rule.trim_start_matches("migrations/"), Some(step.place()));
        let is_meant = |one: &&Allowance| one.statement == place && one.rule.as_deref() == Ok(rule);
        self.0.iter().find(is_meant).inspect(|one| one.is_used.set(true)).is_some()
    }

    /// Lists the malformed exceptions and the unused ones, after every use.
    pub(super) fn findings(self) -> Vec<Finding> {
        let unused = self.0.into_iter().filter(|one| !one.is_used.get()).map(|one| {
            let (reason, fix) = match one.rule {
                Ok(rule) => (
                    format!("it allows `{rule}`, and nothing here needs that"),
                    "remove the comment, or put it right above the statement it is for",
                ),
                Err(reason) => (reason, "write `-- audit: allow RULE: WHY` in one line, above the statement"),
            };
            Finding::new(one.place, "migrations/allow", reason, fix)
        });
        unused.collect()
    }
}

/// Reads a comment: no exception, a malformed one, or the rule that it lifts.
fn parse(comment: &str) -> Option<Result<String, String>> {
    let rest = comment.trim_start_matches('-').trim_start().strip_prefix("audit:")?;
    let Some((rule, why)) = rest.trim().strip_prefix("allow ").and_then(|rest| rest.split_once(':')) else {
        return Some(Err("it looks like an exception, and names no rule".to_owned()));
    };
    if why.trim().is_empty() {
        return Some(Err(format!("it allows `{}` and does not say why", rule.trim())));
    }
    Some(Ok(rule.trim().to_owned()))
}
