//! Runs the benches by name, so that no one has to remember the crate and the flags of each.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::repo::Repo;

/// Bench: a file in a crate's `benches/`.
#[derive(Debug, Clone, Copy)]
pub struct Bench {
    /// Name to type, and name of the file.
    pub name: &'static str,
    /// Package that it belongs to.
    pub package: &'static str,
    /// Description for the list of benches.
    pub about: &'static str,
}

const fn bench(name: &'static str, package: &'static str, about: &'static str) -> Bench {
    Bench { name, package, about }
}

pub const BENCHES: &[Bench] = &[
    bench(
        "backfill",
        "threadkeep-state",
        "first, repeated and incremental backfill of a generated home, against a plain newline count",
    ),
    bench(
        "goals",
        "threadkeep-state-goals",
        "usage counted per second by one, eight tasks and eight processes, against a plain loop of the statement",
    ),
    bench("list", "threadkeep-state", "a page of 50 threads, of 1,000 and of 100,000"),
    bench(
        "logs",
        "threadkeep-state-logs",
        "rows a second of the logs' writer, against rusqlite on the same rows; bytes written per byte logged",
    ),
    bench(
        "redact",
        "threadkeep-redact",
        "redaction of prose, code, rollout lines and log rows, against a plain scan of the bytes",
    ),
    bench(
        "session",
        "threadkeep-state",
        "live sessions of 10,000 lines, eight at once: how seldom the index writes, against recording alone",
    ),
];

/// Runs a bench with the arguments given to it.
pub fn run(repo: &Repo, name: &str, arguments: &[String]) -> Result<()> {
    let bench = find(name)?;
    let mut command = command(bench, arguments);
    let status = command.current_dir(repo.root()).status().context("could not run cargo")?;
    if !status.success() {
        bail!("the bench `{name}` failed ({status})");
    }
    Ok(())
}

/// Finds a bench by name.
pub fn find(name: &str) -> Result<&'static Bench> {
    BENCHES.iter().find(|bench| bench.name == name).with_context(|| {
        let lines = BENCHES.iter().map(|bench| format!("\n  {:10} {}", bench.name, bench.about));
        format!("there is no bench `{name}`; there are:{}", lines.collect::<String>())
    })
}

/// Makes the command that runs a bench.
pub fn command(bench: &Bench, arguments: &[String]) -> Command {
    let mut command = crate::cargo::cargo();
    command.args(["bench", "--package", bench.package, "--bench", bench.name]);
    if !arguments.is_empty() {
        command.arg("--").args(arguments);
    }
    command
}
