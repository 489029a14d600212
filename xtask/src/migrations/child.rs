//! Other processes: this tool starts itself again, as the program that opens and writes a database.
//!
//! A child says what it has done line by line on its standard output, and begins when its standard input is closed, so that
//! several can begin at once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use sqlx::AssertSqlSafe;
use threadkeep_sqlite::{Database, Durability, OpenOptions};

use super::fixtures::Fixtures;
use super::{Owner, Task, lab};
use crate::house::room;
use crate::repo::Repo;

/// What a child is told. Nobody types this.
#[derive(Debug, Clone, Args)]
pub struct Orders {
    /// What to do.
    work: Work,
    /// The checkout.
    #[arg(long)]
    root: PathBuf,
    /// The crate.
    #[arg(long)]
    owner: String,
    /// The folder of the database.
    #[arg(long)]
    folder: PathBuf,
    /// Which version of the program to be.
    #[arg(long)]
    version: u32,
    /// After how many statements of the pending migrations to stop and wait for the end.
    #[arg(long, default_value_t = usize::MAX)]
    stall: usize,
    /// What to write, and how often.
    #[arg(long, default_value = "")]
    text: String,
    #[arg(long, default_value_t = 0)]
    times: u32,
}

/// What a child does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Work {
    /// Opens the database, and so upgrades it.
    Open,
    /// Writes with the statement of `live.sql` again and again, and says so after each commit.
    Write,
    /// Reads and writes in every way that the store has.
    Exercise,
}

impl Orders {
    /// Makes the orders for a child that works on a database of a task's crate.
    pub fn new(task: &Task<'_>, work: Work, folder: &Path, version: u32) -> Self {
        Self {
            work,
            root: task.repo.root().to_owned(),
            owner: task.owner.room.folder.to_owned(),
            folder: folder.to_owned(),
            version,
            stall: usize::MAX,
            text: String::new(),
            times: 0,
        }
    }

    /// Says that the child is a program of another checkout.
    #[must_use]
    pub fn from(mut self, root: &Path) -> Self {
        root.clone_into(&mut self.root);
        self
    }

    /// Lets it stop within the migrations, after a number of statements.
    #[must_use]
    pub fn stall(mut self, statements: usize) -> Self {
        self.stall = statements;
        self
    }

    /// Says what to write and how often.
    #[must_use]
    pub fn write(mut self, text: &str, times: u32) -> Self {
        (self.text, self.times) = (text.to_owned(), times);
        self
    }

    /// Starts the child; it waits until it is let go.
    ///
    /// # Errors
    ///
    /// When it cannot be started.
    pub fn start(&self, program: &Path) -> Result<Child> {
        let work = self.work.to_possible_value().context("every work has a name")?;
        let mut command = Command::new(program);
        command.args(["migrations", "child", work.get_name(), "--owner", &self.owner]);
        command.arg("--root").arg(&self.root).arg("--folder").arg(&self.folder);
        command.args(["--version", &self.version.to_string(), "--stall", &self.stall.to_string()]);
        command.args(["--text", &self.text, "--times", &self.times.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process =
            command.spawn().with_context(|| format!("could not start {}", program.display()))?;
        let said = BufReader::new(process.stdout.take().context("its output is a pipe")?);
        Ok(Child { process, said })
    }

    /// Does what was ordered: this is the child.
    ///
    /// # Errors
    ///
    /// What the plumbing or the store says.
    pub fn obey(&self) -> Result<()> {
        let repo = Repo::at(&self.root)?;
        let owner = Owner::read(&repo, room(&self.owner).context("there is no such crate")?)?;
        let spec = if self.stall == usize::MAX {
            lab::spec(&owner, self.version)?
        } else {
            super::crash::stalling(&owner, self.version, self.stall)?
        };
        std::io::stdin().read_to_end(&mut Vec::new())?;
        let done = lab::block_on(async {
            if self.work == Work::Exercise {
                let store = owner.store.context("the store is not built in")?;
                return (store.exercise)(&self.folder).await;
            }
            let database = Database::open(spec, &self.folder, &OpenOptions::new()).await?;
            if self.work == Work::Write {
                let live = Fixtures::read(&repo, &owner)?.live.context("there is no live.sql")?;
                for time in 0..self.times {
                    write(&database, &live.0, &format!("{} {time}", self.text)).await?;
                }
            }
            database.close().await?;
            Ok(())
        });
        match done {
            Err(error) if lab::is_newer(&error) => say(TOLD_TO_STOP),
            done => done,
        }
    }
}

/// What a child says when the plumbing has told it that the database needs a newer program.
pub const TOLD_TO_STOP: &str = "told to stop";

/// Commits one text, and only then says so.
async fn write(database: &Database, insert: &str, text: &str) -> Result<()> {
    let mut tx = database.begin(Durability::Usual).await?;
    let insert = sqlx::query(AssertSqlSafe(insert.to_owned())).bind(text.to_owned());
    insert.execute(tx.conn()).await.map_err(|error| database.error(error))?;
    tx.commit().await?;
    say(text)
}

fn say(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Holds a child process. Dropping it kills it.
pub struct Child {
    process: std::process::Child,
    said: BufReader<ChildStdout>,
}

impl Child {
    /// Lets it begin.
    pub fn go(&mut self) {
        drop(self.process.stdin.take());
    }

    /// Waits for the next line that it says; none when it has ended.
    ///
    /// # Errors
    ///
    /// When its output cannot be read.
    pub fn hear(&mut self) -> Result<Option<String>> {
        let mut line = String::new();
        let length = self.said.read_line(&mut line)?;
        Ok((length > 0 && line.ends_with('\n')).then(|| line.trim_end().to_owned()))
    }

    /// Says whether it has ended.
    ///
    /// # Errors
    ///
    /// When the system does not know.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.process.try_wait()?.is_some())
    }

    /// Ends it at once, whatever it is doing (SIGKILL), and waits until it is gone.
    ///
    /// # Errors
    ///
    /// When the system refuses.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Waits for its end; returns what it said since it was last heard.
    ///
    /// # Errors
    ///
    /// When it failed, with what it complained about.
    pub fn finish(mut self) -> Result<Vec<String>> {
        self.go();
        let mut lines = Vec::new();
        while let Some(line) = self.hear()? {
            lines.push(line);
        }
        let mut complaint = String::new();
        if let Some(mut errors) = self.process.stderr.take() {
            errors.read_to_string(&mut complaint)?;
        }
        let status = self.process.wait()?;
        if !status.success() {
            bail!("a process failed ({status}): {}", complaint.trim());
        }
        Ok(lines)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // After its end, there is nothing left to kill.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
