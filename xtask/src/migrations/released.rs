//! The last release itself, built from its tag, works on a database that today's program has upgraded.
//!
//! Building it takes minutes, so this is asked for (`migrations check --released`). Before there is a tag, and on every other
//! run, the release is played by what it left: see [`backward`](super::backward).

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::child::{Child, Orders, Work};
use super::fixtures::Fixtures;
use super::lab::{self, Lab};
use super::tables::Schema;
use super::upgrade::Walk;
use super::{Task, tag};
use crate::finding::Finding;

/// Lets the last release work on today's database, and today's program on what that has left.
///
/// # Errors
///
/// When the release cannot be checked out or built, or there is no room for databases.
pub fn audit(task: &Task<'_>) -> Result<Vec<Finding>> {
    // Without a tag, or for a crate that is younger than the release, there is nothing to build.
    let Some((tag, released)) = tag::released(task.repo, task.owner.room)? else { return Ok(Vec::new()) };
    let fixtures = Fixtures::read(task.repo, task.owner)?;
    let walk = Walk::oldest(task.owner, &fixtures)?;
    // What the walk itself has met is its finding.
    let Some(today) = walk.database(task.owner.newest()) else { return Ok(Vec::new()) };
    let checkout = checkout(task, &tag)?;
    let lab = Lab::with(task.owner, today)?;
    let program = build(&checkout)?;
    let orders = Orders::new(task, Work::Exercise, lab.folder(), released.newest()).from(&checkout);
    Ok(works(task, &lab, orders.start(&program)?, released.newest()).err().map_or_else(Vec::new, |error| {
        vec![Finding::new(
            &task.owner.folder.path,
            "migrations/released",
            format!("{tag} on today's database: {error:#}"),
            "add what is new beside what it uses; or set the floor (PRAGMA user_version), which tells it to stop",
        )]
    }))
}

fn works(task: &Task<'_>, lab: &Lab<'_>, release: Child, released: u32) -> Result<()> {
    let floor = Schema::read(&lab.connect()?)?.floor;
    match release.finish() {
        Ok(_) if floor > released => bail!("it works, and the floor {floor} says that it cannot"),
        Err(_) if floor > released => {}
        done => drop(done?),
    }
    if let Some(damage) = lab::damage(&lab.connect()?)? {
        bail!("it leaves the database damaged: {damage}");
    }
    let exercise =
        Orders::new(task, Work::Exercise, lab.folder(), task.owner.newest()).start(task.program)?;
    exercise.finish().context("after it has worked, today's store fails").map(drop)
}

/// Clones the release beside the build's output, where it stays for the next time.
fn checkout(task: &Task<'_>, tag: &str) -> Result<PathBuf> {
    let folder = task.repo.path("target/released").join(tag);
    if !folder.join("Cargo.toml").is_file() {
        std::fs::create_dir_all(task.repo.path("target/released"))?;
        let mut git = Command::new("git");
        git.args(["clone", "--quiet", "--shared", "--branch", tag]).arg(task.repo.root()).arg(&folder);
        run(&mut git)?;
    }
    Ok(folder)
}

/// Builds the release's own copy of this tool.
fn build(checkout: &Path) -> Result<PathBuf> {
    let target = checkout.join("target");
    let mut cargo = crate::lint::cargo();
    cargo.args(["build", "--quiet", "--locked", "--package", "xtask"]).current_dir(checkout);
    run(cargo.env("CARGO_TARGET_DIR", &target))?;
    Ok(target.join("debug/xtask"))
}

fn run(command: &mut Command) -> Result<()> {
    let output = command.output().with_context(|| format!("could not run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(())
}
