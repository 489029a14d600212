//! Other processes: this tool starts itself again, as the program that opens and writes a database.
//!
//! A child prints each thing it has done as a line. It begins when its standard input is closed, so
//! that several can begin at once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use threadkeep_sqlite::{Database, Durability, OpenOptions};

use super::fixtures::Fixtures;
use super::{Owner, Task, test_database};
use crate::crates::find;
use crate::repo::Repo;

/// Line that a child prints when the database needs a newer program.
pub const TOLD_TO_STOP: &str = "told to stop";

/// Order to a child: its only argument, as JSON.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    work: Work,
    /// Path of the tool to start.
    program: PathBuf,
    root: PathBuf,
    owner: String,
    folder: PathBuf,
    /// Version of the program to be.
    version: u32,
    /// Number of statements of the migrations after which to stop and wait for the end.
    pub stall: Option<usize>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Work {
    /// Opens the database, and so upgrades it.
    Open,
    /// Writes with the statement of `live.sql`, and prints the text after each commit.
    Write { text: String, times: u32 },
}

impl Order {
    /// Orders work on a database of a task's crate, as a version of the program.
    pub fn new(task: &Task<'_>, work: Work, folder: &Path, version: u32) -> Self {
        Self {
            work,
            program: task.run.program.to_owned(),
            root: task.run.repo.root().to_owned(),
            owner: task.owner.krate.folder.to_owned(),
            folder: folder.to_owned(),
            version,
            stall: None,
        }
    }

    /// Starts the child, which waits for [`Child::begin`].
    pub fn start(&self) -> Result<Child> {
        let mut command = Command::new(&self.program);
        command.args(["migrations", "child", &serde_json::to_string(self)?]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process =
            command.spawn().with_context(|| format!("could not start {}", self.program.display()))?;
        let output = BufReader::new(process.stdout.take().context("its output is a pipe")?);
        Ok(Child { process, output })
    }

    pub fn run(order: &str) -> Result<()> {
        let order: Self = serde_json::from_str(order)?;
        let repo = Repo::at(&order.root)?;
        let owner = Owner::read(&repo, find(&order.owner).context("there is no such crate")?)?;
        let spec = match order.stall {
            None => test_database::spec(&owner, order.version)?,
            Some(statements) => test_database::stalling(&owner, order.version, statements)?,
        };
        std::io::stdin().read_to_end(&mut Vec::new())?;
        let done = test_database::block_on(async {
            let database = Database::open(spec, &order.folder, &OpenOptions::new()).await?;
            if let Work::Write { text, times } = &order.work {
                let (insert, _) = Fixtures::read(&repo, &owner)?.live.context("there is no live.sql")?;
                for time in 0..*times {
                    write(&database, &insert, &format!("{text} {time}")).await?;
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
    insert.execute(tx.conn()).await.map_err(|error| tx.error(error))?;
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
