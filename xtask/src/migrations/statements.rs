//! The statements of a store: each under one name, none with `*`, and none left out.

use std::collections::BTreeMap;

use anyhow::Result;

use super::Task;
use super::sql::{Script, Statement};
use crate::finding::Finding;
use crate::source::{Source, Text, strings};

/// First words of statements that have a plan.
const VERBS: [&str; 6] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "REPLACE ", "WITH "];

/// Length, in bytes, from which a piece of SQL identifies its statement.
const TELLING: usize = 16;

/// Statements of a store, and what is wrong with them.
pub struct Statements {
    /// Names and statements, sorted.
    pub all: Vec<(String, String)>,
    pub findings: Vec<Finding>,
}

impl Statements {
    /// Collects the statements that a store registers, and those in its source.
    ///
    /// A text that SQLite accepts is a statement, named by its module and function. A text that is
    /// only a part must be part of a registered statement.
    pub fn of(task: &Task<'_>, registered: Vec<(String, String)>) -> Result<Self> {
        let mut statements = Self { all: registered, findings: Vec::new() };
        statements.discover(task)?;
        statements.all.sort();
        statements.check(task.owner.krate.package);
        Ok(statements)
    }

    fn discover(&mut self, task: &Task<'_>) -> Result<()> {
        let known: Vec<String> = self.all.iter().map(|(_, sql)| squeezed(sql)).collect();
        let mut count: BTreeMap<String, u32> = BTreeMap::new();
        for source in Source::of_crate(task.run.repo, task.owner.krate.folder)? {
            let module = module(&source.path, task.owner.krate.folder);
            for Text { line, within, text } in strings(&source) {
                let text = squeezed(&text);
                let is_known = |piece: &str| known.iter().any(|sql| sql.contains(piece));
                if !VERBS.iter().any(|verb| text.starts_with(verb)) || known.contains(&text) {
                    continue;
                }
                let refusal = task.replay()?.connection.prepare(&text).err().map(|error| error.to_string());
                let place = || format!("{}:{line}", source.path);
                match refusal {
                    None => {
                        let name = format!("{module}{within}");
                        let times = count.entry(name.clone()).or_default();
                        *times += 1;
                        self.all.push((if *times == 1 { name } else { format!("{name} ({times})") }, text));
                    }
                    Some(refusal) if is_schema_mismatch(&refusal) => self.findings.push(Finding::new(
                        place(),
                        "migrations/statement",
                        format!("SQLite refuses it on a fresh database: {refusal}"),
                        "correct the statement, or add what it needs with a migration",
                    )),
                    Some(_) => {
                        let Some(unknown) = pieces(&text).find(|piece| !is_known(piece)) else { continue };
                        self.findings.push(Finding::new(
                            place(),
                            "migrations/unregistered",
                            format!("no registered statement has `{unknown}`, so nobody looks at its plan"),
                            format!("add it to `statements()` of {}", task.owner.krate.package),
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    fn check(&mut self, package: &str) {
        let mut refuse = |rule, reason, fix| self.findings.push(Finding::new(package, rule, reason, fix));
        for pair in self.all.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let reason = format!("two statements are registered as `{}`", pair[0].0);
            refuse("migrations/statement", reason, "give each a name of its own");
        }
        for (name, sql) in self.all.iter().filter(|(_, sql)| names_all_columns(sql)) {
            let reason =
                format!("`{name}` reads `*`: {sql} means something else once a newer program adds a column");
            refuse("migrations/select-all", reason, "name the columns");
        }
        for (name, _) in self.all.iter().filter(|(_, sql)| replaces(sql)) {
            let reason = format!(
                "`{name}` replaces rows: columns that a newer program has added are lost with the old row"
            );
            let fix = "write INSERT … ON CONFLICT (…) DO UPDATE SET …, or DO NOTHING";
            refuse("migrations/replaces", reason, fix);
        }
    }
}

/// Turns the path `state/src/audit/repair.rs` into the prefix `audit::repair::`.
fn module(path: &str, folder: &str) -> String {
    let path = path.strip_prefix(folder).and_then(|path| path.strip_prefix("/src/")).unwrap_or(path);
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    if path == "lib" { String::new() } else { path.replace('/', "::") + "::" }
}

/// Returns true if a statement reads or returns `*` or `table.*`; `count(*)` does not.
fn names_all_columns(sql: &str) -> bool {
    let sql = squeezed(sql).to_ascii_uppercase();
    ["SELECT *", "DISTINCT *", "ALL *", "RETURNING *", ", *", ".*"].iter().any(|star| sql.contains(star))
}

fn replaces(sql: &str) -> bool {
    Script::parse(&format!("{sql}\n;")).is_ok_and(|script| script.statements.iter().any(Statement::replaces))
}

/// Splits a format string at its arguments, and keeps the long pieces.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(['{', '}']).step_by(2).map(str::trim).filter(|piece| piece.len() >= TELLING)
}

fn squeezed(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Returns true if SQLite read a statement to its end, and missed something in the schema.
fn is_schema_mismatch(refusal: &str) -> bool {
    refusal.starts_with("no such") || refusal.contains(" has no column named ")
}
