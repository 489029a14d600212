//! Upgrades of a real database file under stress: run twice, raced, mixed, from past and future.
//!
//! `attempt` makes the old database and turns an error into a finding. A scenario is a function.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use rusqlite::Connection;
use sqlx::AssertSqlSafe;
use threadkeep_sqlite::{Database, Durability, OpenOptions};

use super::Task;
use super::child::{Child, Order, TOLD_TO_STOP, Work};
use super::sql::Statement;
use super::tables::{Schema, Table};
use super::test_database::{self, Content, TestDatabase, quote};
use crate::finding::Finding;

/// Number of processes that open one database at once.
const PROCESSES: usize = 8;
/// Number of races, unless a test asks for fewer.
pub const ROUNDS: u32 = 50;

/// Number of programs of each version that write at once.
const PROGRAMS: u32 = 2;
/// Number of writes of each of them.
const TIMES: u32 = 100;
/// Number of writes of an old program before the new ones start.
const BEFORE: u32 = 20;

/// Upgrade that a scenario tries.
pub struct Stage<'a> {
    pub task: &'a Task<'a>,
    /// Closed database of version `from`, with rows in every table.
    pub old: &'a Path,
    pub from: u32,
    pub to: u32,
}

/// Tries the upgrade from the oldest release to the newest version; an error is a finding.
pub(super) fn attempt(
    task: &Task<'_>,
    rule: &'static str,
    fix: &str,
    run: impl FnOnce(&Stage<'_>) -> Result<()>,
) -> Result<Vec<Finding>> {
    let (from, to) = task.versions()?;
    // The walk reports why it did not get there.
    let Some(old) = task.walk()?.database(from) else { return Ok(Vec::new()) };
    let failed = run(&Stage { task, old, from, to }).err();
    let finding = |error| Finding::new(&task.owner.folder.path, rule, format!("{error:#}"), fix);
    Ok(failed.into_iter().map(finding).collect())
}

impl Stage<'_> {
    fn database(&self) -> Result<TestDatabase<'_>> {
        TestDatabase::copy(self.task.owner, self.old)
    }
}

/// Proves that a second run changes nothing: no byte of the file, and no file next to it.
pub fn twice(task: &Task<'_>) -> Result<Vec<Finding>> {
    let fix = "let nothing in a migration touch what the migrator keeps, and nothing run at every opening";
    attempt(task, "migrations/twice", fix, |stage| {
        let database = stage.database()?;
        database.open(stage.to).context("the first run fails")?;
        let once = files(database.folder())?;
        database.open(stage.to).context("a second run fails")?;
        let twice = files(database.folder())?;
        let changed: BTreeSet<&OsString> =
            once.keys().chain(twice.keys()).filter(|name| once.get(*name) != twice.get(*name)).collect();
        ensure!(changed.is_empty(), "a second run changes {changed:?}");
        Ok(())
    })
}

/// Reads the files of a folder.
fn files(folder: &Path) -> Result<BTreeMap<OsString, Vec<u8>>> {
    let entries = std::fs::read_dir(folder)?.collect::<std::io::Result<Vec<_>>>()?;
    entries.iter().map(|entry| Ok((entry.file_name(), std::fs::read(entry.path())?))).collect()
}

/// Proves that today's program works on a database of the future, and loses nothing of it.
///
/// The future has added a column to every table and a table of its own, and filled both. A row that
/// is replaced instead of updated loses such a column.
pub fn forward(task: &Task<'_>) -> Result<Vec<Finding>> {
    let fix = "name the columns that a statement writes, update rows rather than replace them, and delete \
               only what is meant";
    attempt(task, "migrations/forward", fix, |stage| {
        let (owner, newest) = (stage.task.owner, stage.task.owner.newest());
        let Some(today) = stage.task.walk()?.database(newest) else { return Ok(()) };
        let database = TestDatabase::copy(owner, today)?;
        let exercise = || match owner.store {
            Some(store) => test_database::block_on((store.exercise)(database.folder())),
            None => database.open(newest),
        };
        // A first exercise leaves rows of the store's own for the future to write to.
        exercise().context("the store fails on a database of today")?;
        database.open(newest + 1)?;
        let before = keys(&database.connect()?)?;
        database.open(newest)?;
        exercise().context("on a database of the future")?;
        let connection = database.connect()?;
        for (table, keys) in &before {
            let left = future(&connection, table)?;
            // A row may be deleted. A row that is still there keeps what the future wrote.
            let lost: Vec<&String> =
                keys.iter().filter(|key| left.contains(&(key.to_string(), false))).collect();
            ensure!(
                lost.is_empty(),
                "rows of {table} have lost a column that the store does not know: {lost:?}"
            );
            let may_be_empty = owner.store.is_some_and(|store| store.queues.contains(&table.as_str()));
            let is_left = keys.iter().any(|key| left.contains(&(key.clone(), true)));
            ensure!(is_left || may_be_empty, "every row of {table} is gone");
        }
        let kept: String =
            connection.query_row("SELECT text FROM future_table WHERE id = 1", [], |row| row.get(0))?;
        ensure!(kept == "kept", "a table that the store does not know was written to");
        let versions = test_database::content(&connection)?.versions;
        ensure!(versions.last() == Some(&(newest + 1)), "the applied migrations are {versions:?}");
        test_database::sound(&connection)
    })
}

