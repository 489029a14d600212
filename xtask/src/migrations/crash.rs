//! Kills a real process after every statement of an upgrade, and at moments in between: the file is before or after.
//!
//! To be killed at a known place, the process runs migrations that have an endless statement put into them. It writes so
//! much that uncommitted pages reach the log, which tells that the place is reached, and makes the kill as nasty as it
//! can be. The changed checksum is never seen: the transaction is never committed.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use threadkeep_sqlite::DbSpec;

use super::child::{Orders, Work};
use super::fixtures::Fixtures;
use super::lab::{self, Content, Lab};
use super::sql::Script;
use super::upgrade::Walk;
use super::{Owner, Task};
use crate::finding::Finding;

/// Writes 80 MB, and then fails: whoever is not killed by then must not commit.
const STALL: &str = "CREATE TABLE stalled (bytes BLOB); INSERT INTO stalled \
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 20000) SELECT randomblob(4000) FROM n; \
    SELECT * FROM the_stall_was_not_long_enough;";

/// How far the log has to grow until the place is reached: more than any migration of a fixture writes.
const REACHED: u64 = 4 << 20;

/// How often the process is killed at some moment of an upgrade, evenly spread over the time it takes.
const MOMENTS: u32 = 12;

/// How long a process may take to where it is killed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Kills upgrades of the oldest database, and of none.
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
    let mut found = Vec::new();
    for (old, from) in [(Some(old.as_path()), from), (None, 0)] {
        let victim = match Victim::new(task, old, to) {
            Ok(victim) => victim,
            Err(error) => {
                found.push(finding(task, format!("without a kill: {error:#}")));
                continue;
            }
        };
        let count = count(task.owner, from, to)?;
        for statements in 0..=count {
            found.extend(victim.kill_after(statements, from)?);
        }
        for moment in 0..MOMENTS {
            found.extend(victim.kill_at(moment)?);
        }
    }
    found.dedup();
    Ok(found)
}

/// Holds what a killed upgrade is compared with.
struct Victim<'a> {
    task: &'a Task<'a>,
    old: Option<&'a Path>,
    to: u32,
    before: Option<Content>,
    after: Content,
    took: Duration,
}

impl<'a> Victim<'a> {
    fn new(task: &'a Task<'a>, old: Option<&'a Path>, to: u32) -> Result<Self> {
        let lab = lab_of(task, old)?;
        let before = old.map(|_| lab.content()).transpose()?;
        let start = Instant::now();
        Orders::new(task, Work::Open, lab.folder(), to).start(task.program)?.finish()?;
        Ok(Self { task, old, to, before, after: lab.content()?, took: start.elapsed() })
    }

    /// Kills the process after a number of statements of the pending migrations.
    fn kill_after(&self, statements: usize, from: u32) -> Result<Option<Finding>> {
        let lab = lab_of(self.task, self.old)?;
        let wal = PathBuf::from(format!("{}-wal", lab.database().display()));
        let skipped = count(self.task.owner, 0, from)?;
        let orders = Orders::new(self.task, Work::Open, lab.folder(), self.to).stall(skipped + statements);
        let mut child = orders.start(self.task.program)?;
        child.go();
        let start = Instant::now();
        while std::fs::metadata(&wal).map_or(0, |file| file.len()) < REACHED {
            if child.has_ended()? {
                child.finish()?;
                bail!("a process was not killed after {statements} statements: it had already ended");
            }
            ensure!(start.elapsed() < PATIENCE, "the process did not get to where it is killed");
            std::thread::yield_now();
        }
        child.kill()?;
        self.judge(&lab, &format!("killed after {statements} statements"))
    }

    /// Kills the process after a part of the time that an upgrade takes.
    fn kill_at(&self, moment: u32) -> Result<Option<Finding>> {
        let lab = lab_of(self.task, self.old)?;
        let mut child = Orders::new(self.task, Work::Open, lab.folder(), self.to).start(self.task.program)?;
        let wait = self.took * (moment + 1) / MOMENTS;
        let start = Instant::now();
        child.go();
        while start.elapsed() < wait && !child.has_ended()? {
            std::thread::yield_now();
        }
        child.kill()?;
        self.judge(&lab, &format!("killed after {} ms", wait.as_millis()))
    }

