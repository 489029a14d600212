//! A crate that is being checked, with everything that several parts need of it, made once.

use std::cell::OnceCell;

use anyhow::Result;

use super::fixtures::Fixtures;
use super::lock::Lock;
use super::replay::Replay;
use super::upgrade::Walk;
use super::{Owner, Run};
use crate::finding::Finding;

pub struct Task<'a> {
    pub run: &'a Run<'a>,
    pub owner: &'a Owner,
    replay: OnceCell<Replay>,
    fixtures: OnceCell<Fixtures>,
    walk: OnceCell<Walk>,
}

impl<'a> Task<'a> {
    pub fn new(run: &'a Run<'a>, owner: &'a Owner) -> Self {
        Self { run, owner, replay: OnceCell::new(), fixtures: OnceCell::new(), walk: OnceCell::new() }
    }

    /// Returns the migrations as run on an empty database.
    pub fn replay(&self) -> Result<&Replay> {
        once(&self.replay, || Replay::run(&self.owner.folder))
    }

    pub fn fixtures(&self) -> Result<&Fixtures> {
        once(&self.fixtures, || Fixtures::read(self.run.repo, self.owner))
    }

    /// Returns the upgrade from the oldest release, or from the first migration, to the newest.
    pub fn walk(&self) -> Result<&Walk> {
        once(&self.walk, || Walk::from(self, self.fixtures()?.frozen.keys().next().copied().unwrap_or(0)))
    }

    /// Returns the version at the release mark; 0 before the first release.
    pub fn released(&self) -> Result<u32> {
        Ok(Lock::read(self.run.repo, self.owner.krate)?.map_or(0, |lock| lock.released))
    }

    /// Returns the versions between which upgrades are tried: the oldest release, and the newest.
    ///
    /// A single version is upgraded to one of the future.
    pub fn versions(&self) -> Result<(u32, u32)> {
        let (oldest, newest) = (self.fixtures()?.oldest(), self.owner.newest());
        Ok(if oldest < newest { (oldest, newest) } else { (newest, newest + 1) })
    }

    /// Compares a committed file with what it should say, or writes it.
    pub fn snapshot(&self, path: &str, fresh: &str, rule: &'static str, what: &str) -> Result<Vec<Finding>> {
        let repo = self.run.repo;
        let committed = if repo.has_file(path) { repo.text(path)? } else { String::new() };
        if committed == fresh {
            return Ok(Vec::new());
        }
        if self.run.bless {
            std::fs::write(repo.path(path), fresh)?;
            return Ok(Vec::new());
        }
        let (line, difference) = difference(&committed, fresh);
        let folder = self.owner.krate.folder;
        Ok(vec![Finding::new(
            format!("{path}:{line}"),
            rule,
            format!("it is not {what}: {difference}"),
            format!("cargo xtask migrations check {folder} --bless, and read the diff"),
        )])
    }
}

fn once<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T>) -> Result<&T> {
    if let Some(made) = cell.get() {
        return Ok(made);
    }
    let made = make()?;
    Ok(cell.get_or_init(|| made))
}

/// Finds where two texts first differ: the line, and its text in each.
fn difference(committed: &str, fresh: &str) -> (usize, String) {
    let same = committed.lines().zip(fresh.lines()).take_while(|(old, new)| old == new).count();
    let [old, new] = [committed, fresh].map(|text| text.lines().nth(same).map(str::trim));
    let difference = match (old, new) {
        (Some(old), Some(new)) => format!("`{old}` should be `{new}`"),
        (Some(old), None) => format!("`{old}` is too much"),
        (None, Some(new)) => format!("`{new}` is missing"),
        (None, None) => "the ends of lines differ".to_owned(),
    };
    (same + 1, difference)
}
