//! `-- audit: allow <rule>: <why>`: an exception that an author asks for, above the statement it is for.

use std::cell::Cell;

use super::replay::{Replay, Step};
use super::sql::Comment;
use crate::finding::Finding;

/// Holds every exception of a crate's migrations, and whether it was needed.
pub(super) struct Allowances {
    all: Vec<Allowance>,
    malformed: Vec<Finding>,
}

/// Holds one exception.
struct Allowance {
    /// Where it is written.
    place: String,
    /// The file of the statement it stands with, and the statement's line.
    statement: Option<(String, usize)>,
    rule: String,
    is_used: Cell<bool>,
}

impl Allowances {
    /// Reads the exceptions that are written in comments of migrations above a version.
    pub(super) fn read(replay: &Replay, released: u32) -> Self {
        let mut found = Self { all: Vec::new(), malformed: Vec::new() };
        for step in replay.steps.iter().filter(|step| step.version > released) {
            for comment in &step.statement.comments {
                found.take(&step.file, comment, Some((step.file.clone(), step.statement.line)));
            }
        }
        for (_, file, comment) in replay.loose.iter().filter(|(version, _, _)| *version > released) {
            found.take(file, comment, None);
        }
        found
    }

    fn take(&mut self, file: &str, comment: &Comment, statement: Option<(String, usize)>) {
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

    /// Says whether a statement has leave to break a rule; a rule is named without `migrations/`.
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

    /// Lists the exceptions that are badly written, or that nothing needed.
    ///
    /// To be asked last: whatever was asked for before counts as used.
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

/// Reads a comment: not an exception, a badly written one, or the rule that it lifts.
fn parse(comment: &str) -> Option<Result<&str, String>> {
    let rest = comment.trim_start_matches('-').trim_start().strip_prefix("audit:")?;
    let Some((rule, why)) = rest.trim().strip_prefix("allow ").and_then(|rest| rest.split_once(':')) else {
        return Some(Err("it looks like an exception, and says none".to_owned()));
    };
    if why.trim().is_empty() {
        return Some(Err(format!("it allows `{}` and does not say why", rule.trim())));
    }
    Some(Ok(rule.trim()))
}
