//! Other processes: this tool starts itself again, as the program that opens and writes a database.
//!
//! A child prints each thing it has done as a line. It begins when its standard input is closed, so
//! that several can begin at once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};
use sqlx::AssertSqlSafe;
use threadkeep_sqlite::{Database, Durability, OpenOptions};

use super::fixtures::Fixtures;
use super::{Owner, Task, test_database};
use crate::crates::find;
use crate::repo::Repo;

/// Line that a child prints when the database needs a newer program.
pub const TOLD_TO_STOP: &str = "told to stop";

/// Arguments of a child.
#[derive(Debug, Clone, Args)]
pub struct ChildArgs {
    work: Work,
    #[arg(long)]
    root: PathBuf,
    #[arg(long)]
    owner: String,
    /// Folder of the database
    #[arg(long)]
    folder: PathBuf,
    /// Version of the program to be
    #[arg(long)]
    version: u32,
    /// Number of statements of the migrations after which to stop and wait for the end
    #[arg(long, default_value_t = usize::MAX)]
    stall: usize,
    /// Text to write
    #[arg(long, default_value = "")]
    text: String,
    /// Number of writes
    #[arg(long, default_value_t = 0)]
    times: u32,
}

/// Work of a child.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Work {
    /// Opens the database, and so upgrades it.
    Open,
    /// Writes with the statement of `live.sql`, and prints the text after each commit.
    Write,
}

impl ChildArgs {
    /// Makes the arguments of a child that works on a database of a task's crate.
    pub fn new(task: &Task<'_>, work: Work, folder: &Path, version: u32) -> Self {
        Self {
            work,
            root: task.run.repo.root().to_owned(),
            owner: task.owner.krate.folder.to_owned(),
            folder: folder.to_owned(),
            version,
            stall: usize::MAX,
            text: String::new(),
            times: 0,
        }
    }

    /// Lets it stop within the migrations, after a number of statements.
    #[must_use]
    pub fn stall(self, statements: usize) -> Self {
        Self { stall: statements, ..self }
    }

    /// Sets the text to write, and the number of writes.
    #[must_use]
    pub fn write(self, text: &str, times: u32) -> Self {
        Self { text: text.to_owned(), times, ..self }
    }

    /// Starts the child, which waits for [`Child::begin`].
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
        let output = BufReader::new(process.stdout.take().context("its output is a pipe")?);
        Ok(Child { process, output })
    }

    /// Does the work, as the child.
    pub fn run(&self) -> Result<()> {
        let repo = Repo::at(&self.root)?;
        let owner = Owner::read(&repo, find(&self.owner).context("there is no such crate")?)?;
        let spec = if self.stall == usize::MAX {
            test_database::spec(&owner, self.version)?
        } else {
            test_database::stalling(&owner, self.version, self.stall)?
        };
        std::io::stdin().read_to_end(&mut Vec::new())?;
        let done = test_database::block_on(async {
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
            Err(error) if test_database::is_newer(&error) => print(TOLD_TO_STOP),
            done => done,
        }
    }
}

/// Commits one text, and prints it only then.
async fn write(database: &Database, insert: &str, text: &str) -> Result<()> {
    let mut tx = database.begin(Durability::Usual).await?;
    let insert = sqlx::query(AssertSqlSafe(insert.to_owned())).bind(text.to_owned());
    insert.execute(tx.conn()).await.map_err(|error| database.error(error))?;
    tx.commit().await?;
    print(text)
}

fn print(line: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    Ok(out.flush()?)
}

/// Child process. Dropping it kills it.
pub struct Child {
    process: std::process::Child,
    output: BufReader<ChildStdout>,
}

impl Child {
    /// Lets it begin.
    pub fn begin(&mut self) {
        drop(self.process.stdin.take());
    }

    /// Waits for its next line; returns `None` when it has ended.
    pub fn next_line(&mut self) -> Result<Option<String>> {
        let mut line = String::new();
        let length = self.output.read_line(&mut line)?;
        Ok((length > 0 && line.ends_with('\n')).then(|| line.trim_end().to_owned()))
    }

    /// Returns true if it has ended.
    pub fn has_ended(&mut self) -> Result<bool> {
        Ok(self.process.try_wait()?.is_some())
    }

    /// Ends it at once (SIGKILL), and waits until it is gone.
    pub fn kill(mut self) -> Result<()> {
        self.process.kill()?;
        self.process.wait()?;
        Ok(())
    }

    /// Waits for its end; returns the lines that were not read yet, or its error.
    pub fn finish(mut self) -> Result<Vec<String>> {
        self.begin();
        let mut lines = Vec::new();
        while let Some(line) = self.next_line()? {
            lines.push(line);
        }
        let mut error = String::new();
        if let Some(mut errors) = self.process.stderr.take() {
            errors.read_to_string(&mut error)?;
        }
        let status = self.process.wait()?;
        if !status.success() {
            bail!("a process failed ({status}): {}", error.trim());
        }
        Ok(lines)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // A process that has ended cannot be killed, which is no error here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
