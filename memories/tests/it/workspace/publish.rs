//! Publishing: the agent's files reach the root, and the user's edits in between stay.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, yield_now};

use threadkeep_memories::{Workspace, WorkspaceError};

use super::{Staged, TestResult, Trial, line, refused, set_mode};

fn kept(published: &threadkeep_memories::Published) -> Vec<&Path> {
    published.kept_for_next_run.iter().map(PathBuf::as_path).collect()
}

/// Expects the root to have what the copy has.
fn agrees(trial: &Trial, staged: &Staged) -> TestResult {
    trial.workspace.commit(&staged.folder)?;
    assert_eq!(trial.changes()?, [""; 0]);
    Ok(())
}

#[test]
fn a_copy_has_everything_and_nothing_else() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n"), ("sub/run.sh", "r\n")])?;
    set_mode(&trial.path("sub/run.sh"), 0o755)?;
    trial.link("/etc/passwd", "sub/link")?;
    fs::create_dir_all(trial.path("empty/folder"))?;
    trial.write("phase2_workspace_diff.md", "x")?;
    trial.write("sub/.git/HEAD", "x")?;
    let staged = trial.stage()?;
    let paths: Vec<_> = staged.given.paths().map(Path::to_owned).collect();
    assert_eq!(paths, ["a.md", "empty/folder/", "sub/link", "sub/run.sh"].map(PathBuf::from));
    assert_eq!(threadkeep_memories::Snapshot::of(&staged.folder)?, {
        // Names that were left out are not copied.
        let again = trial.temp.path().join("again");
        Workspace::open(&staged.folder)?.stage(&again)?
    });
    assert!(!staged.folder.join("phase2_workspace_diff.md").exists());
    assert!(!staged.folder.join("sub/.git").exists());
    assert!(fs::symlink_metadata(staged.folder.join("sub/link"))?.is_symlink());
    assert_eq!(fs::metadata(staged.folder.join("a.md"))?.permissions().mode() & 0o077, 0);
    let full = trial.workspace.stage(&staged.folder);
    assert!(matches!(full, Err(WorkspaceError::NotEmpty(_))), "{full:?}");
    Ok(())
}

#[test]
fn changes_of_every_kind_are_published() -> TestResult {
    let trial = Trial::with(&[
        ("edited.md", "e\n"),
        ("gone/deep/a.md", "a\n"),
        ("to-folder", "f\n"),
        ("to-file/b.md", "b\n"),
        ("to-link", "l\n"),
        ("run.sh", "r\n"),
        ("emptied/c.md", "c\n"),
    ])?;
    fs::create_dir(trial.path("filled"))?;
    let staged = trial.stage()?;
    let at = |path: &str| staged.folder.join(path);
    staged.write("edited.md", "E\n")?;
    fs::remove_dir_all(at("gone"))?;
    fs::remove_file(at("to-folder"))?;
    staged.write("to-folder/x.md", "x\n")?;
    fs::remove_dir_all(at("to-file"))?;
    staged.write("to-file", "file\n")?;
    fs::remove_file(at("to-link"))?;
    symlink("edited.md", at("to-link"))?;
    set_mode(&at("run.sh"), 0o755)?;
    fs::remove_file(at("emptied/c.md"))?;
    staged.write("filled/d.md", "d\n")?;
    staged.write("new/deep/e.md", "new\n")?;
    fs::create_dir_all(at("void/deep"))?;
    let published = trial.publish(&staged)?;
    assert_eq!(kept(&published), [""; 0].map(Path::new));
    assert_eq!(
        published.changes.iter().map(line).collect::<Vec<_>>(),
        [
            "M edited.md",
            "A emptied/",
            "D emptied/c.md",
            "D filled/",
            "A filled/d.md",
            "D gone/deep/a.md",
            "A new/deep/e.md",
            "mode run.sh",
            "A to-file",
            "D to-file/b.md",
            "D to-folder",
            "A to-folder/x.md",
            "type to-link",
            "A void/deep/",
        ]
    );
    assert!(!trial.path("gone").exists());
    assert!(!trial.path(".threadkeep").exists());
    agrees(&trial, &staged)
}

