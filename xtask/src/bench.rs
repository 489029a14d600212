//! Runs the benches by name, so that no one has to remember the crate and the flags of each.

use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::repo::Repo;

/// Bench: a file in a crate's `benches/`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Bench {
    /// First and repeated indexing of the stores of all agents, against a plain newline count of
    /// them, and usage by agent
    Agents,
    /// First, repeated and incremental backfill of a generated home, against a plain newline count
    Backfill,
    /// Commits with the file of decisions, restoring 10,000 of them, and snapshots under load
    Decisions,
    /// Digests of the items of 1,000 sessions, against a count of their lines
    Digest,
    /// Usage counted per second by tasks and processes, against a plain loop of the statement
    Goals,
    /// First and repeated indexing of what was said in a generated home, searches, usage, and a
    /// page of turns
    History,
    /// A page of 50 threads, of 1,000 and of 100,000
    List,
    /// Rows a second of the logs' writer, against rusqlite; bytes written per byte logged
    Logs,
    /// Claims of jobs among 100,000 threads; items of 1,000 rollouts, against a count of lines
    Memories,
    /// Redaction of prose, code, rollout lines and log rows, against a plain scan of the bytes
    Redact,
    /// The server over JSON-RPC: start, lists, turns, memory, and a soak with 50 clients
    Rpc,
    /// Live sessions, eight at once: how seldom the index writes, against recording alone
    Session,
    /// Signatures per second of device keys, and the part that the checks before them take
    Sign,
    /// Diff and commit of a workspace of 500 files, against git
    Workspace,
}

impl Bench {
    fn package(self) -> &'static str {
        match self {
            Self::Agents | Self::Backfill | Self::Decisions | Self::List | Self::Memories | Self::Session => {
                "threadkeep-state"
            }
            Self::Digest => "threadkeep-memory-runners",
            Self::Goals => "threadkeep-state-goals",
            Self::History => "threadkeep-history",
            Self::Logs => "threadkeep-state-logs",
            Self::Redact => "threadkeep-redact",
            Self::Rpc => "threadkeep",
            Self::Sign => "threadkeep-device-key",
            Self::Workspace => "threadkeep-memories",
        }
    }

    fn features(self) -> &'static [&'static str] {
        match self {
            Self::Workspace => &["--features", "workspace"],
            _ => &[],
        }
    }

    /// Makes the command that runs it with some arguments.
    pub fn command(self, arguments: &[String]) -> Command {
        let name = self.to_possible_value().expect("no bench is skipped");
        let mut command = crate::cargo::cargo();
        command.args(["bench", "--package", self.package(), "--bench", name.get_name()]);
        command.args(self.features());
        if !arguments.is_empty() {
            command.arg("--").args(arguments);
        }
        command
    }
}

pub fn run(repo: &Repo, bench: Bench, arguments: &[String]) -> Result<()> {
    let mut command = bench.command(arguments);
    let status = command.current_dir(repo.root()).status().context("could not run cargo")?;
    if !status.success() {
        bail!("the bench failed ({status})");
    }
    Ok(())
}
