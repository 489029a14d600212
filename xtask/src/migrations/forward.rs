//! Today's program works on a database that a program of the future has upgraded, and loses nothing of what it cannot know.
//!
//! That one has added a column to every table and a table of its own, and written into both. What is lost most easily is
//! such a column: a row that is replaced rather than updated no longer has it.

use anyhow::{Result, ensure};
use rusqlite::Connection;

use super::Task;
use super::fixtures::Fixtures;
use super::lab::{self, Lab};
use super::upgrade::Walk;
use crate::finding::Finding;

/// Puts today's store to work on a database of the future.
///
/// # Errors
///
/// When a fixture cannot be read, or there is no room for databases.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let fixtures = Fixtures::read(task.repo, task.owner)?;
    let walk = Walk::oldest(task.owner, &fixtures)?;
    let newest = task.owner.newest();
    // What the walk itself has met is its finding.
    let Some(today) = walk.database(newest) else { return Ok(Vec::new()) };
    let lab = Lab::with(task.owner, today)?;
    Ok(work(task, &lab, newest).err().map_or_else(Vec::new, |error| {
        vec![Finding::new(
            task.owner.room.package,
            "migrations/forward",
            format!("on a database of the future: {error:#}"),
            "name the columns that a statement writes, update rows rather than replace them, and delete only what is meant",
        )]
    }))
}

fn work(task: &Task<'_>, lab: &Lab<'_>, newest: u32) -> Result<()> {
    let exercise = || match task.owner.store {
        Some(store) => lab::block_on((store.exercise)(lab.folder())),
        None => lab.open(newest),
    };
    // Once before, so that there are rows of its own that the future can write to.
    exercise().map_err(|error| error.context("the store fails even on a database of today"))?;
    lab.open(newest + 1)?;
    let before = keys(&lab.connect()?)?;
    lab.open(newest)?;
    exercise()?;
    let connection = lab.connect()?;
    for (table, keys) in &before {
        let left = future(&connection, table)?;
        // Rows may be deleted; one that is there still has what the future wrote.
        let lost: Vec<&String> = keys.iter().filter(|key| left.contains(&(key.to_string(), false))).collect();
        ensure!(lost.is_empty(), "rows of {table} have lost a column that the store does not know: {lost:?}");
        let may_be_empty = task.owner.store.is_some_and(|store| store.queues.contains(&table.as_str()));
        let is_left = keys.iter().any(|key| left.contains(&(key.clone(), true)));
        ensure!(is_left || may_be_empty, "every row of {table} is gone");
    }
    let kept: String =
        connection.query_row("SELECT text FROM future_table WHERE id = 1", [], |row| row.get(0))?;
    ensure!(kept == "kept", "a table that the store does not know was written to");
    let content = lab::content(&connection)?;
    ensure!(
        content.versions.last() == Some(&(newest + 1)),
        "the migrations that were applied are {:?}",
        content.versions
    );
    lab::damage(&connection)?.map_or(Ok(()), |damage| Err(anyhow::anyhow!("{damage}")))
}

/// Lists the keys of every table's rows.
fn keys(connection: &Connection) -> Result<Vec<(String, Vec<String>)>> {
    let schema = super::tables::Schema::read(connection)?;
    let ours = schema.tables.iter().filter(|(name, table)| !table.is_virtual && *name != "future_table");
    ours.map(|(name, _)| {
        Ok((name.clone(), future(connection, name)?.into_iter().map(|(key, _)| key).collect()))
    })
    .collect()
}

/// Lists the rows of a table: the key of each, and whether it has what the future wrote.
fn future(connection: &Connection, table: &str) -> Result<Vec<(String, bool)>> {
    let schema = super::tables::Schema::read(connection)?;
    let key = schema.tables.get(table).map(super::tables::Table::primary_key).unwrap_or_default();
    let key: Vec<String> = key.iter().map(|column| format!("quote({})", lab::quote(column))).collect();
    let key = if key.is_empty() { "rowid".to_owned() } else { key.join(" || ', ' || ") };
    let sql = format!("SELECT CAST({key} AS TEXT), future_column IS 'kept' FROM {}", lab::quote(table));
    let mut query = connection.prepare(&sql)?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}