#[test]
fn what_the_user_changed_meanwhile_stays() -> TestResult {
    let names = ["edited.md", "removed-by-agent.md", "removed-by-user.md", "mode.sh", "linked.md", "same.md"];
    let trial = Trial::with(&names.map(|name| (name, "given\n")))?;
    let staged = trial.stage()?;
    for name in ["edited.md", "removed-by-user.md", "mode.sh", "linked.md", "same.md", "added.md"] {
        staged.write(name, "agent\n")?;
    }
    staged.remove("removed-by-agent.md")?;
    for name in ["edited.md", "removed-by-agent.md", "added.md", "only-user.md"] {
        trial.write(name, "user\n")?;
    }
    trial.remove("removed-by-user.md")?;
    set_mode(&trial.path("mode.sh"), 0o755)?;
    trial.remove("linked.md")?;
    trial.link("edited.md", "linked.md")?;
    trial.write("same.md", "agent\n")?;
    let before = threadkeep_memories::Snapshot::of(trial.root())?;
    let published = trial.publish(&staged)?;
    assert_eq!(threadkeep_memories::Snapshot::of(trial.root())?, before);
    let mut expected = names.map(Path::new).to_vec();
    expected.push(Path::new("added.md"));
    expected.sort();
    let kept = kept(&published);
    // The user wrote the same as the agent: the file is as both want it, and may be listed or not.
    let without_same: Vec<_> = kept.iter().filter(|path| !path.ends_with("same.md")).collect();
    assert_eq!(without_same, expected.iter().filter(|path| !path.ends_with("same.md")).collect::<Vec<_>>());
    // The next diff has the user's edits, compared with what the agent left.
    trial.workspace.commit(&staged.folder)?;
    assert_eq!(
        trial.changes()?,
        [
            "M added.md",
            "M edited.md",
            "type linked.md",
            "M mode.sh",
            "A only-user.md",
            "A removed-by-agent.md",
            "D removed-by-user.md",
        ]
    );
    Ok(())
}

#[test]
fn folders_that_the_user_filled_or_replaced_stay() -> TestResult {
    let trial = Trial::with(&[("a/given.md", "1\n"), ("b/given.md", "2\n"), ("c/given.md", "3\n")])?;
    let outside = tempfile::tempdir()?;
    let staged = trial.stage()?;
    // The agent removes a folder that the user adds to.
    fs::remove_dir_all(staged.folder.join("a"))?;
    trial.write("a/user.md", "user\n")?;
    // The agent makes a file of a folder that the user adds to.
    fs::remove_dir_all(staged.folder.join("b"))?;
    staged.write("b", "agent\n")?;
    trial.write("b/user.md", "user\n")?;
    // The agent adds to a folder that the user makes a link out of the root of.
    staged.write("c/given.md", "agent\n")?;
    staged.write("c/new.md", "agent\n")?;
    fs::remove_dir_all(trial.path("c"))?;
    trial.link(outside.path().to_str().ok_or("no text")?, "c")?;
    fs::write(outside.path().join("given.md"), "3\n")?;
    let published = trial.publish(&staged)?;
    assert_eq!(kept(&published), ["b", "c/given.md", "c/new.md"].map(Path::new));
    assert_eq!(trial.read("a/user.md")?, "user\n");
    assert!(!trial.path("a/given.md").exists());
    assert_eq!(trial.read("b/user.md")?, "user\n");
    assert_eq!(fs::read_to_string(outside.path().join("given.md"))?, "3\n");
    assert_eq!(fs::read_dir(outside.path())?.count(), 1);
    Ok(())
}

