//! Gives release builds the commit that they are built from.
//!
//! A debug build does not ask git, so that a commit does not compile the crate again.

use std::env;
use std::path::PathBuf;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=THREADKEEP_COMMIT");
    // A packager without a repository names the commit in this variable.
    let is_given = env::var_os("THREADKEEP_COMMIT").is_some_and(|commit| !commit.is_empty());
    if is_given || env::var_os("PROFILE").is_none_or(|profile| profile != "release") {
        return;
    }
    // An unpacked copy may lie in another project's repository, which does not know this file.
    if git(&["ls-files", "--error-unmatch", "build.rs"]).is_none() {
        return;
    }
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return };
    println!("cargo::rustc-env=THREADKEEP_COMMIT={commit}");
    // Git appends to this log whenever `HEAD` moves. A missing file would make every build new.
    let log = git(&["rev-parse", "--path-format=absolute", "--git-path", "logs/HEAD"]).map(PathBuf::from);
    if let Some(log) = log.filter(|log| log.is_file()) {
        println!("cargo::rerun-if-changed={}", log.display());
    }
}

/// Runs git in the folder of the crate, and returns what it prints.
fn git(arguments: &[&str]) -> Option<String> {
    let output =
        Command::new("git").args(arguments).output().ok().filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
