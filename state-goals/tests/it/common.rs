//! Shared code of the tests: a store in a folder of its own, threads, times, and children of this
//! program.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use tempfile::TempDir;
use threadkeep_state_goals::{Goal, GoalStore, NewGoal, OpenOptions, Usage};
use uuid::Uuid;

/// Result of a test.
pub(crate) type Result<T = (), E = Error> = std::result::Result<T, E>;

/// Any error of a test.
pub(crate) type Error = Box<dyn std::error::Error + Send + Sync>;

/// A store in a folder of its own.
pub(crate) struct Lab {
    pub(crate) folder: TempDir,
    pub(crate) goals: GoalStore,
}

impl Lab {
    pub(crate) fn new() -> Result<Lab> {
        let folder = tempfile::tempdir()?;
        let goals = open(folder.path());
        Ok(Lab { folder, goals })
    }

    /// Gives thread 1 a goal with a budget.
    pub(crate) async fn with_budget(budget: i64) -> Result<(Lab, Goal)> {
        let lab = Lab::new()?;
        let new = NewGoal { token_budget: Some(budget), ..NewGoal::new("reach it") };
        let goal = lab.goals.insert(thread(1), new, at(1)).await?;
        Ok((lab, goal))
    }

    /// Reads thread 1's goal, which is there.
    pub(crate) async fn goal(&self) -> Result<Goal> {
        Ok(self.goals.get(thread(1)).await?.ok_or("thread 1 has a goal")?)
    }

    /// Opens the file without the store, as a program that ignores its rules would.
    pub(crate) fn raw(&self) -> Result<rusqlite::Connection> {
        Ok(rusqlite::Connection::open(self.goals.database().path())?)
    }

    /// Lists the names of the folder's files.
    pub(crate) fn files(&self) -> Result<Vec<String>> {
        let entries = std::fs::read_dir(self.folder.path())?;
        let mut names = entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect::<Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }
}

/// A store in a folder.
pub(crate) fn open(folder: &Path) -> GoalStore {
    GoalStore::new(folder, &OpenOptions::new())
}

/// A thread.
pub(crate) fn thread(number: u128) -> Uuid {
    Uuid::from_u128(0x01a2_036c_de71_77f1_a9e3_0000_0000_0000 + number)
}

/// A time: a number of milliseconds after the tests' epoch.
pub(crate) fn at(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(1_795_353_796_000 + ms).expect("it is in this century")
}

/// Tokens and seconds, for an active goal.
pub(crate) fn usage(tokens: i64, seconds: i64) -> Usage {
    Usage { tokens, seconds, ..Usage::default() }
}

/// Starts this test binary again, as a child that runs one test alone: the child's part of it.
pub(crate) fn child(test: &str, folder: &Path) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]);
    command.env("THREADKEEP_GOALS_CHILD", test).env("THREADKEEP_GOALS_FOLDER", folder);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    Ok(command.spawn()?)
}

/// Says whether this process is the child of a test, and of which folder.
pub(crate) fn child_of(test: &str) -> Option<PathBuf> {
    let is = std::env::var("THREADKEEP_GOALS_CHILD").is_ok_and(|name| name == test);
    is.then(|| std::env::var_os("THREADKEEP_GOALS_FOLDER")).flatten().map(Into::into)
}

/// Waits for a child that must succeed.
pub(crate) fn succeeded(child: Child) -> Result {
    let output = child.wait_with_output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr)).into())
}
