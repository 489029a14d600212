//! The command line: what can be typed after `cargo xtask`.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::{Args, Parser, Subcommand};

use crate::bench::{self, Bench};
use crate::finding::{Finding, render};
use crate::repo::Repo;
use crate::{cargo, layers, lint, migrations, tidy};

/// Checks and benches of this repository.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", arg_required_else_help = true)]
pub struct Xtask {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run every check that is not a test: fmt, layers, migrations, tidy, clippy, docs
    Lint {
        /// First format, and lock new migrations
        #[arg(long)]
        fix: bool,
    },
    /// Run the tests, then lint: what CI runs
    Ci,
    /// Prove which crate may know which
    Layers(Output),
    /// Audit the SQL that databases are made from
    #[command(subcommand)]
    Migrations(Migrations),
    /// Check headers, sizes, manifests, documentation and English
    Tidy {
        /// Print the figures of every crate; with a crate, also every place over an aim
        #[arg(long, value_name = "CRATE", conflicts_with = "json", num_args = 0..=1)]
        figures: Option<Option<String>>,
        #[command(flatten)]
        output: Output,
    },
    /// Run a bench: `cargo xtask bench list -- --threads 1000`
    Bench {
        name: Bench,
        /// Arguments for the bench
        #[arg(last = true)]
        arguments: Vec<String>,
    },
}

#[derive(Debug, Subcommand)]
enum Migrations {
    /// Check everything: files, statements, schemas, and real databases with real processes
    Check {
        /// One crate: its folder or its package [default: every crate]
        #[arg(value_name = "CRATE")]
        only: Option<String>,
        /// Rewrite `schema.sql` and `plans.txt`; read the diff before you commit it
        #[arg(long)]
        bless: bool,
        /// Leave out what starts processes and needs databases on the disk, as `lint` does
        #[arg(long)]
        quick: bool,
        /// Print the time of each part
        #[arg(long)]
        verbose: bool,
        #[command(flatten)]
        output: Output,
    },
    /// Lock new migrations
    Lock {
        /// One crate: its folder or its package [default: every crate]
        #[arg(value_name = "CRATE")]
        only: Option<String>,
        /// Also lock again what changed above the release mark
        #[arg(long)]
        rewrite_unreleased: bool,
    },
    /// At a release: record what its databases hold and what it runs, and move the mark
    Freeze {
        /// One crate: its folder or its package [default: every crate]
        #[arg(value_name = "CRATE")]
        only: Option<String>,
    },
    /// Be a process of a check
    #[command(hide = true)]
    Child { order: String },
    /// Make the next migration and lock it
    New {
        /// The crate: its folder or its package
        #[arg(value_name = "CRATE")]
        owner: String,
        /// Name in snake case, such as `thread_tags`
        name: String,
    },
}

#[derive(Debug, Clone, Copy, Args)]
struct Output {
    /// Print JSON and nothing else
    #[arg(long)]
    json: bool,
}

/// Runs a command: 0 is success, 1 something was found, 2 it could not run.
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
        Command::Tidy { figures: Some(only), .. } => {
            print!("{}", tidy::figures::render(repo, only.as_deref())?);
            Ok(true)
        }
        Command::Tidy { output, .. } => report("tidy", &tidy::check(repo)?, output),
        Command::Bench { name, arguments } => bench::run(repo, name, &arguments).map(|()| true),
    }
}

fn migrations(repo: &Repo, command: Migrations) -> Result<bool> {
    let program = std::env::current_exe()?;
    let run = migrations::Run::new(repo, &program);
    match command {
        Migrations::Check { only, bless, quick, verbose, output } => {
            let dynamic = if quick { &[] } else { migrations::DYNAMIC };
            let timed = |part: &migrations::Part, time: Duration| {
                if verbose && !output.json {
                    println!("{:12}{:6.1} s  {}", part.name, time.as_secs_f64(), part.about);
                }
            };
            let run = migrations::Run { only: only.as_deref(), bless, ..run };
            let found = run.check(&[migrations::STATIC, dynamic].concat(), timed)?;
            return report("migrations", &found, output);
        }
        Migrations::Child { order } => migrations::child::Order::run(&order)?,
        Migrations::Lock { only, rewrite_unreleased } => {
            for krate in migrations::owners(repo, only.as_deref())? {
                let files = migrations::lock::update(repo, krate, rewrite_unreleased)?;
                let path = migrations::lock::path(krate);
                match &files[..] {
                    [] => println!("{path}: nothing new"),
                    files => println!("{path}: locked {}", files.join(", ")),
                }
            }
        }
        Migrations::New { owner, name } => {
            for krate in migrations::owners(repo, Some(&owner))? {
                println!("{}", migrations::scaffold::new(repo, krate, &name)?);
            }
        }
        Migrations::Freeze { only } => {
            let written = migrations::freeze::freeze(&migrations::Run { only: only.as_deref(), ..run })?;
            written.iter().for_each(|path| println!("wrote {path}"));
            let next =
                if written.is_empty() { "nothing is new" } else { "commit these, and tag the release" };
            println!("{next}");
        }
    }
    Ok(true)
}

/// The only tests that need a feature of the tool.
const RESPONSES: &[&str] =
    &["--package", "threadkeep", "--features", "responses", "--test", "it", "memories"];

/// Runs the tests with their own output, then lint; both, so that one run shows all failures.
fn ci(repo: &Repo) -> Result<bool> {
    let mut all_passed = true;
    for tests in [&["--workspace"][..], RESPONSES] {
        let status = cargo::cargo().arg("test").args(tests).current_dir(repo.root()).status();
        if !status.context("could not run cargo")?.success() {
            println!("\ntests failed: see above; then `cargo test {}`", tests.join(" "));
            all_passed = false;
        }
    }
    Ok(lint::run(repo, false)? == 0 && all_passed)
}

/// Prints findings; returns true if there are none.
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
