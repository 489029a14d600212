//! At a release: what its databases hold and what it runs is written down, and the mark moves over its migrations.

use std::fmt::Write as _;

use anyhow::{Context as _, Result, bail};
use rusqlite::Connection;

use super::fixtures::Fixtures;
use super::lab::{self, quote};
use super::lock::Lock;
use super::replay::Replay;
use super::statements::Statements;
use super::tables::Schema;
use super::upgrade::Walk;
use super::{DYNAMIC, Owner, Run, STATIC, Task, lock, owners};
use crate::finding::render;

/// Freezes every crate, or one, and returns the files that were written.
///
/// # Errors
///
/// When the check finds anything: what is frozen stays for ever.
pub fn freeze(run: &Run<'_>) -> Result<Vec<String>> {
    let rooms = owners(run.repo, run.only)?.into_iter();
    let owners = rooms.map(|room| Owner::read(run.repo, room)).collect::<Result<Vec<_>>>()?;
    let is_released = |owner: &Owner| {
        Ok::<_, anyhow::Error>(
            Lock::read(run.repo, owner.room)?.is_some_and(|lock| lock.released == owner.newest()),
        )
    };
    if owners.iter().map(is_released).collect::<Result<Vec<_>>>()?.iter().all(|is| *is) {
        return Ok(Vec::new());
    }
    let found = run.check(&[STATIC, DYNAMIC].concat(), |_, _| ())?;
    if !found.is_empty() {
        bail!("nothing was frozen: the migrations are not in order\n{}", render(&found));
    }
    let mut written = Vec::new();
    for owner in &owners {
        written.extend(one(run, owner)?);
    }
    Ok(written)
}

fn one(run: &Run<'_>, owner: &Owner) -> Result<Vec<String>> {
    let (repo, version) = (run.repo, owner.newest());
    let mut lock = Lock::read(repo, owner.room)?.context("there is no lock")?;
    if lock.released == version {
        return Ok(Vec::new());
    }
    let fixtures = Fixtures::read(repo, owner)?;
    let walk = Walk::fresh(owner, &fixtures)?;
    let database = walk.database(version).context("the walk did not get to the newest version")?;
    let mut files =
        vec![(format!("{}/v{version}.sql", fixtures.path), rows(owner, version, &lab::connect(database)?)?)];
    if let Some(store) = owner.store {
        let task = Task { repo, owner, bless: false, program: run.program, rounds: run.rounds };
        let statements =
            Statements::of(&task, &Replay::run(&owner.folder)?.connection, (store.statements)())?;
        let path = format!("{}/v{version}.statements.sql", fixtures.path);
        files.push((path, text(owner, version, &statements)));
    }
    lock.released = version;
    files.push((lock::path(owner.room), lock.render(owner.room)));
    std::fs::create_dir_all(repo.path(&fixtures.path))?;
    files
        .into_iter()
        .map(|(path, text)| std::fs::write(repo.path(&path), text).map(|()| path))
        .collect::<Result<_, _>>()
        .map_err(Into::into)
}

/// Writes every row of a database as a statement.
fn rows(owner: &Owner, version: u32, connection: &Connection) -> Result<String> {
    let mut text = format!(
        "-- What a database of {} at version {version} held; written by `cargo xtask migrations freeze`, never by hand.\n",
        owner.room.package
    );
    for (name, table) in Schema::read(connection)?.tables.iter().filter(|(_, table)| !table.is_virtual) {
        let columns = table.written();
        let names: Vec<String> = columns.iter().map(|column| quote(column)).collect();
        for row in lab::rows(connection, name, &columns)? {
            writeln!(text, "INSERT INTO {} ({}) VALUES ({row});", quote(name), names.join(", "))
                .expect("writing to a string does not fail");
        }
    }
    Ok(text)
}

/// Writes every statement of a store under its name.
fn text(owner: &Owner, version: u32, statements: &Statements) -> String {
    let mut text = format!(
        "/* What {} runs at version {version}; written by `cargo xtask migrations freeze`, never by hand. */\n",
        owner.room.package
    );
    for (name, sql) in &statements.all {
        writeln!(text, "-- {name}\n{};", sql.trim()).expect("writing to a string does not fail");
    }
    text
}
