//! The command line: what can be typed after `cargo xtask`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

use crate::finding::{Finding, render};
use crate::repo::Repo;
use crate::{bench, layers, lint, migrations, tidy};

/// Checks and benches of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
pub struct Xtask {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run everything that is no test: fmt, layers, migrations, tidy, clippy, docs
    Lint {
        /// First format, and lock new migrations
        #[arg(long)]
        fix: bool,
    },
    /// Run the tests, then lint: what CI runs
    Ci,
    /// Prove who may know whom
    Layers(Output),
    /// Audit the SQL that databases are made from
    #[command(subcommand)]
    Migrations(Migrations),
    /// Check headers, sizes, manifests and documentation
    Tidy(Output),
    /// Run a bench: `cargo xtask bench list -- --threads 1000`
    Bench {
        /// Which one: backfill or list
        name: String,
        /// What to hand on to it
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
enum Migrations {
    /// Check everything: files, statements, schemas, and real databases with real processes
    Check {
        /// One crate: its folder or its package; all of them when left out
        #[arg(value_name = "CRATE")]
        only: Option<String>,
        /// Write `schema.sql` and `plans.txt` anew; read the diff before you commit it
        #[arg(long)]
        bless: bool,
        /// Let the last release itself work on today's databases, too: builds it from its tag, which takes minutes
        #[arg(long)]
        released: bool,
        /// Leave out what starts processes and needs databases on the disk, as `lint` does
        #[arg(long, conflicts_with = "released")]
        quick: bool,
        /// Print how long each part took
        #[arg(long)]
        verbose: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Lock migrations that are new
    Lock {
        /// One crate: its folder or its package; all of them when left out
        #[arg(value_name = "CRATE")]
        only: Option<String>,
        /// Only append lines for what is new; this is what happens without any option, too
        #[arg(long, conflicts_with = "rewrite_unreleased")]
        add: bool,
        /// Lock anew what changed above the release mark too
        #[arg(long)]
        rewrite_unreleased: bool,
    },
    /// At a release: keep what its databases hold and what it runs, and move the mark over its migrations
    Freeze {
        /// One crate: its folder or its package; all of them when left out
        #[arg(value_name = "CRATE")]
        only: Option<String>,
    },
    /// Compare the databases of a home with the locks, without touching them
    Status {
        /// The agent home, or the folder with the databases
        #[arg(long, value_name = "DIR")]
        home: PathBuf,
        #[command(flatten)]
        output: Output,
    },
    /// Be a process of a check
    #[command(hide = true)]
    Child(migrations::child::Orders),
    /// Make the next migration and lock it
    New {
        /// The crate: its folder or its package
        #[arg(value_name = "CRATE")]
        owner: String,
        /// What it does, in snake case: `thread_tags`
        name: String,
    },
}

#[derive(Debug, Clone, Copy, Args)]
struct Output {
    /// Print JSON and nothing else
    #[arg(long)]
    json: bool,
}

/// Runs what was typed: 0 when all is well, 1 when something was found, 2 when it could not be done.
pub fn run(xtask: Xtask) -> ExitCode {
    match Repo::find().and_then(|repo| dispatch(&repo, xtask.command)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

fn dispatch(repo: &Repo, command: Command) -> Result<bool> {
    match command {
        Command::Lint { fix } => Ok(lint::run(repo, fix)? == 0),
        Command::Ci => ci(repo),
        Command::Layers(output) => report("layers", &layers::check(repo)?, output),
        Command::Migrations(command) => migrations(repo, command),
        Command::Tidy(output) => report("tidy", &tidy::check(repo)?, output),
        Command::Bench { name, arguments } => bench::run(repo, &name, &arguments).map(|()| true),
    }
}

fn migrations(repo: &Repo, command: Migrations) -> Result<bool> {
    match command {
        Migrations::Check { only, bless, released, quick, verbose, output } => {
            let dynamic = if quick { &[] } else { migrations::DYNAMIC };
            let released = if released { migrations::RELEASED } else { &[] };
            let parts = [migrations::STATIC, dynamic, released].concat();
            let timed = |part: &migrations::Part, took: Duration| {
                if verbose && !output.json {
                    println!("{:12}{:6.1} s  {}", part.name, took.as_secs_f64(), part.about);
                }
            };
            let program = std::env::current_exe()?;
            let rounds = migrations::race::ROUNDS;
            let run = migrations::Run { repo, only: only.as_deref(), bless, program: &program, rounds };
            let found = run.check(&parts, timed)?;
            report("migrations", &found, output)
        }
        Migrations::Child(orders) => orders.obey().map(|()| true),
        Migrations::Lock { only, add: _, rewrite_unreleased } => {
            for room in migrations::owners(repo, only.as_deref())? {
                let files = migrations::lock::update(repo, room, rewrite_unreleased)?;
                let path = migrations::lock::path(room);
                match &files[..] {
                    [] => println!("{path}: nothing new"),
                    files => println!("{path}: locked {}", files.join(", ")),
                }
            }
            Ok(true)
        }
        Migrations::New { owner, name } => {
            for room in migrations::owners(repo, Some(&owner))? {
                let path = migrations::scaffold::new(repo, room, &name)?;
                let file = path.rsplit('/').next().unwrap_or(&path);
                let stem = file.trim_end_matches(".sql");
                let folder = room.folder;
                println!("{path} is made and locked. Next:");
                println!("  1. write its SQL, by the rules of state/sqlite/MIGRATIONS.md");
                println!("  2. write what it is tried on into {folder}/fixtures/{file}");
                println!("  3. add `\"{stem}\"` to the crate's `migrations![…]`");
                println!("  4. cargo xtask migrations lock {folder} --rewrite-unreleased");
                println!("  5. cargo xtask migrations check {folder} --bless, and read the diff");
            }
            Ok(true)
        }
        Migrations::Freeze { only } => {
            let program = std::env::current_exe()?;
            let (bless, rounds) = (false, migrations::race::ROUNDS);
            let run = migrations::Run { repo, only: only.as_deref(), bless, program: &program, rounds };
            let written = migrations::freeze::freeze(&run)?;
            written.iter().for_each(|path| println!("{path} is written"));
            println!(
                "{}",
                if written.is_empty() { "nothing is new" } else { "commit these, and tag the release" }
            );
            Ok(true)
        }
        Migrations::Status { home, output } => {
            let found = migrations::status::status(repo, &home)?;
            if output.json {
                println!("{}", serde_json::json!({ "check": "status", "databases": found }));
            } else {
                found.iter().for_each(|status| println!("{status}"));
            }
            Ok(found.iter().all(migrations::status::Status::is_fine))
        }
    }
}

/// Runs the tests with their own output, then lint; both, so that one run tells all.
fn ci(repo: &Repo) -> Result<bool> {
    let tests = lint::cargo().args(["test", "--workspace"]).current_dir(repo.root()).status();
    let passed = tests.context("could not run cargo")?.success();
    let failed = lint::run(repo, false)?;
    if !passed {
        println!("\ntests failed: see above; then `cargo test --workspace`");
    }
    Ok(passed && failed == 0)
}

/// Prints what a check found; returns whether that was nothing.
fn report(check: &str, findings: &[Finding], output: Output) -> Result<bool> {
    if output.json {
        println!("{}", serde_json::json!({ "check": check, "findings": findings }));
    } else if findings.is_empty() {
        println!("{check}: ok");
    } else {
        print!("{}", render(findings));
        let problems = if findings.len() == 1 { "problem" } else { "problems" };
        println!("{check}: {} {problems}", findings.len());
    }
    Ok(findings.is_empty())
}
