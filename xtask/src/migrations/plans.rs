//! `plans.txt`: how SQLite answers every statement that a store can run.
//!
//! A plan depends on the schema alone (no statistics are kept), so that of an empty database is that of every database. What
//! reads a whole table or sorts needs a line `# allow STATEMENT: WHY` at the file's head, where a final `*` in the name stands
//! for any ending.

use std::collections::BTreeMap;

use anyhow::Result;
use rusqlite::Connection;

use super::Task;
use super::replay::Replay;
use super::statements::Statements;
use crate::finding::Finding;

const ALLOW: &str = "# allow ";

/// Checks the statements of a store and their plans, and that the committed plans are those of today.
///
/// # Errors
///
/// When SQLite does not start, or a file cannot be read or written.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let Some(store) = task.owner.store else { return Ok(Vec::new()) };
    let replay = Replay::run(&task.owner.folder)?;
    if replay.failure.is_some() {
        // That is a finding of another audit.
        return Ok(Vec::new());
    }
    let statements = Statements::of(task, &replay.connection, (store.statements)())?;
    let mut found = plans(task, &replay.connection, &statements.all)?;
    found.extend(statements.findings);
    Ok(found)
}

/// Compares plans with what is committed, and refuses those that read too much.
///
/// # Errors
///
/// When the file cannot be read or written.
pub fn plans(
    task: &Task<'_>,
    connection: &Connection,
    statements: &[(String, String)],
) -> Result<Vec<Finding>> {
    let path = format!("{}/plans.txt", task.owner.room.folder);
    let committed = if task.repo.has_file(&path) { task.repo.text(&path)? } else { String::new() };
    let mut allowed: Vec<Allowed<'_>> = (1..).zip(committed.lines()).filter_map(Allowed::parse).collect();
    let mut found = Vec::new();
    let mut names: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, sql) in statements {
        match plan(connection, sql) {
            Err(error) => found.push(Finding::new(
                &path,
                "migrations/statement",
                format!("SQLite refuses the statement `{name}` on a fresh database: {error}"),
                "correct the statement, or add what it needs with a migration",
            )),
            Ok(steps) => {
                let slow = steps.iter().find(|step| is_slow(step, &steps));
                let is_allowed = slow.is_some() && allowed.iter_mut().any(|allowed| allowed.takes(name));
                if let Some(slow) = slow.filter(|_| !is_allowed) {
                    found.push(Finding::new(
                        &path,
                        "migrations/plan",
                        format!("`{name}` reads a whole table or sorts: {}", slow.trim()),
                        format!("give it an index; or write `{ALLOW}{name}: WHY` at the head of {path}"),
                    ));
                }
                names.entry(steps.concat()).or_default().push(name);
            }
        }
    }
    found.extend(allowed.iter().filter(|allowed| !allowed.is_used).map(|allowed| {
        let reason = format!("it allows `{}`, and no statement of that name needs it", allowed.name);
        Finding::new(format!("{path}:{}", allowed.line), "migrations/allow", reason, "remove the line")
    }));
    let fresh = render(task, &committed, &names);
    let what = "how SQLite answers the store's statements";
    found.extend(task.snapshot(&path, &fresh, "migrations/plans", what)?);
    Ok(found)
}

/// Writes the file: the exceptions as they were, then every plan with the statements that have it.
fn render(task: &Task<'_>, committed: &str, names: &BTreeMap<String, Vec<&str>>) -> String {
    let mut text = format!(
        "# How SQLite answers the statements of {}; written by `cargo xtask migrations check --bless`,\n\
         # but for lines `{ALLOW}STATEMENT: WHY`, which stay.\n",
        task.owner.room.package
    );
    text.extend(committed.lines().filter(|line| line.starts_with(ALLOW)).flat_map(|line| [line, "\n"]));
    for (plan, names) in names {
        text += "\n";
        text += plan;
        text.extend(names.iter().flat_map(|name| ["    ", name, "\n"]));
    }
    text
}

/// Asks for a statement's plan: a line a step, with two blanks for every level.
fn plan(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut query = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
    let mut rows = query.raw_query();
    let mut depths = BTreeMap::from([(0_i64, 0_usize)]);
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, parent, detail): (i64, i64, String) = (row.get(0)?, row.get(1)?, row.get(3)?);
        let depth = depths.get(&parent).copied().unwrap_or(0);
        depths.insert(id, depth + 1);
        steps.push(format!("{}{detail}\n", "  ".repeat(depth)));
    }
    if steps.is_empty() {
        steps.push("(no table is read)\n".to_owned());
    }
    Ok(steps)
}

/// Says whether a step reads a whole table, or sorts.
fn is_slow(step: &str, steps: &[String]) -> bool {
    let step = step.trim();
    if step.starts_with("USE TEMP B-TREE FOR") && step.ends_with("ORDER BY") {
        return true;
    }
    let Some(scanned) = step.strip_prefix("SCAN ") else { return false };
    let name = scanned.split(' ').next().unwrap_or_default();
    // What the statement itself has computed is as small as what it was computed from, and that has a step of its own.
    let is_computed = name.starts_with('(')
        || scanned.ends_with("CONSTANT ROW")
        || scanned.ends_with("CONSTANT ROWS")
        || scanned.ends_with("-ROW VALUES CLAUSE")
        || steps.iter().any(|other| {
            let made = other.trim().strip_prefix("CO-ROUTINE ").or(other.trim().strip_prefix("MATERIALIZE "));
            made == Some(name)
        });
    !is_computed && !scanned.contains(" VIRTUAL TABLE INDEX ")
}

/// Holds a line that allows statements to read a whole table or to sort.
struct Allowed<'a> {
    line: usize,
    name: &'a str,
    is_used: bool,
}

impl<'a> Allowed<'a> {
    fn parse((line, text): (usize, &'a str)) -> Option<Self> {
        let (name, why) = text.strip_prefix(ALLOW)?.split_once(": ")?;
        (!why.trim().is_empty() && name != "STATEMENT").then_some(Self { line, name, is_used: false })
    }

    /// Says whether a statement is meant, and remembers that it was.
    fn takes(&mut self, statement: &str) -> bool {
        let is_meant = match self.name.strip_suffix('*') {
            Some(start) => statement.starts_with(start),
            None => statement == self.name,
        };
        self.is_used |= is_meant;
        is_meant
    }
}