fn keys(connection: &Connection) -> Result<Vec<(String, Vec<String>)>> {
    let schema = Schema::read(connection)?;
    let names = schema.stored().map(|(name, _)| name).filter(|name| *name != "future_table");
    names
        .map(|name| Ok((name.clone(), future(connection, name)?.into_iter().map(|(key, _)| key).collect())))
        .collect()
}

/// Lists the rows of a table: key, and true if the row has what the future wrote.
fn future(connection: &Connection, table: &str) -> Result<Vec<(String, bool)>> {
    let schema = Schema::read(connection)?;
    let key = schema.tables.get(table).map(Table::primary_key).unwrap_or_default();
    let key: Vec<String> = key.iter().map(|column| format!("quote({})", quote(column))).collect();
    let key = if key.is_empty() { "rowid".to_owned() } else { key.join(" || ', ' || ") };
    let sql = format!("SELECT CAST({key} AS TEXT), future_column IS 'kept' FROM {}", quote(table));
    let mut query = connection.prepare(&sql)?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Proves that the program of an earlier release works on today's database, or gets an error that
/// says why not.
///
/// Its migrations, its rows, the columns that it read and its recorded statements stand for it.
pub fn backward(task: &Task<'_>) -> Result<Vec<Finding>> {
    let fix = "add what is new next to what it uses; or set the floor (PRAGMA user_version), which tells it \
               to stop";
    attempt(task, "migrations/backward", fix, |stage| {
        let fixtures = stage.task.fixtures()?;
        let mut releases: Vec<u32> = fixtures.frozen.keys().copied().collect();
        if releases.is_empty() {
            releases.push(fixtures.oldest());
        }
        for release in releases {
            release_works(stage.task, release)
                .with_context(|| format!("a program of version {release} on today's database"))?;
        }
        Ok(())
    })
}

fn release_works(task: &Task<'_>, release: u32) -> Result<()> {
    let (fixtures, replay) = (task.fixtures()?, task.replay()?);
    let database = TestDatabase::new(task.owner)?;
    database.open(task.owner.newest())?;
    let floor = replay.schema().floor;
    let rows: Vec<&Statement> = match fixtures.frozen.get(&release) {
        Some(frozen) => frozen.iter().collect(),
        None => fixtures.hooks.range(..=release).flat_map(|(_, hook)| &hook.fill).collect(),
    };
    // The rows of a release include the rows that migrations wrote.
    database.clear()?;
    match write(task, &database, &rows, release) {
        Err(error) if test_database::is_newer(&error) => {
            ensure!(floor > release, "it is told that the database is too new, and the floor is {floor}");
            return Ok(());
        }
        written => written?,
    }
    ensure!(floor <= release, "it may write, and the floor is {floor}");
    let connection = database.connect()?;
    for (name, table) in &replay.schema_at(release).tables {
        let columns: Vec<&str> = table.columns.iter().map(|column| &*column.name).collect();
        test_database::rows(&connection, name, &columns).with_context(|| format!("it reads {name}"))?;
    }
    for statement in fixtures.statements.get(&release).into_iter().flatten() {
        let name = statement.comments.first().map_or("?", |comment| &comment.text);
        connection.prepare(&statement.text).with_context(|| format!("it runs `{name}`"))?;
    }
    test_database::sound(&connection)
}

/// Writes the rows of a release, as a program of that release.
fn write(task: &Task<'_>, database: &TestDatabase<'_>, rows: &[&Statement], release: u32) -> Result<()> {
    let spec = test_database::spec(task.owner, release)?;
    test_database::block_on(async {
        let database = Database::open(spec, database.folder(), &OpenOptions::new()).await?;
        let mut tx = database.begin(Durability::Usual).await?;
        // The rows are not in an order that foreign keys would accept.
        let deferred = sqlx::query("PRAGMA defer_foreign_keys = ON").execute(tx.conn()).await;
        deferred.map_err(|error| tx.error(error))?;
        for row in rows {
            let written = sqlx::query(AssertSqlSafe(row.text.clone())).execute(tx.conn()).await;
            written.with_context(|| format!("it writes `{}`", row.one_line))?;
        }
        tx.commit().await?;
        database.close().await?;
        Ok(())
    })
}

/// Proves that eight processes can open one old database at once, and each migration runs once.
pub fn race(task: &Task<'_>) -> Result<Vec<Finding>> {
    let fix = "let a migration do the same wherever it runs; or check the locks taken at opening: \
               state/sqlite/src";
    attempt(task, "migrations/race", fix, |stage| {
        let alone = stage.database()?;
        alone.open(stage.to).context("one process alone")?;
        let expected = alone.content()?;
        for round in 1..=stage.task.run.rounds {
            one_race(stage, &expected).with_context(|| format!("round {round} of {PROCESSES} processes"))?;
        }
        Ok(())
    })
}

fn one_race(stage: &Stage<'_>, expected: &Content) -> Result<()> {
    let database = stage.database()?;
    let open = Order::new(stage.task, Work::Open, database.folder(), stage.to);
    let mut children = (0..PROCESSES).map(|_| open.start()).collect::<Result<Vec<Child>>>()?;
    children.iter_mut().for_each(Child::begin);
    for child in children {
        child.finish()?;
    }
    let content = database.content()?;
    ensure!(content.versions == expected.versions, "the applied migrations are {:?}", content.versions);
    ensure!(content == *expected, "the database is not what one process alone makes of it");
    test_database::sound(&database.connect()?)
}

/// Proves that no committed row is lost while old and new programs write during an upgrade.
///
/// The old programs have it open when the new ones start. They go on, or get an error that
/// says why not.
pub fn mix(task: &Task<'_>) -> Result<Vec<Finding>> {
    let fix = "change the schema so that both can write; or set the floor (PRAGMA user_version), which tells \
               the old one to stop";
    attempt(task, "migrations/mix", fix, |stage| {
        // The part `fixtures` reports that there is no `live.sql`.
        let Some((_, select)) = &stage.task.fixtures()?.live else { return Ok(()) };
        let database = stage.database()?;
        let start = |version: u32, number: u32| {
            let text = format!("version {version}, program {number}, text");
            let write = Work::Write { text, times: TIMES };
            let mut child = Order::new(stage.task, write, database.folder(), version).start()?;
            child.begin();
            Ok(child)
        };
        let mut old =
            (0..PROGRAMS).map(|number| start(stage.from, number)).collect::<Result<Vec<Child>>>()?;
        let mut committed = Vec::new();
        for child in &mut old {
            for _ in 0..BEFORE {
                committed.push(child.next_line()?.context("an old program ended before a new one started")?);
            }
        }
        let new = (0..PROGRAMS).map(|number| start(stage.to, number)).collect::<Result<Vec<Child>>>()?;
        for child in new {
            committed.extend(child.finish().context("a new program")?);
        }
        for child in old {
            let mut lines = child.finish().context("an old program")?;
            let floor = Schema::read(&database.connect()?)?.floor;
            if lines.last().is_some_and(|line| line == TOLD_TO_STOP) {
                ensure!(floor > stage.from, "an old program was told to stop, and the floor is {floor}");
                lines.pop();
            }
            committed.extend(lines);
        }
        let connection = database.connect()?;
        let mut found: BTreeMap<String, u32> = BTreeMap::new();
        for text in connection.prepare(select)?.query_map([], |row| row.get::<_, String>(0))? {
            *found.entry(text?).or_default() += 1;
        }
        let lost: Vec<&String> = committed.iter().filter(|text| found.get(*text) != Some(&1)).collect();
        ensure!(
            lost.is_empty(),
            "{} of {} committed texts are not there once, first `{}`",
            lost.len(),
            committed.len(),
            lost[0]
        );
        test_database::sound(&connection)
    })
}
