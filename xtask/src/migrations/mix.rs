//! Programs of an old and of a new version write to one database while it is upgraded: nothing that was committed is lost.
//!
//! The old ones have it open when the new ones come. They go on, or get the error that says to use a newer version.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};

use super::Task;
use super::child::{Child, Orders, TOLD_TO_STOP, Work};
use super::fixtures::Fixtures;
use super::lab::{self, Lab};
use super::tables::Schema;
use super::upgrade::Walk;
use crate::finding::Finding;

/// How many programs there are of each version.
const PROGRAMS: u32 = 2;

/// How often each of them writes.
const TIMES: u32 = 100;

/// After how many writes of the old programs the new ones come.
const BEFORE: u32 = 20;

/// Lets two versions write at once.
///
/// # Errors
///
/// When a fixture cannot be read, or there is no room for databases.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let fixtures = Fixtures::read(task.repo, task.owner)?;
    let walk = Walk::oldest(task.owner, &fixtures)?;
    let (from, to) = task.owner.versions(&fixtures);
    // What the walk itself has met, and that there is no `live.sql`, are findings of theirs.
    let (Some(old), Some((_, select))) = (walk.database(from), &fixtures.live) else { return Ok(Vec::new()) };
    let lab = Lab::with(task.owner, old)?;
    Ok(mix(task, &lab, select, (from, to)).err().map_or_else(Vec::new, |error| {
        vec![Finding::new(
            format!("{}/live.sql", fixtures.path),
            "migrations/mix",
            format!("versions {from} and {to} at once: {error:#}"),
            "change the schema so that both can write; or set the floor (PRAGMA user_version), which tells the old one to stop",
        )]
    }))
}

fn mix(task: &Task<'_>, lab: &Lab<'_>, select: &str, (from, to): (u32, u32)) -> Result<()> {
    let start = |version: u32, number: u32| {
        let orders = Orders::new(task, Work::Write, lab.folder(), version);
        let mut child =
            orders.write(&format!("version {version}, program {number}, text"), TIMES).start(task.program)?;
        child.go();
        Ok(child)
    };
    let mut old = (0..PROGRAMS).map(|number| start(from, number)).collect::<Result<Vec<Child>>>()?;
    let mut committed = Vec::new();
    for child in &mut old {
        for _ in 0..BEFORE {
            committed.push(child.hear()?.context("an old program ended before a new one came")?);
        }
    }
    let new = (0..PROGRAMS).map(|number| start(to, number)).collect::<Result<Vec<Child>>>()?;
    for child in new {
        committed.extend(child.finish().context("a new program")?);
    }
    for child in old {
        let mut lines = child.finish().context("an old program")?;
        let floor = Schema::read(&lab.connect()?)?.floor;
        if lines.last().is_some_and(|line| line == TOLD_TO_STOP) {
            ensure!(floor > from, "an old program was told to stop, and the floor is {floor}");
            lines.pop();
        }
        committed.extend(lines);
    }
    let connection = lab.connect()?;
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    let mut query = connection.prepare(select)?;
    for text in query.query_map([], |row| row.get::<_, String>(0))? {
        *found.entry(text?).or_default() += 1;
    }
    let lost: Vec<&String> = committed.iter().filter(|text| found.get(*text) != Some(&1)).collect();
    ensure!(
        lost.is_empty(),
        "{} of {} committed texts are not there once, first `{}`",
        lost.len(),
        committed.len(),
        lost.first().map_or("", |text| text)
    );
    if let Some(damage) = lab::damage(&connection)? {
        anyhow::bail!("{damage}");
    }
    Ok(())
}
