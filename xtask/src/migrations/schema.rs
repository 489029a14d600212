//! `schema.sql`: the schema of a fresh database, as SQLite keeps it, for reviews of migrations.

use anyhow::Result;
use rusqlite::Connection;

use super::Task;
use crate::finding::Finding;

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

/// Writes a database's schema: tables by name, each with its indexes and triggers.
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
        // A table opens a new paragraph; what belongs to it follows.
        let opens = sql.starts_with("CREATE TABLE") || sql.starts_with("CREATE VIRTUAL");
        text += if opens && !text.is_empty() { "\n" } else { "" };
        text += &format!("{sql};\n");
    }
    let floor: u32 =
        connection.query_row("SELECT user_version FROM pragma_user_version", [], |row| row.get(0))?;
    if floor > 0 {
        text += &format!("\nPRAGMA user_version = {floor};\n");
    }
    Ok(text)
}