#[test]
fn changed_texts_are_redacted_in_the_root_and_in_the_copy() -> TestResult {
    let trial = Trial::with(&[("old.md", "given secret\n"), ("changed.md", "c\n")])?;
    let staged = trial.stage()?;
    staged.write("changed.md", "a secret and more\n")?;
    staged.write("latin.md", b"caf\xe9 secret \xff secret\n")?;
    staged.write("image.bin", b"secret\0")?;
    staged.write("sub/run.sh", "secret\n")?;
    set_mode(&staged.folder.join("sub/run.sh"), 0o755)?;
    symlink("secret", staged.folder.join("link"))?;
    let redact = |text: &str| text.replace("secret", "[redacted]");
    let published = trial.workspace.publish(&staged.folder, &staged.given, redact)?;
    assert_eq!(published.changes.len(), 5);
    assert_eq!(trial.read("changed.md")?, "a [redacted] and more\n");
    assert_eq!(fs::read(trial.path("latin.md"))?, b"caf\xe9 [redacted] \xff [redacted]\n");
    assert_eq!(trial.read("sub/run.sh")?, "[redacted]\n");
    // Not the agent's work, not text.
    assert_eq!(trial.read("old.md")?, "given secret\n");
    assert_eq!(fs::read(trial.path("image.bin"))?, b"secret\0");
    agrees(&trial, &staged)
}

#[test]
fn a_change_that_redaction_undoes_is_none() -> TestResult {
    let trial = Trial::with(&[("a.md", "[redacted]\n")])?;
    let staged = trial.stage()?;
    staged.write("a.md", "secret\n")?;
    let redact = |text: &str| text.replace("secret", "[redacted]");
    let published = trial.workspace.publish(&staged.folder, &staged.given, redact)?;
    assert_eq!(published.changes, []);
    agrees(&trial, &staged)
}

#[test]
fn what_cannot_be_recorded_is_not_published() -> TestResult {
    let trial = Trial::new()?;
    let staged = trial.stage()?;
    staged.write("sub/.git/config", "[core]\n")?;
    staged.write(".git/hooks/evil", "x\n")?;
    staged.write("fine.md", "f\n")?;
    let published = trial.publish(&staged)?;
    assert_eq!(refused(&published.refused), ["sub/.git: git refuses the name"]);
    assert!(!trial.path("sub/.git").exists() && !trial.path(".git/hooks").exists());
    agrees(&trial, &staged)
}

#[test]
fn a_file_that_outgrew_the_limit_is_not_taken_for_removed() -> TestResult {
    let trial = Trial::with(&[("a.md", "a\n")])?;
    let staged = trial.stage()?;
    fs::File::create(staged.folder.join("a.md"))?.set_len((64 << 20) + 1)?;
    let published = trial.publish(&staged)?;
    assert_eq!(published.changes, []);
    assert_eq!(refused(&published.refused), ["a.md: it has more than 64 MiB"]);
    assert_eq!(trial.read("a.md")?, "a\n");
    Ok(())
}

#[test]
fn edits_during_publications_are_never_lost() -> TestResult {
    let trial = Trial::with(&[("a.md", "given\n")])?;
    let staged = trial.stage()?;
    let root = trial.root().to_owned();
    // An editor saves under another name and renames.
    let save = |text: &str| {
        fs::write(root.join("a.md~"), text)?;
        fs::rename(root.join("a.md~"), root.join("a.md"))
    };
    let stop = AtomicBool::new(false);
    // For an instant, the agent's file is there.
    let comes_back = |text: &str| {
        let is_there = || fs::read_to_string(root.join("a.md")).is_ok_and(|found| found == text);
        while !stop.load(Ordering::Relaxed) {
            if is_there() {
                return true;
            }
            yield_now();
        }
        is_there()
    };
    save("user\n")?;
    thread::scope(|scope| -> TestResult {
        let user = scope.spawn(|| {
            let mut lost = Vec::new();
            for number in 0_u64.. {
                let text = format!("user {number}\n");
                save(&text).expect("the user can save");
                if !comes_back(&text) {
                    lost.push(text);
                }
                if stop.load(Ordering::Relaxed) {
                    break;
                }
            }
            lost
        });
        for round in 0..80 {
            staged.write("a.md", format!("agent {round}\n"))?;
            assert_eq!(kept(&trial.publish(&staged)?), [Path::new("a.md")]);
        }
        stop.store(true, Ordering::Relaxed);
        assert_eq!(user.join().map_err(|_| "the user failed")?, [""; 0]);
        Ok(())
    })
}
