//! Each state that a killed process can leave, made by hand and opened.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread;

use threadkeep_memories::{Baseline, Workspace};

use super::{TestResult, Trial, git, write};

/// Opens the root again, and expects the old baseline and no leftovers.
fn opens_with(trial: &Trial, head: &str) -> TestResult {
    let workspace = Workspace::open(trial.root())?;
    assert_eq!(workspace.baseline()?, Baseline::Ours);
    assert_eq!(git(trial.root(), &["rev-parse", "HEAD"])?, head);
    assert!(!trial.path(".threadkeep").exists());
    Ok(())
}

fn head(trial: &Trial) -> Result<String, Box<dyn std::error::Error>> {
    git(trial.root(), &["rev-parse", "HEAD"])
}

/// Makes a complete repository with other content at `path`.
fn other_repository(path: &Path) -> TestResult {
    let other = Trial::with(&[("other.md", "o\n")])?;
    fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    super::run(Command::new("cp").arg("-r").arg(other.path(".git")).arg(path))?;
    Ok(())
}

#[test]
fn a_repository_that_was_half_made_is_removed() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n")])?;
    let head = head(&trial)?;
    trial.write(".threadkeep/new/objects/pack/new", "PACK")?;
    opens_with(&trial, &head)
}

#[test]
fn after_an_exchange_the_new_repository_stays() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n")])?;
    let head = head(&trial)?;
    other_repository(&trial.path(".threadkeep/new"))?;
    opens_with(&trial, &head)
}

#[test]
fn an_old_repository_that_was_moved_away_comes_back() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n")])?;
    let head = head(&trial)?;
    other_repository(&trial.path(".threadkeep/new"))?;
    fs::rename(trial.path(".git"), trial.path(".threadkeep/old"))?;
    opens_with(&trial, &head)
}

#[test]
fn an_old_repository_is_removed_when_the_new_one_is_in_place() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n")])?;
    let head = head(&trial)?;
    other_repository(&trial.path(".threadkeep/old"))?;
    opens_with(&trial, &head)?;
    // Half removed.
    trial.write(".threadkeep/old/HEAD", "")?;
    opens_with(&trial, &head)
}

#[test]
fn a_first_baseline_that_was_half_made_is_made_again() -> TestResult {
    let temp = tempfile::tempdir()?;
    write(temp.path(), ".threadkeep/new/HEAD", "")?;
    let workspace = Workspace::open(temp.path())?;
    assert_eq!(workspace.baseline()?, Baseline::Missing);
    workspace.init()?;
    assert_eq!(workspace.baseline()?, Baseline::Ours);
    Ok(())
}

#[test]
fn a_broken_baseline_that_was_just_set_aside_is_made_again() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n")])?;
    fs::create_dir(trial.path(".threadkeep"))?;
    fs::rename(trial.path(".git"), trial.path(".threadkeep/broken"))?;
    let workspace = Workspace::open(trial.root())?;
    assert_eq!(workspace.baseline()?, Baseline::Missing);
    workspace.init()?;
    assert_eq!(trial.changes()?, ["A a.md"]);
    assert!(trial.path(".threadkeep/broken").exists());
    Ok(())
}

#[test]
fn a_folder_of_ours_that_is_a_link_is_refused() -> TestResult {
    let trial = Trial::new()?;
    let outside = tempfile::tempdir()?;
    write(outside.path(), "new/precious.md", "p\n")?;
    trial.link(outside.path().to_str().ok_or("no text")?, ".threadkeep")?;
    assert!(Workspace::open(trial.root()).is_err());
    assert!(outside.path().join("new/precious.md").exists());
    Ok(())
}

