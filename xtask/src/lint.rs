//! Runs every check that is not a test, and says at the end how to fix what failed.

use std::io::Write as _;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

use crate::cargo::cargo;
use crate::crates::CRATES;
use crate::finding::{Finding, render};
use crate::repo::Repo;
use crate::{layers, migrations, tidy};

/// Step: name, text to type when it fails, and work that returns what is wrong.
type Step = (&'static str, &'static str, fn(&Repo) -> Result<String>);

/// Steps in the order in which they run: what is quick and often wrong comes first.
const STEPS: &[Step] = &[
    ("fmt", "cargo xtask lint --fix", fmt),
    ("layers", "fix each; then `cargo xtask layers`", |repo| found(layers::check(repo))),
    ("migrations", "fix each; then `cargo xtask migrations check`", |repo| found(migrations::check(repo))),
    ("tidy", "fix each; then `cargo xtask tidy`", |repo| found(tidy::check(repo))),
    ("clippy", "fix each; then type the command above again", clippy),
    ("alone", "fix it for that crate taken alone; then type the command above again", alone),
    ("docs", "fix each; then type the command above again, with RUSTDOCFLAGS='-D warnings'", docs),
];

/// Runs every step and prints a line for each; returns the number of failures.
pub fn run(repo: &Repo, fix: bool) -> Result<usize> {
    if fix {
        apply_fixes(repo)?;
    }
    let mut failures = Vec::new();
    for (name, fix, run) in STEPS {
        print!("{name:12}");
        std::io::stdout().flush()?;
        let start = Instant::now();
        // A step that could not run has failed too, and the others still run.
        let wrong = run(repo).unwrap_or_else(|error| format!("{error:?}\n"));
        let outcome = if wrong.is_empty() { "ok" } else { "failed" };
        println!("{outcome:8}{:6.1} s", start.elapsed().as_secs_f64());
        if !wrong.is_empty() {
            failures.push((name, fix, wrong));
        }
    }
    for (name, fix, wrong) in &failures {
        println!("\n{name}:\n{}\n{name}: {fix}", wrong.trim_end());
    }
    Ok(failures.len())
}

/// Makes the fixes that a look at the diff can undo: formats, and locks new migrations.
fn apply_fixes(repo: &Repo) -> Result<()> {
    let wrong = quietly(repo, cargo().args(["fmt", "--all"]))?;
    if !wrong.is_empty() {
        bail!("`cargo fmt --all` failed:\n{wrong}");
    }
    for krate in migrations::owners(repo, None)? {
        // The check reports what cannot be locked.
        if let Ok(files) = migrations::lock::update(repo, krate, false) {
            files.iter().for_each(|file| println!("locked {}/migrations/{file}", krate.folder));
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

/// Builds each library on its own without features.
///
/// A library that compiles only because a neighbour turned a feature on is broken for its users.
fn alone(repo: &Repo) -> Result<String> {
    let mut wrong = String::new();
    for krate in CRATES.iter().filter(|krate| krate.is_library() && repo.has_file(&krate.manifest())) {
        let arguments = ["clippy", "--package", krate.package, "--lib", "--no-default-features"];
        wrong +=
            &quietly(repo, cargo().args(arguments).args(["--locked", "--quiet", "--", "-D", "warnings"]))?;
    }
    Ok(wrong)
}

/// Runs a command, and returns its output if it failed.
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
