//! `plans.txt`: SQLite's plan for every statement of a store.
//!
//! A plan depends on the schema alone, because no statistics are kept. So the plan of an empty
//! database is that of every database. A statement that reads a whole table or sorts needs a line
//! `# allow STATEMENT: WHY` at the head of the file. A final `*` in the name stands for any ending.
//!
//! A statement is prepared once for a connection. SQLite prepares some again at each run, because
//! it looks at a value for its plan. Such a statement is refused.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use rusqlite::{Connection, StatementStatus};

use super::Task;
use super::statements::Statements;
use crate::crates::is_meant;
use crate::finding::Finding;

const ALLOW: &str = "# allow ";

/// Checks the statements of a store and their plans, and that the committed plans are current.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let Some(store) = task.owner.store else { return Ok(Vec::new()) };
    if task.replay()?.failure.is_some() {
        // The part `audit` reports that.
        return Ok(Vec::new());
    }
    let statements = Statements::of(task, (store.statements)())?;
    let mut found = plans(task, &statements.all)?;
    found.extend(statements.findings);
    Ok(found)
}

/// Compares plans with the committed ones, and refuses a plan that reads too much.
fn plans(task: &Task<'_>, statements: &[(String, String)]) -> Result<Vec<Finding>> {
    let (path, repo) = (format!("{}/plans.txt", task.owner.krate.folder), task.run.repo);
    let committed = if repo.has_file(&path) { repo.text(&path)? } else { String::new() };
    let allowed: Vec<(usize, &str)> = (1..).zip(committed.lines()).filter_map(allowance).collect();
    let (mut used, mut found) = (BTreeSet::<(usize, &str)>::new(), Vec::new());
    let mut names: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for (name, sql) in statements {
        if is_prepared_again(&task.replay()?.connection, sql).unwrap_or(false) {
            found.push(Finding::new(
                &path,
                "migrations/prepare",
                format!("SQLite prepares `{name}` again at each run, because its plan depends on a value"),
                "hide the value from the planner: write `LIMIT +?1` and not `LIMIT ?1`",
            ));
        }
        match plan(&task.replay()?.connection, sql) {
            Err(error) => found.push(Finding::new(
                &path,
                "migrations/statement",
                format!("SQLite refuses the statement `{name}` on a fresh database: {error}"),
                "correct the statement, or add what it needs with a migration",
            )),
            Ok(steps) => {
                let slow = steps.iter().find(|step| is_slow(step, &steps));
                let meant = allowed.iter().find(|(_, pattern)| is_meant(pattern, name));
                used.extend(meant.filter(|_| slow.is_some()));
                if let (Some(slow), None) = (slow, meant) {
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
    found.extend(allowed.iter().filter(|one| !used.contains(one)).map(|(line, name)| {
        let reason = format!("it allows `{name}`, and no statement of that name needs it");
        Finding::new(format!("{path}:{line}"), "migrations/allow", reason, "remove the line")
    }));
    let fresh = render(task, &committed, &names);
    let what = "the list of the store's plans";
    found.extend(task.snapshot(&path, &fresh, "migrations/plans", what)?);
    Ok(found)
}

/// Writes the file: the exceptions as they were, then every plan with the statements that have it.
fn render(task: &Task<'_>, committed: &str, names: &BTreeMap<String, Vec<&str>>) -> String {
    let mut text = format!(
        "# How SQLite answers the statements of {}; written by `cargo xtask migrations check --bless`,\n\
         # but for lines `{ALLOW}STATEMENT: WHY`, which stay.\n",
        task.owner.krate.package
    );
    text.extend(committed.lines().filter(|line| line.starts_with(ALLOW)).flat_map(|line| [line, "\n"]));
    for (plan, names) in names {
        text += "\n";
        text += plan;
        text.extend(names.iter().flat_map(|name| ["    ", name, "\n"]));
    }
    text
}

/// Asks SQLite for a statement's plan: a line a step, with two blanks for every level.
pub(super) fn plan(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
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

/// Returns true if SQLite prepares a statement again when it is run with other values.
fn is_prepared_again(connection: &Connection, sql: &str) -> rusqlite::Result<bool> {
    let written = connection.unchecked_transaction()?;
    let mut statement = written.prepare(sql)?;
    for _ in 0..2 {
        for parameter in 1..=statement.parameter_count() {
            statement.raw_bind_parameter(parameter, rusqlite::types::Null)?;
        }
        // The values may be refused; they were looked at before.
        let _ = statement.raw_query().next();
    }
    Ok(statement.get_status(StatementStatus::RePrepare) > 0)
}

/// Returns true if a step reads a whole table, or sorts.
fn is_slow(step: &str, steps: &[String]) -> bool {
    let step = step.trim();
    // Sorting by the last terms alone sorts the few rows that are equal in the others.
    if step.starts_with("USE TEMP B-TREE FOR ORDER BY") {
        return true;
    }
    let Some(scanned) = step.strip_prefix("SCAN ") else { return false };
    let name = scanned.split(' ').next().unwrap_or_default();
    // A computed table is as small as its input, and that has a step of its own.
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

/// Reads a line that allows statements to read a whole table or to sort: number and name.
fn allowance((line, text): (usize, &str)) -> Option<(usize, &str)> {
    let (name, why) = text.strip_prefix(ALLOW)?.split_once(": ")?;
    (!why.trim().is_empty() && name != "STATEMENT").then_some((line, name))
}
