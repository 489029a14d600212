//! Upgrades databases with rows in every table, version by version, and proves that nothing got lost on the way.
//!
//! One walk begins with no database at all, and one with what each release left. Between two steps the database is closed and
//! opened anew, as on a machine that gets every release.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use rusqlite::Connection;
use tempfile::TempDir;

use super::fixtures::{Fixtures, Hook};
use super::folder::Migration;
use super::lab::{self, Content, Lab};
use super::replay::{Effect, Replay};
use super::tables::Schema;
use super::{Owner, Task, schema};
use crate::finding::Finding;

/// Holds the databases that a walk went through, one a version, each with rows.
pub struct Walk {
    folder: TempDir,
    databases: BTreeMap<u32, PathBuf>,
    findings: Vec<Finding>,
}

/// Upgrades from nothing and from every release.
///
/// # Errors
///
/// When a fixture cannot be read, or there is no room for databases.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let fixtures = Fixtures::read(task.repo, task.owner)?;
    let mut found = Vec::new();
    for from in std::iter::once(0).chain(fixtures.frozen.keys().copied()) {
        found.extend(Walk::from(task.owner, &fixtures, from)?.findings);
    }
    found.dedup();
    Ok(found)
}

impl Walk {
    /// Walks from the oldest release, or from the first migration, to the newest.
    ///
    /// # Errors
    ///
    /// As [`audit`].
    pub fn oldest(owner: &Owner, fixtures: &Fixtures) -> Result<Self> {
        Self::from(owner, fixtures, fixtures.frozen.keys().next().copied().unwrap_or(0))
    }

    /// Walks from the first migration to the newest, with the rows of every hook.
    ///
    /// # Errors
    ///
    /// As [`audit`].
    pub fn fresh(owner: &Owner, fixtures: &Fixtures) -> Result<Self> {
        Self::from(owner, fixtures, 0)
    }

    /// Returns the database of a version, closed and with rows; none when the walk did not get there.
    pub fn database(&self, version: u32) -> Option<&PathBuf> {
        self.databases.get(&version)
    }

    fn from(owner: &Owner, fixtures: &Fixtures, from: u32) -> Result<Self> {
        let replay = Replay::run(&owner.folder)?;
        let mut walk =
            Self { folder: tempfile::tempdir()?, databases: BTreeMap::new(), findings: Vec::new() };
        if replay.steps.is_empty() {
            return Ok(walk);
        }
        let lab = Lab::new(owner)?;
        if from > 0 {
            let place = format!("{}/v{from}.sql", fixtures.path);
            let frozen = fixtures.frozen.get(&from).map_or(&[][..], Vec::as_slice);
            let loaded = lab.open(from).and_then(|()| load(&lab, &place, frozen));
            if let Err(error) = loaded {
                walk.refuse(
                    &place,
                    format!("it cannot be loaded: {error:#}"),
                    "restore it from git: it is what a release left",
                );
                return Ok(walk);
            }
            walk.keep(&lab, from)?;
        }
        for migration in owner.folder.migrations.iter().filter(|one| one.version > from) {
            let step = Step { owner, fixtures, replay: &replay, migration, lab: &lab };
            match step.take() {
                Ok(findings) => walk.findings.extend(findings),
                Err(error) => {
                    let place = format!("{}/{}", owner.folder.path, migration.file());
                    let from =
                        if from == 0 { "an empty database".to_owned() } else { format!("release {from}") };
                    walk.refuse(
                        &place,
                        format!("the upgrade from {from} fails: {error:#}"),
                        "mend the migration, or its hook",
                    );
                    return Ok(walk);
                }
            }
            walk.keep(&lab, migration.version)?;
        }
        let upgraded = schema::dump(&lab.connect()?)?;
        if upgraded != schema::dump(&replay.connection)? {
            let reason =
                format!("a database that was upgraded from {from} has another schema than a fresh one");
            walk.refuse(
                &owner.folder.path,
                reason,
                "compare them with `cargo xtask migrations check --bless`",
            );
        }
        Ok(walk)
    }

    fn keep(&mut self, lab: &Lab<'_>, version: u32) -> Result<()> {
        let to = self.folder.path().join(format!("v{version}.sqlite"));
        // Closed, so that everything is in the one file.
        lab.open(version)?;
        std::fs::copy(lab.database(), &to)?;
        self.databases.insert(version, to);
        Ok(())
    }

    fn refuse(&mut self, place: &str, reason: String, mend: &str) {
        self.findings.push(Finding::new(place, "migrations/upgrade", reason, mend));
    }
}

/// Writes the rows of a release, whose order does not matter.
fn load(lab: &Lab<'_>, place: &str, rows: &[super::sql::Statement]) -> Result<()> {
    // What migrations themselves have written is among the rows of a release.
    lab.clear()?;
    let connection = lab.connect()?;
    connection.pragma_update(None, "foreign_keys", false)?;
    for row in rows {
        connection.execute_batch(&row.text).with_context(|| format!("{place}:{}", row.line))?;
    }
    lab::damage(&connection)?.map_or(Ok(()), |damage| Err(anyhow::anyhow!("{damage}")))
}

