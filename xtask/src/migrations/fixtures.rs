//! `<crate>/fixtures/`: the rows that migrations are tried on, and what has to be true of them afterwards.
//!
//! * `NNNN_name.sql` is the hook of the migration of that name, in sections that each begin with a line `--! …`:
//!   `before` writes rows that the migration will find; `rows: TABLE +1, …` declares by how many rows it changes which
//!   table; `after` has questions that must each be answered with 1; `fill` writes rows into what the migration made.
//! * `vN.sql` is what a database of release N held, and `vN.statements.sql` what that release runs. `migrations freeze`
//!   writes both, and nobody edits them.
//! * `live.sql` is one INSERT with `?1`, and one SELECT that lists what it has written: for several versions at once.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use super::folder::Migration;
use super::sql::{Script, Statement};
use super::{Owner, Task, lock};
use crate::finding::Finding;
use crate::repo::Repo;

/// Holds a crate's fixtures.
#[derive(Debug, Default)]
pub struct Fixtures {
    /// The folder, relative to the root.
    pub path: String,
    /// The hooks by version, each with its migration's name.
    pub hooks: BTreeMap<u32, Hook>,
    /// The rows of released versions.
    pub frozen: BTreeMap<u32, Vec<Statement>>,
    /// The statements that released versions run.
    pub statements: BTreeMap<u32, Vec<Statement>>,
    /// What is written while several versions are at work: an INSERT with `?1`, and a SELECT of what it wrote.
    pub live: Option<(String, String)>,
    /// Files that are none of these.
    strangers: Vec<String>,
}

/// Holds the hook of one migration.
#[derive(Debug, Default)]
pub struct Hook {
    /// The migration's name.
    pub name: String,
    /// Writes what the migration will find.
    pub before: Vec<Statement>,
    /// By how many rows each table changes; a table that is not named keeps its number.
    pub rows: BTreeMap<String, i64>,
    /// Questions that must be answered with 1.
    pub after: Vec<Statement>,
    /// Writes rows into what the migration made.
    pub fill: Vec<Statement>,
}

impl Fixtures {
    /// Reads a crate's folder; one that is not there is empty.
    ///
    /// # Errors
    ///
    /// When a file cannot be read, or is not what its name says.
    pub fn read(repo: &Repo, owner: &Owner) -> Result<Self> {
        let path = format!("{}/fixtures", owner.room.folder);
        let mut fixtures = Self { path: path.clone(), ..Self::default() };
        for (file, _) in repo.entries(&path)? {
            let place = format!("{path}/{file}");
            let read = || repo.text(&place).and_then(|text| statements(&place, &text, 1));
            if file == "live.sql" {
                fixtures.live = Some(live(&place, &read()?)?);
            } else if let Some((version, name)) = Migration::parse_name(&file) {
                fixtures.hooks.insert(version, Hook::parse(&place, name, &repo.text(&place)?)?);
            } else if let Some(version) = version_of(&file, ".statements.sql") {
                fixtures.statements.insert(version, read()?);
            } else if let Some(version) = version_of(&file, ".sql") {
                fixtures.frozen.insert(version, read()?);
            } else {
                fixtures.strangers.push(file);
            }
        }
        Ok(fixtures)
    }

    /// Returns the oldest version that has to be upgraded: the first release, or the first migration before there is one.
    pub fn oldest(&self) -> u32 {
        self.frozen.keys().next().copied().unwrap_or(1)
    }

    /// Returns the path of a hook.
    pub fn hook_path(&self, migration: &Migration) -> String {
        format!("{}/{}", self.path, migration.file())
    }
}

impl Hook {
    fn parse(place: &str, name: String, text: &str) -> Result<Self> {
        let mut hook = Self { name, ..Self::default() };
        // What stands above the first section is an introduction.
        let mut section = "";
        let (mut body, mut begin) = (String::new(), 1);
        let end = "--! end";
        for (line, text) in (1..).zip(text.lines().chain([end])) {
            let Some(next) = text.strip_prefix("--! ") else {
                body += text;
                body.push('\n');
                continue;
            };
            let found = statements(place, &body, begin)?;
            match section {
                "" if found.is_empty() => {}
                "before" => hook.before = found,
                "after" => hook.after = found,
                "fill" => hook.fill = found,
                _ => bail!(
                    "{place}:{begin}: statements stand in a section `--! before`, `--! after` or `--! fill`"
                ),
            }
            (body, begin, section) = (String::new(), line + 1, next.trim());
            if let Some(rows) = section.strip_prefix("rows:") {
                hook.rows.extend(changes(rows).with_context(|| {
                    format!(
                        "{place}:{line}: not `--! rows: TABLE +1, TABLE -2`: a change of the number of rows"
                    )
                })?);
                section = "";
            }
        }
        Ok(hook)
    }
}