#[test]
fn a_process_that_is_being_started_keeps_no_lock() -> TestResult {
    let trial = Trial::new()?;
    thread::scope(|scope| {
        let start = || (0..500).for_each(|_| drop(Command::new("true").status()));
        let starting = [scope.spawn(start), scope.spawn(start)];
        while starting.iter().any(|starting| !starting.is_finished()) {
            trial.workspace.init()?;
            trial.write(".threadkeep/new/HEAD", "")?;
            Workspace::open(trial.root())?;
            assert!(!trial.path(".threadkeep").exists());
        }
        Ok(())
    })
}

/// Id of a blob, as a journal has it.
fn id(content: &str) -> Result<String, Box<dyn std::error::Error>> {
    let temp = tempfile::tempdir()?;
    fs::write(temp.path().join("blob"), content)?;
    Ok(git(temp.path(), &["hash-object", "blob"])?.trim().to_owned())
}

/// Leaves a publication of one path: the file in our folder and the journal.
fn publication(trial: &Trial, path: &str, given: Option<&str>, new: Option<&str>, file: &str) -> TestResult {
    let entry = |content: Option<&str>| match content {
        Some(content) => id(content).map(|id| format!("f{id}")),
        None => Ok("-".to_owned()),
    };
    trial.write(".threadkeep/files/0", file)?;
    trial.write(".threadkeep/journal", format!("{} {} {path}\0", entry(given)?, entry(new)?))
}

#[test]
fn an_edit_that_a_killed_publication_displaced_comes_back() -> TestResult {
    let trial = Trial::with(&[("sub/a.md", "given\n")])?;
    let open = || Workspace::open(trial.root());
    // The exchange took place, the look at what came out did not.
    trial.write("sub/a.md", "agent\n")?;
    publication(&trial, "sub/a.md", Some("given\n"), Some("agent\n"), "user\n")?;
    open()?;
    assert_eq!(trial.read("sub/a.md")?, "user\n");
    // The user wrote again before the next start: both stay.
    trial.write("sub/a.md", "user again\n")?;
    publication(&trial, "sub/a.md", Some("given\n"), Some("agent\n"), "user\n")?;
    open()?;
    assert_eq!(trial.read("sub/a.md")?, "user again\n");
    assert_eq!(trial.read("sub/a.md.saved-1")?, "user\n");
    // A removal had moved an edited file away.
    trial.remove("sub/a.md")?;
    publication(&trial, "sub/a.md", Some("given\n"), None, "user\n")?;
    open()?;
    assert_eq!(trial.read("sub/a.md")?, "user\n");
    // The folder is gone, or a file has its place.
    fs::remove_dir_all(trial.path("sub"))?;
    publication(&trial, "sub/a.md", Some("given\n"), None, "user\n")?;
    open()?;
    assert_eq!(trial.read("sub/a.md")?, "user\n");
    fs::remove_dir_all(trial.path("sub"))?;
    trial.write("sub", "file\n")?;
    publication(&trial, "sub/a.md", Some("given\n"), None, "user\n")?;
    open()?;
    assert_eq!(trial.read("a.md")?, "user\n");
    assert!(!trial.path(".threadkeep").exists());
    Ok(())
}

#[test]
fn files_of_a_killed_publication_that_nobody_needs_are_removed() -> TestResult {
    let trial = Trial::with(&[("a.md", "given\n")])?;
    // Not exchanged yet, and exchanged.
    for (at, file) in [("given\n", "agent\n"), ("agent\n", "given\n")] {
        trial.write("a.md", at)?;
        publication(&trial, "a.md", Some("given\n"), Some("agent\n"), file)?;
        Workspace::open(trial.root())?;
        assert_eq!(trial.read("a.md")?, at);
        assert!(!trial.path(".threadkeep").exists());
    }
    // Without a journal, nothing had been exchanged.
    trial.write(".threadkeep/files/0", "agent\n")?;
    trial.write(".threadkeep/files/journal", "f")?;
    Workspace::open(trial.root())?;
    assert!(!trial.path(".threadkeep").exists());
    assert!(fs::read_dir(trial.root())?.count() == 2);
    Ok(())
}
