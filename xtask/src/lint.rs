//! Runs everything that is no test, a line each, and says at the end what to do about what failed.

use std::io::Write as _;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::finding::{Finding, render};
use crate::repo::Repo;
use crate::{layers, migrations, tidy};

/// Describes one step.
#[derive(Clone, Copy)]
pub struct Step {
    /// Its name, as it is printed.
    pub name: &'static str,
    /// What to type when it fails.
    pub mend: &'static str,
    /// Does it; returns what is wrong, or nothing.
    pub run: fn(&Repo) -> Result<String>,
}

/// Lists the steps, in the order in which they run: what is quick and often wrong comes first.
pub const STEPS: &[Step] = &[
    Step { name: "fmt", mend: "cargo xtask lint --fix", run: fmt },
    Step {
        name: "layers",
        mend: "mend each as it says; then `cargo xtask layers`",
        run: |r| found(layers::check(r)),
    },
    Step {
        name: "migrations",
        mend: "mend each as it says; then `cargo xtask migrations check`",
        run: |repo| found(migrations::check(repo, None)),
    },
    Step {
        name: "tidy",
        mend: "mend each as it says; then `cargo xtask tidy`",
        run: |r| found(tidy::check(r)),
    },
    Step { name: "clippy", mend: "mend each; then type the command above again", run: clippy },
    Step {
        name: "alone",
        mend: "mend it for that crate taken alone; then type the command above again",
        run: alone,
    },
    Step {
        name: "docs",
        mend: "mend each; then type the command above again, with RUSTDOCFLAGS='-D warnings'",
        run: docs,
    },
];

/// Runs every step and prints a line for each; returns how many failed.
///
/// # Errors
///
/// When standard output is closed.
pub fn run(repo: &Repo, fix: bool) -> Result<usize> {
    if fix {
        mend(repo)?;
    }
    let mut failures = Vec::new();
    for step in STEPS {
        print!("{:12}", step.name);
        std::io::stdout().flush()?;
        let start = Instant::now();
        // A step that could not be made has failed too: the others still run.
        let wrong = (step.run)(repo).unwrap_or_else(|error| format!("{error:?}\n"));
        let outcome = if wrong.is_empty() { "ok" } else { "failed" };
        println!("{outcome:8}{:6.1} s", start.elapsed().as_secs_f64());
        if !wrong.is_empty() {
            failures.push((step, wrong));
        }
    }
    for (step, wrong) in &failures {
        println!("\n{}:\n{}\n{}: {}", step.name, wrong.trim_end(), step.name, step.mend);
    }
    Ok(failures.len())
}

/// Does what can be undone by looking at the diff: formats, and locks migrations that are new.
fn mend(repo: &Repo) -> Result<()> {
    let wrong = quietly(repo, cargo().args(["fmt", "--all"]))?;
    if !wrong.is_empty() {
        bail!("`cargo fmt --all` failed:\n{wrong}");
    }
    for room in migrations::owners(repo, None)? {
        // What cannot be locked is for the check to report.
        if let Ok(files) = migrations::lock::update(repo, room, false) {
            files.iter().for_each(|file| println!("locked {}/migrations/{file}", room.folder));
        }
    }
    Ok(())
}

fn found(findings: Result<Vec<Finding>>) -> Result<String> {
    Ok(render(&findings?))
}

fn fmt(repo: &Repo) -> Result<String> {
    quietly(repo, cargo().args(["fmt", "--all", "--check", "--", "-l"]))
}

fn clippy(repo: &Repo) -> Result<String> {
    let arguments = ["clippy", "--workspace", "--all-targets", "--all-features", "--locked", "--quiet"];
    quietly(repo, cargo().args(arguments).args(["--", "-D", "warnings"]))
}

fn docs(repo: &Repo) -> Result<String> {
    let arguments = ["doc", "--workspace", "--no-deps", "--all-features", "--locked", "--quiet"];
    quietly(repo, cargo().args(arguments).env("RUSTDOCFLAGS", "-D warnings"))
}

/// Builds each library on its own without its features: what only compiles because a neighbour turned something on
/// is broken for whoever takes that crate alone.
fn alone(repo: &Repo) -> Result<String> {
    let graph = repo.graph()?;
    let mut wrong = String::new();
    for room in crate::house::HOUSE.iter().filter(|room| room.is_library()) {
        if graph.member(room.package).is_some() {
            let arguments = ["clippy", "--package", room.package, "--lib", "--no-default-features"];
            let flags = ["--locked", "--quiet", "--", "-D", "warnings"];
            wrong += &quietly(repo, cargo().args(arguments).args(flags))?;
        }
    }
    Ok(wrong)
}

/// Makes a command of the Cargo that runs this tool, without what Cargo told this tool about itself.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Build scripts that look at these would be run again, and everything after them.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command, and returns what it printed if it failed.
fn quietly(repo: &Repo, command: &mut Command) -> Result<String> {
    let output =
        command.current_dir(repo.root()).output().with_context(|| format!("could not run {command:?}"))?;
    if output.status.success() {
        return Ok(String::new());
    }
    let text = [output.stdout, output.stderr].concat();
    let words = command.get_args().map(|word| word.to_string_lossy());
    let typed = words.fold("cargo".to_owned(), |typed, word| typed + " " + &word);
    Ok(format!("{}\n`{typed}` ended with {}\n", String::from_utf8_lossy(&text).trim_end(), output.status))
}
