//! Git and the repository around the current folder.

use std::fs;
use std::process::Command;

use crate::fixture::{Fixture, Result};
use crate::programs::on_path;

/// Runs the real git on a repository of the test.
fn git(fixture: &Fixture, arguments: &[&str]) -> Result {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]).args(arguments);
    command
        .current_dir(&fixture.machine.cwd)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    let output = command.env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", fixture.folder()).output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(())
}

/// Makes a repository with two remotes and one commit, and goes to a folder in it.
fn project(fixture: &mut Fixture) -> Result {
    let root = fixture.folder().join("project");
    fs::create_dir_all(root.join("src"))?;
    fixture.machine.cwd = root;
    git(fixture, &["init", "-q", "-b", "feature/x"])?;
    git(fixture, &["commit", "-q", "--allow-empty", "-m", "one"])?;
    git(fixture, &["remote", "add", "origin", "https://ada:word@example.org/widget"])?;
    git(fixture, &["remote", "add", "fork", "git@example.org:fork"])?;
    fixture.machine.cwd.push("src");
    on_path(fixture, "git", "echo git version 2.99.1")?;
    Ok(())
}

#[test]
fn branch_and_remotes_are_read_without_git() -> Result {
    let mut fixture = Fixture::new()?;
    project(&mut fixture)?;
    let check = fixture.check("git.environment")?;
    assert_eq!((&check["status"], &check["summary"]), (&"ok".into(), &"git 2.99.1".into()));
    let details = &check["details"];
    assert_eq!(details["repository"], fixture.folder().join("project").display().to_string());
    assert_eq!((&details["branch"], &details["remotes"]), (&"feature/x".into(), &"2".into()));
    assert!(!check.to_string().contains("example.org"));
    git(&fixture, &["checkout", "-q", "--detach"])?;
    let check = fixture.check("git.environment")?;
    assert!(
        check["details"]["branch"].as_str().is_some_and(|branch| branch.starts_with("none, at ")),
        "{check}"
    );
    Ok(())
}

#[test]
fn a_linked_work_tree_has_its_own_branch() -> Result {
    let mut fixture = Fixture::new()?;
    project(&mut fixture)?;
    git(&fixture, &["worktree", "add", "-q", "-b", "side", "../../side"])?;
    fixture.machine.cwd = fixture.folder().join("side");
    let details = &fixture.check("git.environment")?["details"];
    assert_eq!((&details["work tree"], &details["branch"]), (&"linked".into(), &"side".into()));
    assert_eq!(details["remotes"], "2");
    Ok(())
}

#[test]
fn a_folder_without_a_repository_has_none() -> Result {
    let mut fixture = Fixture::new()?;
    on_path(&mut fixture, "git", "echo git version 2.99.1")?;
    assert_eq!(fixture.check("git.environment")?["details"]["repository"], "none here");
    Ok(())
}

#[test]
fn git_is_missed_in_a_repository_only() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.set("PATH", "");
    assert_eq!(fixture.check("git.environment")?["status"], "idle");
    project(&mut fixture)?;
    fixture.set("PATH", "");
    let check = fixture.check("git.environment")?;
    assert_eq!((&check["status"], &check["summary"]), (&"warning".into(), &"git is not on PATH".into()));
    Ok(())
}
