//! `git.environment`: git, and the repository around the current folder.

use crate::check::Finding;
use crate::context::Context;
use crate::program::{LIMIT, Trouble, run};
use crate::remedy;
use crate::repository::{Head, Repository};

pub(super) fn check(context: &Context) -> Finding {
    let machine = &context.machine;
    let programs = machine.programs("git");
    let repository = Repository::find(&machine.cwd);
    let install = || remedy::install(context, "git", "https://git-scm.com/downloads");
    let finding = match programs.first() {
        None if repository.is_none() => Finding::idle("git is not on PATH"),
        None => Finding::warning("git is not on PATH", install()),
        Some(first) => match run(context, first, &["--version"], LIMIT) {
            Ok(output) => {
                let version = version(&output).unwrap_or_else(|| "of unknown version".to_owned());
                Finding::ok(format!("git {version}")).detail("version", version)
            }
            // A wrapper of the project is the user's choice, and nothing is known to be wrong.
            Err(trouble @ Trouble::InRepository) => Finding::ok(format!("git {trouble}")),
            Err(trouble) => Finding::warning(format!("git {trouble}"), install()),
        },
    };
    let paths = programs.iter().map(|path| path.display().to_string());
    let finding = finding.list("git on PATH", paths.collect());
    let Some(repository) = repository else { return finding.detail("repository", "none here") };
    let branch = match repository.head() {
        Head::Branch(branch) => branch,
        Head::Detached(commit) => format!("none, at {commit}"),
        Head::Unknown => "unknown".to_owned(),
    };
    finding
        .detail("repository", repository.root.display().to_string())
        .detail("work tree", if repository.is_linked() { "linked" } else { "main" })
        .detail("branch", branch)
        .detail("remotes", repository.remotes().to_string())
}

/// Reads `git version 2.39.5`.
fn version(output: &str) -> Option<String> {
    let version = output.trim().strip_prefix("git version ")?.split_whitespace().next()?;
    let is_plain = version.chars().all(|c| c.is_ascii_alphanumeric() || ".-".contains(c));
    let is_version = version.starts_with(|c: char| c.is_ascii_digit()) && version.contains('.');
    (is_plain && is_version && version.len() <= 30).then(|| version.to_owned())
}
