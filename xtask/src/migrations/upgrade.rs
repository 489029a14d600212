//! Upgrades databases with rows in every table, version by version, and proves that none is lost.
//!
//! One walk begins without a database, and one with the rows of each release. Between two steps the
//! database is closed and opened again, as on a machine that installs every release.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rusqlite::Connection;
use tempfile::TempDir;

use super::fixtures::Hook;
use super::folder::Migration;
use super::replay::Step;
use super::sql::Statement;
use super::test_database::{self, TestDatabase};
use super::{Task, schema};
use crate::finding::Finding;

/// Databases of a walk, one a version, each with rows.
pub struct Walk {
    folder: TempDir,
    databases: BTreeMap<u32, PathBuf>,
    findings: Vec<Finding>,
}

/// Upgrades from nothing and from every release.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let mut found = task.walk()?.findings.clone();
    // The task's own walk begins with the oldest release, or with nothing.
    let releases: Vec<u32> = std::iter::once(0).chain(task.fixtures()?.frozen.keys().copied()).collect();
    let own = releases.get(1).copied().unwrap_or(0);
    for from in releases.into_iter().filter(|from| *from != own) {
        found.extend(Walk::from(task, from)?.findings);
    }
    found.sort();
    found.dedup();
    Ok(found)
}

impl Walk {
    /// Walks from a release, or from nothing at version 0, to the newest version.
    pub fn from(task: &Task<'_>, from: u32) -> Result<Self> {
        let (fixtures, replay) = (task.fixtures()?, task.replay()?);
        let mut walk =
            Self { folder: tempfile::tempdir()?, databases: BTreeMap::new(), findings: Vec::new() };
        if replay.steps.is_empty() {
            return Ok(walk);
        }
        let database = TestDatabase::new(task.owner)?;
        if from > 0 {
            let place = format!("{}/v{from}.sql", fixtures.path);
            let frozen = fixtures.frozen.get(&from).map_or(&[][..], Vec::as_slice);
            let loaded = database.open(from).and_then(|()| load(&database, &place, frozen));
            if let Err(error) = loaded {
                let reason = format!("it cannot be loaded: {error:#}");
                walk.refuse(&place, reason, "restore it from git: it is what a release left");
                return Ok(walk);
            }
            walk.keep(&database, from)?;
        }
        let folder = &task.owner.folder;
        for migration in folder.migrations.iter().filter(|one| one.version > from) {
            match (Upgrade { task, migration, database: &database }).run() {
                Ok(findings) => walk.findings.extend(findings),
                Err(error) => {
                    let from = if from == 0 { "an empty database" } else { &format!("release {from}") };
                    let reason = format!("the upgrade from {from} fails: {error:#}");
                    walk.refuse(&folder.place(&migration.file()), reason, "fix the migration, or its hook");
                    return Ok(walk);
                }
            }
            walk.keep(&database, migration.version)?;
        }
        if schema::dump(&database.connect()?)? != schema::dump(&replay.connection)? {
            let reason = format!("a database upgraded from {from} has another schema than a fresh one");
            walk.refuse(&folder.path, reason, "compare them with `cargo xtask migrations check --bless`");
        }
        Ok(walk)
    }

    /// Returns the closed database of a version; `None` if the walk did not get there.
    pub fn database(&self, version: u32) -> Option<&PathBuf> {
        self.databases.get(&version)
    }

    fn keep(&mut self, database: &TestDatabase<'_>, version: u32) -> Result<()> {
        let to = self.folder.path().join(format!("v{version}.sqlite"));
        // Closing moves everything into the one file.
        database.open(version)?;
        std::fs::copy(database.path(), &to)?;
        self.databases.insert(version, to);
        Ok(())
    }

    fn refuse(&mut self, place: &str, reason: String, fix: &str) {
        self.findings.push(Finding::new(place, "migrations/upgrade", reason, fix));
    }
}

/// Writes the rows of a release, in any order.
fn load(database: &TestDatabase<'_>, place: &str, rows: &[Statement]) -> Result<()> {
    // The rows of a release include the rows that migrations wrote.
    database.clear()?;
    let connection = database.connect()?;
    connection.pragma_update(None, "foreign_keys", false)?;
    test_database::run(&connection, place, rows)?;
    test_database::sound(&connection)
}

