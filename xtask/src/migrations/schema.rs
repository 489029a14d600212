//! `schema.sql`: the schema of a fresh database, in one form, for reviews of migrations.

use std::fmt::Write as _;

use anyhow::Result;
use rusqlite::Connection;

use super::Task;
use super::sql::{Script, Statement, needs_blank};
use crate::finding::Finding;

/// Longest line, in bytes, before a list is broken up.
const WIDTH: usize = 100;

/// Checks that the committed schema is that of a fresh database; writes it when the task says so.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let krate = task.owner.krate;
    let replay = task.replay()?;
    if replay.failure.is_some() || replay.steps.is_empty() {
        // Another part reports that.
        return Ok(Vec::new());
    }
    let fresh = format!(
        "-- The schema of {}, as its migrations leave it; written by `cargo xtask migrations check --bless`.\n\n{}",
        krate.database.unwrap_or_default(),
        dump(&replay.connection)?
    );
    task.snapshot(
        &format!("{}/schema.sql", krate.folder),
        &fresh,
        "migrations/schema",
        "the schema of a fresh database",
    )
}

/// Writes a database's schema in one form: tables by name, each with its indexes and triggers.
pub fn dump(connection: &Connection) -> rusqlite::Result<String> {
    let statements = "SELECT s.sql FROM sqlite_schema s LEFT JOIN pragma_table_list l \
                      ON l.name = s.name AND l.schema = 'main' AND s.type = 'table' \
                      WHERE s.sql IS NOT NULL AND NOT (s.name GLOB 'sqlite_*') AND s.name <> '_sqlx_migrations' \
                      AND l.type IS NOT 'shadow' ORDER BY s.tbl_name, s.type <> 'table', s.type, s.name";
    let mut query = connection.prepare(statements)?;
    let mut rows = query.query([])?;
    let mut text = String::new();
    while let Some(row) = rows.next()? {
        let sql: String = row.get(0)?;
        let pretty = match Script::parse(&format!("{sql};")) {
            Ok(script) => script.statements.iter().map(pretty).collect(),
            Err(_) => format!("{sql};\n"),
        };
        // A table opens a new paragraph; what belongs to it follows.
        let opens = pretty.starts_with("CREATE TABLE") || pretty.starts_with("CREATE VIRTUAL");
        if opens && !text.is_empty() {
            text.push('\n');
        }
        text += &pretty;
    }
    let floor: u32 =
        connection.query_row("SELECT user_version FROM pragma_user_version", [], |row| row.get(0))?;
    if floor > 0 {
        writeln!(text, "\nPRAGMA user_version = {floor};").expect("writing to a string does not fail");
    }
    Ok(text)
}

/// Writes a statement in one form: each column and each statement of a trigger on its own line.
fn pretty(statement: &Statement) -> String {
    let line = statement.one_line() + ";";
    if line.len() <= WIDTH && !statement.begins(&["CREATE", "TABLE"]) {
        return line + "\n";
    }
    let is_trigger = statement.begins(&["CREATE", "TRIGGER"]);
    let (mut text, mut depth) = (String::new(), 0_usize);
    for (at, token) in statement.tokens.iter().enumerate() {
        if token.text == ")" {
            depth = depth.saturating_sub(1);
            if depth == 0 && !is_trigger {
                text.push('\n');
            }
        }
        text += &token.text;
        let next = statement.tokens.get(at + 1);
        let opens = token.text == "(" && depth == 0 && !is_trigger;
        depth += usize::from(token.text == "(");
        let breaks = opens
            || (token.text == "," && depth == 1 && !is_trigger)
            || (is_trigger && (token.text == ";" || token.is("BEGIN")));
        match next {
            Some(next) if breaks => text += if is_trigger && next.is("END") { "\n" } else { "\n    " },
            Some(_) if needs_blank(&statement.tokens, at) => text.push(' '),
            _ => {}
        }
    }
    text + ";\n"
}
