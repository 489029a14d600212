//! `<crate>/fixtures/`: rows that migrations are tried on, and questions about them afterwards.
//!
//! * `NNNN_name.sql` is the hook of the migration of that name. A line `--! …` begins a section:
//!   `before` writes rows that the migration will find; `rows: TABLE +1, …` declares changes of the
//!   number of rows; `after` has questions that must each be answered with 1; `fill` writes rows
//!   into what the migration made.
//! * `vN.sql` has the rows of a database of release N, and `vN.statements.sql` the statements of
//!   that release. `migrations freeze` writes both.
//! * `live.sql` is one INSERT with `?1`, and one SELECT that lists what it wrote: programs of two
//!   versions use it at once.

use std::collections::BTreeMap;

use anyhow::{Context, Result, bail};

use super::folder::{Migration, file_name};
use super::sql::{Script, Statement};
use super::{Owner, Task};
use crate::finding::Finding;
use crate::repo::Repo;

#[derive(Debug, Default)]
pub struct Fixtures {
    /// Folder, relative to the root.
    pub path: String,
    pub hooks: BTreeMap<u32, Hook>,
    pub frozen: BTreeMap<u32, Vec<Statement>>,
    pub statements: BTreeMap<u32, Vec<Statement>>,
    /// INSERT with `?1`, and SELECT of what it wrote, for several versions at once.
    pub live: Option<(String, String)>,
    strangers: Vec<String>,
}

#[derive(Debug, Default)]
pub struct Hook {
    pub name: String,
    /// Statements that write what the migration will find.
    pub before: Vec<Statement>,
    /// Change of the number of rows by table; 0 for a table that is not named.
    pub rows: BTreeMap<String, i64>,
    /// Questions that must be answered with 1.
    pub after: Vec<Statement>,
    /// Statements that write rows into what the migration made.
    pub fill: Vec<Statement>,
}

impl Fixtures {
    /// Reads a crate's folder; a missing one is empty.
    pub fn read(repo: &Repo, owner: &Owner) -> Result<Self> {
        let path = format!("{}/fixtures", owner.krate.folder);
        let mut fixtures = Self { path: path.clone(), ..Self::default() };
        for (file, _) in repo.entries(&path)? {
            let place = format!("{path}/{file}");
            let read = || repo.text(&place).and_then(|text| statements(&place, &text));
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

    /// Returns the oldest version to upgrade: the first release, or else the first migration.
    pub fn oldest(&self) -> u32 {
        self.frozen.keys().next().copied().unwrap_or(1)
    }
}

impl Hook {
    fn parse(place: &str, name: String, text: &str) -> Result<Self> {
        let mut hook = Self { name, ..Self::default() };
        // The text above the first section is an introduction.
        let mut section = "";
        let (mut body, mut begin) = (String::new(), 1);
        let end = "--! end";
        for (line, text) in (1..).zip(text.lines().chain([end])) {
            let Some(next) = text.strip_prefix("--! ") else {
                body += text;
                body.push('\n');
                continue;
            };
            // The lines above keep their numbers.
            let found = statements(place, &("\n".repeat(begin - 1) + &body))?;
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
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let (migrations, fixtures) = (&task.owner.folder.migrations, task.fixtures()?);
    let released = task.released()?;
    let mut found = Vec::new();
    let mut refuse = |file: &str, reason: String, fix: &str| {
        found.push(Finding::new(format!("{}/{file}", fixtures.path), "migrations/fixture", reason, fix));
    };
    for file in &fixtures.strangers {
        let fix = "name it NNNN_name.sql, vN.sql, vN.statements.sql or live.sql, or remove it";
        refuse(file, "it is no fixture: nothing reads it".to_owned(), fix);
    }
    for (version, hook) in &fixtures.hooks {
        if !migrations.iter().any(|one| (one.version, &one.name) == (*version, &hook.name)) {
            let reason = "no migration has this name, so the hook is never used".to_owned();
            refuse(&file_name(*version, &hook.name), reason, "name it like its migration, or remove it");
        }
    }
    let frozen = fixtures.frozen.keys().map(|version| (version, "sql"));
    let statements = fixtures.statements.keys().map(|version| (version, "statements.sql"));
    for (version, ending) in frozen.chain(statements).filter(|(version, _)| **version > released) {
        let reason = format!("version {version} has not been released: the mark is at {released}");
        let fix = "remove it: `cargo xtask migrations freeze` writes it at a release";
        refuse(&format!("v{version}.{ending}"), reason, fix);
    }
    if released > 0 && !fixtures.frozen.contains_key(&released) {
        let reason =
            format!("release {released} has no fixture, so nothing proves that its users can upgrade");
        refuse(&format!("v{released}.sql"), reason, "cargo xtask migrations freeze");
    }
    if fixtures.live.is_none() && !migrations.is_empty() {
        let reason = "without it, nothing is written while several versions are at work".to_owned();
        refuse("live.sql", reason, "write there one INSERT with ?1, and a SELECT that lists what it wrote");
    }
    Ok(found)
}

fn statements(place: &str, text: &str) -> Result<Vec<Statement>> {
    Ok(Script::parse(text).with_context(|| place.to_owned())?.statements)
}

fn live(place: &str, statements: &[Statement]) -> Result<(String, String)> {
    match statements {
        [insert, select] if insert.begins("INSERT") && select.begins("SELECT") => {
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