    /// Looks at what the killed process left: the file, the snapshot, and whether the next one can go on.
    fn judge(&self, lab: &Lab<'_>, when: &str) -> Result<Option<Finding>> {
        let wrong = self.left(lab).and_then(|()| self.snapshots(lab)).and_then(|()| {
            lab.open(self.to).context("the next program cannot open it")?;
            ensure!(lab.content()? == self.after, "after the next program has opened it, it is not upgraded");
            Ok(())
        });
        Ok(wrong.err().map(|error| finding(self.task, format!("{when}: {error:#}"))))
    }

    /// The file is as before or as after, and sound. It is looked at in a copy, so that the next program finds it as it is.
    fn left(&self, lab: &Lab<'_>) -> Result<()> {
        let copy = Lab::new(self.task.owner)?;
        for entry in std::fs::read_dir(lab.folder())? {
            let entry = entry?;
            std::fs::copy(entry.path(), copy.folder().join(entry.file_name()))?;
        }
        if !copy.database().exists() {
            ensure!(self.old.is_none(), "the database is gone");
            return Ok(());
        }
        let connection = copy.connect()?;
        if let Some(damage) = lab::damage(&connection)? {
            bail!("{damage}");
        }
        let left = lab::content(&connection)?;
        let is_before = match &self.before {
            Some(before) => left == *before,
            None => left.versions.is_empty() && left.rows.is_empty(),
        };
        ensure!(
            is_before || left == self.after,
            "the database is neither before nor after: it has {:?}",
            left.versions
        );
        Ok(())
    }

    /// Every snapshot that is there is whole.
    fn snapshots(&self, lab: &Lab<'_>) -> Result<()> {
        for snapshot in lab.snapshots()? {
            let connection = lab::connect(&snapshot)?;
            ensure!(lab::damage(&connection)?.is_none(), "the snapshot is damaged");
            ensure!(
                Some(lab::content(&connection)?) == self.before,
                "the snapshot is not what was there before"
            );
        }
        Ok(())
    }
}

fn finding(task: &Task<'_>, reason: String) -> Finding {
    let mend = "keep everything in the one transaction that migrations run in";
    Finding::new(&task.owner.folder.path, "migrations/crash", reason, mend)
}

fn lab_of<'a>(task: &'a Task<'_>, old: Option<&Path>) -> Result<Lab<'a>> {
    old.map_or_else(|| Lab::new(task.owner), |old| Lab::with(task.owner, old))
}

/// Counts the statements of the migrations after one version and up to another.
fn count(owner: &Owner, from: u32, to: u32) -> Result<usize> {
    let mut count = 0;
    for file in lab::spec(owner, to)?.migrations.iter().filter(|file| file.version > i64::from(from)) {
        count += parse(file.sql)?.statements.len();
    }
    Ok(count)
}

fn parse(sql: &str) -> Result<Script> {
    Script::parse(sql)
        .map_err(|unclosed| anyhow::anyhow!("the {} in line {} does not end", unclosed.what, unclosed.line))
}

/// Describes a database whose migrations stop for ever after a number of statements, counted from the first one's first.
///
/// # Errors
///
/// When there is no such version.
pub(super) fn stalling(owner: &Owner, version: u32, statements: usize) -> Result<&'static DbSpec> {
    let spec = lab::spec(owner, version)?;
    let (mut left, mut files) = (Some(statements), Vec::new());
    for file in spec.migrations {
        let script = parse(file.sql)?;
        let is_last = files.len() + 1 == spec.migrations.len();
        match left {
            Some(rest) if rest < script.statements.len() || (rest == script.statements.len() && is_last) => {
                let run = script.statements[..rest].iter().map(|statement| statement.text.as_str());
                let sql = run.chain([STALL]).collect::<Vec<_>>().join("\n");
                files.push(lab::file(u32::try_from(file.version)?, file.description, sql));
                left = None;
            }
            _ => {
                left = left.map(|rest| rest.saturating_sub(script.statements.len()));
                files.push(*file);
            }
        }
    }
    Ok(lab::spec_of(owner, files))
}
