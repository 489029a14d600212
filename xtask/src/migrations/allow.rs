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
    /// Turns it into a finding.
    pub(super) fn at(self, place: String) -> Finding {
        let rule = self.rule.trim_start_matches("migrations/");
        let fix = format!("{}; or write above it `-- audit: allow {rule}: WHY`", self.instead);
        Finding::new(place, self.rule, self.reason, fix)
    }
}

/// Exceptions of a crate's migrations.
pub(super) struct Allowances {
    all: Vec<Allowance>,
    malformed: Vec<Finding>,
}

struct Allowance {
    place: String,
    /// File and line of its statement.
    statement: Option<(String, usize)>,
    rule: String,
    is_used: Cell<bool>,
}

impl Allowances {
    /// Reads the exceptions in comments of migrations above a version.
    pub(super) fn read(replay: &Replay, released: u32) -> Self {
        let mut found = Self { all: Vec::new(), malformed: Vec::new() };
        for step in replay.steps.iter().filter(|step| step.version > released) {
            for comment in &step.statement.comments {
                found.add(&step.file, comment, Some((step.file.clone(), step.statement.line)));
            }
        }
        for (_, file, comment) in replay.loose.iter().filter(|(version, _, _)| *version > released) {
            found.add(file, comment, None);
        }
        found
    }

    fn add(&mut self, file: &str, comment: &Comment, statement: Option<(String, usize)>) {
        let place = format!("{file}:{}", comment.line);
        match parse(&comment.text) {
            None => {}
            Some(Err(reason)) => self.malformed.push(Finding::new(
                place,
                "migrations/allow",
                reason,
                "write `-- audit: allow RULE: WHY` in one line, above the statement",
            )),
            Some(Ok(rule)) => {
                self.all.push(Allowance {
                    place,
                    statement,
                    rule: rule.to_owned(),
                    is_used: Cell::new(false),
                });
            }
        }
    }

    /// Returns true if a statement may break a rule.
    pub(super) fn allows(&self, step: &Step, rule: &str) -> bool {
        let rule = rule.trim_start_matches("migrations/");
        let is_here = |one: &&Allowance| {
            one.rule == rule
                && one
                    .statement
                    .as_ref()
                    .is_some_and(|(file, line)| (file, *line) == (&step.file, step.statement.line))
        };
        self.all.iter().find(is_here).inspect(|one| one.is_used.set(true)).is_some()
    }

    /// Lists the malformed exceptions and the unused ones, after every use.
    pub(super) fn findings(self) -> Vec<Finding> {
        let unused = self.all.into_iter().filter(|one| !one.is_used.get()).map(|one| {
            Finding::new(
                one.place,
                "migrations/allow",
                format!("it allows `{}`, and nothing here needs that", one.rule),
                "remove the comment, or put it right above the statement it is for",
            )
        });
        self.malformed.into_iter().chain(unused).collect()
    }
}

/// Reads a comment: no exception, a malformed one, or the rule that it lifts.
fn parse(comment: &str) -> Option<Result<&str, String>> {
    let rest = comment.trim_start_matches('-').trim_start().strip_prefix("audit:")?;
    let Some((rule, why)) = rest.trim().strip_prefix("allow ").and_then(|rest| rest.split_once(':')) else {
        return Some(Err("it looks like an exception, and names no rule".to_owned()));
    };
    if why.trim().is_empty() {
        return Some(Err(format!("it allows `{}` and does not say why", rule.trim())));
    }
    Some(Ok(rule.trim()))
}
