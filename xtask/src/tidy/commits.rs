//! Checks the subjects of commits: a list of them is read in 80 columns.

use std::path::Path;
use std::process::Command;

use crate::finding::Finding;
use crate::repo::Repo;

/// Longest subject, in characters.
const LENGTH: usize = 72;

/// Date from which subjects are checked. The history before it stays as it is.
const SINCE: &str = "2026-11-28T11:15:00Z";

/// Checks the commits that are there; an archive without git and a shallow clone have fewer.
pub fn check(repo: &Repo) -> Vec<Finding> {
    commits(repo.root()).unwrap_or_default().lines().filter_map(subject).collect()
}

fn commits(root: &Path) -> Option<String> {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).current_dir(root).output().ok()?;
        String::from_utf8(output.stdout).ok().filter(|_| output.status.success())
    };
    // A folder within another repository has no history of its own.
    let top = git(&["rev-parse", "--show-toplevel"])?;
    let is_own = std::fs::canonicalize(top.trim()).ok()? == std::fs::canonicalize(root).ok()?;
    is_own.then(|| git(&["log", "--no-merges", "--since", SINCE, "--format=%h %s"]))?
}

fn subject(line: &str) -> Option<Finding> {
    let (hash, subject) = line.split_once(' ')?;
    let length = subject.chars().count();
    (length > LENGTH).then(|| {
        Finding::new(
            format!("commit {hash}"),
            "tidy/subject",
            format!("its subject has {length} characters, and {LENGTH} are allowed: {subject}"),
            "git commit --amend, or git rebase -i: `<crate>: <imperative>`, and the reason in the body",
        )
    })
}
