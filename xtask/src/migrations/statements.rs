//! The statements of a store: each under one name, none with `*`, and none left out.

use std::collections::BTreeMap;

use anyhow::Result;
use rusqlite::Connection;

use super::Task;
use super::sql::{Script, Token};
use crate::finding::Finding;
use crate::source::{Source, named_strings};

/// The first words of statements that stores run; what the plumbing runs (PRAGMA, BEGIN) has no plan.
const VERBS: [&str; 6] = ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "REPLACE ", "WITH "];

/// The length from which a piece of SQL in the source says which statement it belongs to.
const TELLING: usize = 16;

/// Holds every statement of a store by name, and what is wrong with how they are given.
pub struct Statements {
    /// Names and statements, sorted.
    pub all: Vec<(String, String)>,
    /// What is wrong.
    pub findings: Vec<Finding>,
}

impl Statements {
    /// Collects the statements of a store: those that it registers, and those that its source holds word for word.
    ///
    /// A text of the source that SQLite takes for a statement is one, named by its module and function. A text that is a part
    /// only has to be part of a statement that is registered.
    ///
    /// # Errors
    ///
    /// When a source cannot be read or parsed.
    pub fn of(task: &Task<'_>, connection: &Connection, registered: Vec<(String, String)>) -> Result<Self> {
        let mut statements = Self { all: registered, findings: Vec::new() };
        statements.discover(task, connection)?;
        statements.all.sort();
        statements.check(task.owner.room.package);
        Ok(statements)
    }

    fn discover(&mut self, task: &Task<'_>, connection: &Connection) -> Result<()> {
        let known: Vec<String> = self.all.iter().map(|(_, sql)| squeezed(sql)).collect();
        let mut count: BTreeMap<String, u32> = BTreeMap::new();
        for source in Source::of_crate(task.repo, task.owner.room.folder)? {
            let module = module(&source.path, task.owner.room.folder);
            for (line, function, text) in named_strings(&source.syntax) {
                let text = squeezed(&text);
                let is_known = |piece: &str| known.iter().any(|sql| sql.contains(piece));
                if !VERBS.iter().any(|verb| text.starts_with(verb)) || known.contains(&text) {
                    continue;
                }
                let refusal = connection.prepare(&text).err().map(|error| error.to_string());
                let place = || format!("{}:{line}", source.path);
                match refusal {
                    None => {
                        let name = format!("{module}{function}");
                        let times = count.entry(name.clone()).or_default();
                        *times += 1;
                        self.all.push((if *times == 1 { name } else { format!("{name} ({times})") }, text));
                    }
                    // Parsed to its end, and then something was missing from the schema.
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
                            format!("add it to `statements()` of {}", task.owner.room.package),
                        ));
                    }
                }
            }
        }
        Ok(())
    }

    fn check(&mut self, package: &str) {
        for pair in self.all.windows(2).filter(|pair| pair[0].0 == pair[1].0) {
            let reason = format!("two statements are registered as `{}`", pair[0].0);
            self.findings.push(Finding::new(
                package,
                "migrations/statement",
                reason,
                "give each a name of its own",
            ));
        }
        for (name, sql) in self.all.iter().filter(|(_, sql)| names_all_columns(sql)) {
            let reason =
                format!("`{name}` reads `*`: {sql} means something else once a newer program adds a column");
            self.findings.push(Finding::new(package, "migrations/select-all", reason, "name the columns"));
        }
        for (name, _) in self.all.iter().filter(|(_, sql)| replaces(sql)) {
            let reason = format!(
                "`{name}` replaces rows: columns that a newer program has added are lost with the old row"
            );
            let mend = "write INSERT … ON CONFLICT (…) DO UPDATE SET …, or DO NOTHING";
            self.findings.push(Finding::new(package, "migrations/replaces", reason, mend));
        }
    }
}

/// Turns a source's path into a prefix for names: `state/src/audit/mend.rs` into `audit::mend::`.
fn module(path: &str, folder: &str) -> String {
    let path = path.strip_prefix(folder).and_then(|path| path.strip_prefix("/src/")).unwrap_or(path);
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    if path == "lib" { String::new() } else { path.replace('/', "::") + "::" }
}

/// Says whether a statement reads `*` or `table.*`; `count(*)` does not.
fn names_all_columns(sql: &str) -> bool {
    let Ok(script) = Script::parse(&format!("{sql}\n;")) else { return false };
    let mut pairs = script.statements.iter().flat_map(|statement| statement.tokens.windows(2));
    pairs.any(|pair| {
        let (before, star) = (&pair[0], &pair[1]);
        star.text == "*"
            && (before.text == "." || ["SELECT", "DISTINCT", "ALL"].iter().any(|word| before.is(word)))
    })
}

/// Says whether a statement puts new rows in the place of others.
fn replaces(sql: &str) -> bool {
    let Ok(script) = Script::parse(&format!("{sql}\n;")) else { return false };
    // `replace(…)` is a function, too.
    let is_verb = |pair: &[Token]| {
        pair[0].is("REPLACE") && pair[1].is("INTO") || pair[0].is("OR") && pair[1].is("REPLACE")
    };
    script.statements.iter().any(|statement| statement.tokens.windows(2).any(is_verb))
}

/// Splits a format string at what is filled in, and keeps what is long enough to tell something.
fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.split(['{', '}']).step_by(2).map(str::trim).filter(|piece| piece.len() >= TELLING)
}

fn squeezed(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Says whether a statement was read to its end, and only then something was missing from the schema.
fn is_schema_mismatch(refusal: &str) -> bool {
    refusal.starts_with("no such") || refusal.contains(" has no column named ")
}
