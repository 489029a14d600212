//! This repository is in order.

use xtask::finding::render;
use xtask::repo::Repo;
use xtask::{layers, migrations, tidy};

#[test]
fn who_knows_whom() -> anyhow::Result<()> {
    let found = layers::check(&Repo::find()?)?;
    assert!(found.is_empty(), "\n{}", render(&found));
    Ok(())
}

#[test]
fn the_migrations() -> anyhow::Result<()> {
    let found = migrations::check(&Repo::find()?, None)?;
    assert!(found.is_empty(), "\n{}", render(&found));
    Ok(())
}

#[test]
fn the_text() -> anyhow::Result<()> {
    let found = tidy::check(&Repo::find()?)?;
    assert!(found.is_empty(), "\n{}", render(&found));
    Ok(())
}
