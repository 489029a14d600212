//! Kills a real process after every statement of an upgrade, and at moments in between.
//!
//! The file must be in the state before or the state after. To be killed at a known place, the
//! process runs migrations that contain an endless statement. It writes so much that uncommitted
//! pages reach the log, which shows that the place is reached. The changed checksum is never seen:
//! the transaction is never committed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};

use super::child::{Order, Work};
use super::scenarios::{Stage, attempt};
use super::sql::Script;
use super::test_database::{self, Content, TestDatabase};
use super::{Owner, Task};
use crate::finding::Finding;

/// Size of the log, in bytes, at which the place is reached: more than any migration writes here.
const REACHED: u64 = 4 << 20;
/// Number of kills that are spread evenly over the duration of an upgrade.
const MOMENTS: u32 = 12;
/// Longest wait for a process to reach the place where it is killed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Kills upgrades of the oldest database, and of a missing one.
pub fn crash(task: &Task<'_>) -> Result<Vec<Finding>> {
    let fix = "keep everything in the one transaction that migrations run in";
    attempt(task, "migrations/crash", fix, |stage| {
        for (old, from) in [(Some(stage.old), stage.from), (None, 0)] {
            let upgrade = Upgrade::new(stage, old).context("without a kill")?;
            let skipped = count(stage.task.owner, 0, from)?;
            for statements in 0..=count(stage.task.owner, from, stage.to)? {
                upgrade
                    .kill(Some(skipped + statements), PATIENCE)
                    .with_context(|| format!("killed after {statements} statements"))?;
            }
            for moment in 1..=MOMENTS {
                let wait = upgrade.duration * moment / MOMENTS;
                upgrade.kill(None, wait).with_context(|| format!("killed after {} ms", wait.as_millis()))?;
            }
        }
        Ok(())
    })
}

/// Upgrade to kill, with the two states it may be left in.
struct Upgrade<'a> {
    stage: &'a Stage<'a>,
    old: Option<&'a Path>,
    before: Option<Content>,
    after: Content,
    duration: Duration,
}

impl<'a> Upgrade<'a> {
    fn new(stage: &'a Stage<'a>, old: Option<&'a Path>) -> Result<Self> {
        let database = database(stage.task.owner, old)?;
        let before = old.map(|_| database.content()).transpose()?;
        let start = Instant::now();
        Order::new(stage.task, Work::Open, database.folder(), stage.to).start()?.finish()?;
        Ok(Self { stage, old, before, after: database.content()?, duration: start.elapsed() })
    }

    /// Kills the process after `stall` statements of all migrations; without it, after a time in
    /// which the process may have ended.
    fn kill(&self, stall: Option<usize>, wait: Duration) -> Result<()> {
        let database = database(self.stage.task.owner, self.old)?;
        let wal = PathBuf::from(format!("{}-wal", database.path().display()));
        let is_reached = || std::fs::metadata(&wal).is_ok_and(|file| file.len() >= REACHED);
        let mut order = Order::new(self.stage.task, Work::Open, database.folder(), self.stage.to);
        order.stall = stall;
        let mut child = order.start()?;
        child.begin();
        let start = Instant::now();
        while start.elapsed() < wait && !(stall.is_some() && is_reached()) && !child.has_ended()? {
            std::thread::yield_now();
        }
        if stall.is_some() && !is_reached() {
            ensure!(start.elapsed() < wait, "the process did not get to where it is killed");
            child.finish()?;
            bail!("the process had already ended");
        }
        child.kill()?;
        self.judge(&database)
    }

    /// Checks what the killed process left, and that the next program can go on.
    fn judge(&self, database: &TestDatabase<'_>) -> Result<()> {
        self.judge_file(database)?;
        for snapshot in database.snapshots()? {
            let connection = test_database::connect(&snapshot)?;
            test_database::sound(&connection).context("the snapshot is damaged")?;
            let is_before = Some(test_database::content(&connection)?) == self.before;
            ensure!(is_before, "the snapshot is not what was there before");
        }
        database.open(self.stage.to).context("the next program cannot open it")?;
        let is_upgraded = database.content()? == self.after;
        ensure!(is_upgraded, "after the next program has opened it, it is not upgraded");
        Ok(())
    }

    /// Checks a copy of the file, so that the next program finds the original untouched.
    fn judge_file(&self, database: &TestDatabase<'_>) -> Result<()> {
        let copy = TestDatabase::new(self.stage.task.owner)?;
        for entry in std::fs::read_dir(database.folder())? {
            let entry = entry?;
            std::fs::copy(entry.path(), copy.folder().join(entry.file_name()))?;
        }
        if !copy.path().exists() {
            ensure!(self.old.is_none(), "the database is gone");
            return Ok(());
        }
        let connection = copy.connect()?;
        test_database::sound(&connection)?;
        let left = test_database::content(&connection)?;
        let is_before = match &self.before {
            Some(before) => left == *before,
            None => left.versions.is_empty() && left.rows.is_empty(),
        };
        let versions = &left.versions;
        ensure!(
            is_before || left == self.after,
            "the database is neither before nor after: it has {versions:?}"
        );
        Ok(())
    }
}

fn database<'a>(owner: &'a Owner, old: Option<&Path>) -> Result<TestDatabase<'a>> {
    old.map_or_else(|| TestDatabase::new(owner), |old| TestDatabase::copy(owner, old))
}

/// Counts the statements of the migrations after one version and up to another.
fn count(owner: &Owner, from: u32, to: u32) -> Result<usize> {
    let spec = test_database::spec(owner, to)?;
    let pending = spec.migrations.iter().filter(|file| file.version > i64::from(from));
    pending.map(|file| Ok(Script::parse(file.sql)?.statements.len())).sum()
}
