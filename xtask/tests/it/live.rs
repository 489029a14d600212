//! This repository is in order.

use std::path::Path;

use xtask::finding::render;
use xtask::migrations::{DYNAMIC, Run, STATIC};
use xtask::repo::Repo;
use xtask::{layers, tidy};

#[test]
fn who_knows_whom() -> anyhow::Result<()> {
    let found = layers::check(&Repo::find()?)?;
    assert!(found.is_empty(), "\n{}", render(&found));
    Ok(())
}

#[test]
fn the_text() -> anyhow::Result<()> {
    let found = tidy::check(&Repo::find()?)?;
    assert!(found.is_empty(), "\n{}", render(&found));
    Ok(())
}

/// Runs one part of the check of the migrations.
fn migrations(part: &str) -> anyhow::Result<()> {
    let parts: Vec<_> = STATIC.iter().chain(DYNAMIC).filter(|one| one.name == part).copied().collect();
    assert_eq!(parts.len(), 1, "{part}");
    let repo = Repo::find()?;
    let run = Run::new(&repo, Path::new(env!("CARGO_BIN_EXE_xtask")));
    let found = run.check(&parts, |_, _| ())?;
    assert!(found.is_empty(), "\n{}", render(&found));
    Ok(())
}

#[test]
fn migrations_are_numbered_one_by_one() -> anyhow::Result<()> {
    migrations("numbering")
}

#[test]
fn migrations_that_were_locked_have_not_changed() -> anyhow::Result<()> {
    migrations("lock")
}

#[test]
fn migrations_are_known_to_git_and_cargo() -> anyhow::Result<()> {
    migrations("wiring")
}

#[test]
fn migrations_do_nothing_that_hurts() -> anyhow::Result<()> {
    migrations("audit")
}

#[test]
fn migrations_leave_the_schema_that_was_reviewed() -> anyhow::Result<()> {
    migrations("schema")
}

#[test]
fn statements_have_the_plans_that_were_reviewed() -> anyhow::Result<()> {
    migrations("plans")
}

#[test]
fn fixtures_are_all_used() -> anyhow::Result<()> {
    migrations("fixtures")
}

#[test]
fn upgrades_keep_every_row() -> anyhow::Result<()> {
    migrations("upgrade")
}

#[test]
fn upgrades_that_run_twice_change_nothing() -> anyhow::Result<()> {
    migrations("twice")
}

#[test]
fn upgrades_that_are_killed_are_before_or_after() -> anyhow::Result<()> {
    migrations("crash")
}

#[test]
fn todays_program_keeps_what_the_future_wrote() -> anyhow::Result<()> {
    migrations("forward")
}

#[test]
fn earlier_programs_work_on_todays_databases() -> anyhow::Result<()> {
    migrations("backward")
}

#[test]
fn upgrades_that_race_run_once() -> anyhow::Result<()> {
    migrations("race")
}

#[test]
fn old_and_new_programs_write_at_once() -> anyhow::Result<()> {
    migrations("mix")
}

#[test]
fn every_part_has_a_test() {
    let tests = include_str!("live.rs");
    for part in STATIC.iter().chain(DYNAMIC) {
        assert!(tests.contains(&format!("migrations(\"{}\")", part.name)), "{}", part.name);
    }
}
