//! Runs the benches: a table of names, so that nobody has to remember the crate and the flags of each.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::repo::Repo;

/// Describes one bench.
#[derive(Debug, Clone, Copy)]
pub struct Bench {
    /// The name to type, which is also that of the file in `benches/`.
    pub name: &'static str,
    /// The crate it belongs to.
    pub package: &'static str,
    /// What it prints.
    pub about: &'static str,
}

/// Lists the benches.
pub const BENCHES: &[Bench] = &[
    Bench {
        name: "backfill",
        package: "threadkeep-state",
        about: "first, repeated and incremental backfill of a generated home, against a plain newline count",
    },
    Bench {
        name: "goals",
        package: "threadkeep-state-goals",
        about: "usage counted per second by one, eight tasks and eight processes, against a plain loop of the statement",
    },
    Bench {
        name: "list",
        package: "threadkeep-state",
        about: "a page of 50 threads, of 1,000 and of 100,000",
    },
    Bench {
        name: "logs",
        package: "threadkeep-state-logs",
        about: "rows a second of the logs' writer, against rusqlite on the same rows; bytes written per byte logged",
    },
    Bench {
        name: "redact",
        package: "threadkeep-redact",
        about: "redaction of prose, code, rollout lines and log rows, against a plain scan of the bytes",
    },
    Bench {
        name: "session",
        package: "threadkeep-state",
        about: "live sessions of 10,000 lines, eight at once: how seldom the index writes, against recording alone",
    },
];

/// Runs a bench with the arguments given to it.
///
/// # Errors
///
/// When there is no such bench, or it fails.
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
///
/// # Errors
///
/// When there is none of that name; the message lists those that there are.
pub fn find(name: &str) -> Result<&'static Bench> {
    BENCHES.iter().find(|bench| bench.name == name).with_context(|| {
        let lines = BENCHES.iter().map(|bench| format!("\n  {:10} {}", bench.name, bench.about));
        format!("there is no bench `{name}`; there are:{}", lines.collect::<String>())
    })
}

/// Makes the command that runs a bench.
pub fn command(bench: &Bench, arguments: &[String]) -> Command {
    let mut command = crate::lint::cargo();
    command.args(["bench", "--package", bench.package, "--bench", bench.name]);
    if !arguments.is_empty() {
        command.arg("--").args(arguments);
    }
    command
}
