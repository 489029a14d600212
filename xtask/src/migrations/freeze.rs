//! At a release: records its rows and its statements, and moves the mark over its migrations.

use anyhow::{Context as _, Result, bail};
use rusqlite::Connection;

use super::lock::{self, Lock};
use super::statements::Statements;
use super::tables::Schema;
use super::test_database::{self, quote};
use super::upgrade::Walk;
use super::{DYNAMIC, Owner, Run, STATIC, Task};
use crate::finding::render;

/// Freezes every crate, or one, and returns the files that it wrote.
///
/// Fails if the check finds anything: a frozen release stays for ever.
pub fn freeze(run: &Run<'_>) -> Result<Vec<String>> {
    let mut open = Vec::new();
    for owner in Owner::all(run.repo, run.only)? {
        let is_released = Task::new(run, &owner).released()? == owner.newest();
        open.extend((!is_released).then_some(owner));
    }
    if open.is_empty() {
        return Ok(Vec::new());
    }
    let found = run.check(&[STATIC, DYNAMIC].concat(), |_, _| ())?;
    if !found.is_empty() {
        bail!("nothing was frozen: the migrations are not in order\n{}", render(&found));
    }
    let mut written = Vec::new();
    for owner in &open {
        written.extend(one(&Task::new(run, owner))?);
    }
    Ok(written)
}

fn one(task: &Task<'_>) -> Result<Vec<String>> {
    let (repo, owner, version) = (task.run.repo, task.owner, task.owner.newest());
    let (fixtures, walk) = (&task.fixtures()?.path, Walk::from(task, 0)?);
    let database = walk.database(version).context("the walk did not get to the newest version")?;
    let rows = rows(owner, version, &test_database::connect(database)?)?;
    let mut files = vec![(format!("{fixtures}/v{version}.sql"), rows)];
    if let Some(store) = owner.store {
        let statements = Statements::of(task, (store.statements)())?;
        let path = format!("{fixtures}/v{version}.statements.sql");
        files.push((path, text(owner, version, &statements)));
    }
    let lock = Lock::read(repo, owner.krate)?.context("there is no lock")?;
    let lock = Lock { released: version, ..lock };
    files.push((lock::path(owner.krate), lock.render(owner.krate)));
    std::fs::create_dir_all(repo.path(fixtures))?;
    for (path, text) in &files {
        std::fs::write(repo.path(path), text)?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// Writes every row of a database as a statement.
fn rows(owner: &Owner, version: u32, connection: &Connection) -> Result<String> {
    let mut text = format!(
        "-- Rows of a database of {} at version {version}; written by `cargo xtask migrations freeze`, never by hand.\n",
        owner.krate.package
    );
    for (name, table) in Schema::read(connection)?.stored() {
        let columns = table.written();
        let names: Vec<String> = columns.iter().map(|column| quote(column)).collect();
        for row in test_database::rows(connection, name, &columns)? {
            text += &format!("INSERT INTO {} ({}) VALUES ({row});\n", quote(name), names.join(", "));
        }
    }
    Ok(text)
}

/// Writes every statement of a store under its name.
fn text(owner: &Owner, version: u32, statements: &Statements) -> String {
    let mut text = format!(
        "/* Statements of {} at version {version}; written by `cargo xtask migrations freeze`, never by hand. */\n",
        owner.krate.package
    );
    for (name, sql) in &statements.all {
        text += &format!("-- {name}\n{};\n", sql.trim());
    }
    text
}