/// Step of a walk.
struct Upgrade<'a> {
    task: &'a Task<'a>,
    migration: &'a Migration,
    database: &'a TestDatabase<'a>,
}

impl Upgrade<'_> {
    fn run(&self) -> Result<Vec<Finding>> {
        let (version, fixtures) = (self.migration.version, self.task.fixtures()?);
        let path = format!("{}/{}", fixtures.path, self.migration.file());
        let no_hook = Hook::default();
        let hook = fixtures.hooks.get(&version).unwrap_or(&no_hook);
        if version > 1 {
            self.database.run(&path, &hook.before)?;
        }
        let before = if version > 1 { self.database.content()?.rows } else { BTreeMap::new() };
        self.database.open(version).context("it cannot be opened")?;
        let connection = self.database.connect()?;
        let mut wrong = Vec::new();
        wrong.extend(test_database::sound(&connection).err().map(|error| error.to_string()));
        let is_changed = self.compare(&before, hook, &connection, &mut wrong)?;
        if is_changed && hook.after.is_empty() {
            wrong.push("it changes data, and its hook asks nothing after it".to_owned());
        }
        for question in &hook.after {
            let answer: Result<i64, _> = connection.query_row(&question.text, [], |row| row.get(0));
            if answer != Ok(1) {
                let answer = answer.map_or_else(|error| error.to_string(), |answer| answer.to_string());
                let (line, question) = (question.line, &question.one_line);
                wrong.push(format!("{path}:{line} is not true: `{question}` gives {answer}"));
            }
        }
        drop(connection);
        self.database.run(&path, &hook.fill)?;
        let content = self.database.content()?;
        let empty = content.rows.iter().filter(|(_, rows)| rows.is_empty());
        let empty: Vec<&str> = empty.map(|(name, _)| &**name).collect();
        if !empty.is_empty() {
            let tables = empty.join(", ");
            wrong.push(format!("no rows are in {tables}: the next migration would be tried on nothing"));
        }
        let fix = format!(
            "write it into {path}, in a section `--! rows: …`, `--! after` or `--! fill`, or fix the migration"
        );
        let place = self.task.owner.folder.place(&self.migration.file());
        let finding = |reason| Finding::new(&*place, "migrations/upgrade", reason, &*fix);
        Ok(wrong.into_iter().map(finding).collect::<Vec<Finding>>())
    }

    /// Compares the rows before and after; returns true if the migration touches data.
    fn compare(
        &self,
        before: &BTreeMap<String, Vec<String>>,
        hook: &Hook,
        connection: &Connection,
        wrong: &mut Vec<String>,
    ) -> Result<bool> {
        let (version, replay) = (self.migration.version, self.task.replay()?);
        let (old, new) = (replay.schema_at(version - 1), replay.schema_at(version));
        let mut steps = replay.steps.iter().filter(|step| step.version == version);
        let mut is_changed = steps.any(Step::writes_rows);
        for (name, table) in new.stored() {
            let expected = hook.rows.get(name).copied().unwrap_or(0);
            let was = before.get(name).map_or(&[][..], Vec::as_slice);
            let count = test_database::rows(connection, name, &table.written())?.len();
            let change = i64::try_from(count)? - i64::try_from(was.len())?;
            if change != expected {
                wrong.push(format!(
                    "it changes the number of rows of {name} by {change}, and {expected} is declared"
                ));
            }
            let Some(old) = old.tables.get(name) else { continue };
            // The audit judges columns that are gone.
            let kept: Vec<&str> =
                old.written().into_iter().filter(|column| table.column(column).is_some()).collect();
            is_changed |=
                kept.len() == old.written().len() && test_database::rows(connection, name, &kept)? != was;
        }
        let gone = hook.rows.keys().filter(|name| !new.tables.contains_key(*name));
        wrong.extend(gone.map(|name| format!("rows are declared for {name}, which is no table")));
        Ok(is_changed)
    }
}