/// Checks that every fixture is used, and that those of every release are there.
///
/// # Errors
///
/// When a file cannot be read, or is not what its name says.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let (owner, fixtures) = (task.owner, Fixtures::read(task.repo, task.owner)?);
    let released = lock::Lock::read(task.repo, owner.room)?.map_or(0, |lock| lock.released);
    let finding = |file: &str, reason: String, mend: &str| {
        Finding::new(format!("{}/{file}", fixtures.path), "migrations/fixture", reason, mend)
    };
    let mut found = Vec::new();
    for file in &fixtures.strangers {
        let reason = "it is no fixture: nothing reads it".to_owned();
        found.push(finding(
            file,
            reason,
            "name it NNNN_name.sql, vN.sql, vN.statements.sql or live.sql, or remove it",
        ));
    }
    for (version, hook) in &fixtures.hooks {
        let is_used =
            owner.folder.migrations.iter().any(|one| (one.version, &one.name) == (*version, &hook.name));
        if !is_used {
            let file = super::folder::file_name(*version, &hook.name);
            let reason = "no migration has this name, so the hook is never used".to_owned();
            found.push(finding(&file, reason, "name it like its migration, or remove it"));
        }
    }
    for (version, ending) in fixtures
        .frozen
        .keys()
        .map(|version| (version, "sql"))
        .chain(fixtures.statements.keys().map(|version| (version, "statements.sql")))
    {
        if *version > released {
            let reason = format!("version {version} has not been released: the mark is at {released}");
            found.push(finding(
                &format!("v{version}.{ending}"),
                reason,
                "remove it: `cargo xtask migrations freeze` writes it at a release",
            ));
        }
    }
    if released > 0 && !fixtures.frozen.contains_key(&released) {
        let reason =
            format!("release {released} has no fixture, so nothing proves that its users can upgrade");
        found.push(finding(&format!("v{released}.sql"), reason, "cargo xtask migrations freeze"));
    }
    if fixtures.live.is_none() && !owner.folder.migrations.is_empty() {
        let reason = "without it, nothing is written while several versions are at work".to_owned();
        found.push(finding(
            "live.sql",
            reason,
            "write there one INSERT with ?1, and a SELECT that lists what it wrote",
        ));
    }
    Ok(found)
}

/// Reads statements, with lines as in the file.
fn statements(place: &str, text: &str, begin: usize) -> Result<Vec<Statement>> {
    match Script::parse(text) {
        Ok(script) => Ok(script
            .statements
            .into_iter()
            .map(|statement| Statement { line: statement.line + begin - 1, ..statement })
            .collect()),
        Err(unclosed) => bail!(
            "{place}:{}: the {} that begins here does not end",
            unclosed.line + begin - 1,
            unclosed.what
        ),
    }
}

fn live(place: &str, statements: &[Statement]) -> Result<(String, String)> {
    match statements {
        [insert, select] if insert.begins(&["INSERT"]) && select.begins(&["SELECT"]) => {
            Ok((insert.text.clone(), select.text.clone()))
        }
        _ => bail!("{place}: it holds one INSERT with `?1` and one SELECT that lists what was written"),
    }
}

/// Reads `threads +1, tags -2`.
fn changes(text: &str) -> Option<Vec<(String, i64)>> {
    let change = |part: &str| {
        let (table, change) = part.trim().split_once(' ')?;
        Some((table.to_owned(), change.trim().parse().ok()?))
    };
    text.split(',').map(change).collect()
}

fn version_of(file: &str, ending: &str) -> Option<u32> {
    file.strip_prefix('v')?.strip_suffix(ending)?.parse().ok()
}
