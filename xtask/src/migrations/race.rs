//! Eight processes open one old database at once, again and again: all succeed, and each migration runs once.

use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::Task;
use super::child::{Orders, Work};
use super::fixtures::Fixtures;
use super::lab::{self, Content, Lab};
use super::upgrade::Walk;
use crate::finding::Finding;

/// How many processes open the database at once.
const PROCESSES: usize = 8;

/// How often they do, unless something else is being tried.
pub const ROUNDS: u32 = 50;

/// Lets processes race for the upgrade of the oldest database.
///
/// # Errors
///
/// When a fixture cannot be read, or there is no room for databases.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    let fixtures = Fixtures::read(task.repo, task.owner)?;
    let walk = Walk::oldest(task.owner, &fixtures)?;
    let (from, to) = task.owner.versions(&fixtures);
    // What the walk itself has met is its finding.
    let Some(old) = walk.database(from) else { return Ok(Vec::new()) };
    Ok(races(task, old, to).err().map_or_else(Vec::new, |error| {
        vec![Finding::new(
            &task.owner.folder.path,
            "migrations/race",
            format!("{error:#}"),
            "let a migration do the same wherever it runs; or look at who holds which lock: state/sqlite/src/open.rs",
        )]
    }))
}

fn races(task: &Task<'_>, old: &Path, to: u32) -> Result<()> {
    let alone = Lab::with(task.owner, old)?;
    alone.open(to).context("one process alone")?;
    let expected = alone.content()?;
    for round in 1..=task.rounds {
        let lab = Lab::with(task.owner, old)?;
        race(task, &lab, to, &expected).with_context(|| format!("round {round} of {PROCESSES} processes"))?;
    }
    Ok(())
}

fn race(task: &Task<'_>, lab: &Lab<'_>, to: u32, expected: &Content) -> Result<()> {
    let orders = Orders::new(task, Work::Open, lab.folder(), to);
    let mut children = (0..PROCESSES).map(|_| orders.start(task.program)).collect::<Result<Vec<_>>>()?;
    children.iter_mut().for_each(super::child::Child::go);
    for child in children {
        child.finish()?;
    }
    let content = lab.content()?;
    ensure!(
        content.versions == expected.versions,
        "the migrations that were applied are {:?}",
        content.versions
    );
    ensure!(content == *expected, "the database is not what one process alone makes of it");
    if let Some(damage) = lab::damage(&lab.connect()?)? {
        anyhow::bail!("{damage}");
    }
    Ok(())
}