/// Holds what one step of a walk needs.
struct Step<'a> {
    owner: &'a Owner,
    fixtures: &'a Fixtures,
    replay: &'a Replay,
    migration: &'a Migration,
    lab: &'a Lab<'a>,
}

impl Step<'_> {
    fn take(&self) -> Result<Vec<Finding>> {
        let version = self.migration.version;
        let path = self.fixtures.hook_path(self.migration);
        let nothing = Hook::default();
        let hook = self.fixtures.hooks.get(&version).unwrap_or(&nothing);
        if version > 1 {
            self.lab.run(&path, &hook.before)?;
        }
        let before = (version > 1).then(|| self.lab.content()).transpose()?;
        self.lab.open(version).map_err(|error| error.context("the plumbing refuses it"))?;
        let connection = self.lab.connect()?;
        let mut wrong = Vec::new();
        wrong.extend(lab::damage(&connection)?);
        let is_changed = self.compare(before.as_ref(), hook, &connection, &mut wrong)?;
        if is_changed && hook.after.is_empty() {
            wrong.push("it changes data, and nothing is asked after it".to_owned());
        }
        for question in &hook.after {
            let answer: Result<i64, _> = connection.query_row(&question.text, [], |row| row.get(0));
            if answer != Ok(1) {
                let answer = answer.map_or_else(|error| error.to_string(), |answer| answer.to_string());
                wrong.push(format!(
                    "{path}:{} is not true: `{}` gives {answer}",
                    question.line,
                    question.one_line()
                ));
            }
        }
        drop(connection);
        self.lab.run(&path, &hook.fill)?;
        let schema = self.replay.schema_at(version);
        wrong.extend(
            empty(&schema, &self.lab.connect()?)?.map(|tables| {
                format!("no rows are in {tables}: the next migration would be tried on nothing")
            }),
        );
        let mend = format!(
            "write it into {path}, in a section `--! rows: …`, `--! after` or `--! fill`, or mend the migration"
        );
        let place = format!("{}/{}", self.owner.folder.path, self.migration.file());
        Ok(wrong
            .into_iter()
            .map(|reason| Finding::new(&*place, "migrations/upgrade", reason, &*mend))
            .collect())
    }

    /// Compares the rows of before with those of after; says whether the migration touches data.
    fn compare(
        &self,
        before: Option<&Content>,
        hook: &Hook,
        connection: &Connection,
        wrong: &mut Vec<String>,
    ) -> Result<bool> {
        let version = self.migration.version;
        let (old, new) = (self.replay.schema_at(version - 1), self.replay.schema_at(version));
        let mut steps = self.replay.steps.iter().filter(|step| step.version == version);
        let mut is_changed = steps.any(|step| {
            let writes =
                |effect: &Effect| matches!(effect, Effect::Insert(_) | Effect::Update(_) | Effect::Delete(_));
            ["INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"]
                .iter()
                .any(|verb| step.statement.begins(&[verb]))
                && step.effects.iter().any(writes)
        });
        for (name, table) in new.tables.iter().filter(|(_, table)| !table.is_virtual) {
            let expected = hook.rows.get(name).copied().unwrap_or(0);
            let was = before.and_then(|content| content.rows.get(name)).map_or(&[][..], Vec::as_slice);
            let count = lab::rows(connection, name, &table.written())?.len();
            let change = i64::try_from(count)? - i64::try_from(was.len())?;
            if change != expected {
                wrong.push(format!(
                    "it changes the number of rows of {name} by {change}, and {expected} is declared"
                ));
            }
            let Some(old) = old.tables.get(name) else { continue };
            // Columns that are gone are a matter of the audit.
            let kept: Vec<&str> =
                old.written().into_iter().filter(|column| table.column(column).is_some()).collect();
            is_changed |= kept.len() == old.written().len() && lab::rows(connection, name, &kept)? != was;
        }
        let gone = hook.rows.keys().filter(|name| !new.tables.contains_key(*name));
        wrong.extend(gone.map(|name| format!("rows are declared for {name}, which is no table")));
        Ok(is_changed)
    }
}

/// Names the tables without rows.
fn empty(schema: &Schema, connection: &Connection) -> Result<Option<String>> {
    let mut found = Vec::new();
    for (name, _) in schema.tables.iter().filter(|(_, table)| !table.is_virtual) {
        let sql = format!("SELECT EXISTS (SELECT 1 FROM {})", lab::quote(name));
        if !connection.query_row(&sql, [], |row| row.get::<_, bool>(0))? {
            found.push(name.as_str());
        }
    }
    Ok((!found.is_empty()).then(|| found.join(", ")))
}
