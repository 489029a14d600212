//! Every kind of change is seen.

use std::fs;

use super::{TestResult, Trial, set_mode};

#[test]
fn files_are_added_modified_and_deleted() -> TestResult {
    let trial = Trial::with(&[("kept.md", "a\n"), ("gone.md", "b\n"), ("sub/edited.md", "c\n")])?;
    assert!(trial.workspace.diff()?.is_empty());
    trial.write("sub/new.md", "quite different\n")?;
    trial.write("sub/edited.md", "C\n")?;
    trial.remove("gone.md")?;
    assert_eq!(trial.changes()?, ["D gone.md", "M sub/edited.md", "A sub/new.md"]);
    trial.commit()?;
    assert!(trial.workspace.diff()?.is_empty());
    Ok(())
}

#[test]
fn an_edit_of_the_same_size_and_time_is_seen() -> TestResult {
    let trial = Trial::with(&[("a.md", "one\n")])?;
    let time = fs::metadata(trial.path("a.md"))?.modified()?;
    trial.write("a.md", "two\n")?;
    fs::File::options().write(true).open(trial.path("a.md"))?.set_modified(time)?;
    assert_eq!(trial.changes()?, ["M a.md"]);
    Ok(())
}

#[test]
fn a_moved_file_is_a_rename_also_if_it_was_edited() -> TestResult {
    let text = "first line\nsecond line\nthird line\nfourth line\n";
    let trial =
        Trial::with(&[("same.md", "the same\n"), ("similar.md", text), ("other.md", "alpha\nbeta\n")])?;
    for path in ["same.md", "similar.md", "other.md"] {
        trial.remove(path)?;
    }
    trial.write("to/same.md", "the same\n")?;
    trial.write("to/similar.md", text.replace("third", "3rd"))?;
    trial.write("to/other.md", "gamma\ndelta\n")?;
    assert_eq!(
        trial.changes()?,
        ["D other.md", "A to/other.md", "R same.md -> to/same.md", "R similar.md -> to/similar.md"]
    );
    Ok(())
}

#[test]
fn of_several_candidates_the_most_similar_is_the_rename() -> TestResult {
    let lines = |from: usize| (from..from + 20).map(|n| format!("line {n}\n")).collect::<String>();
    let trial = Trial::with(&[("old.md", &lines(0))])?;
    trial.remove("old.md")?;
    trial.write("a.md", lines(8))?;
    trial.write("b.md", lines(1))?;
    assert_eq!(trial.changes()?, ["A a.md", "R old.md -> b.md"]);
    Ok(())
}

#[test]
fn empty_files_and_links_to_one_target_are_told_apart() -> TestResult {
    let trial = Trial::with(&[("empty.md", ""), ("target", "target")])?;
    trial.remove("empty.md")?;
    trial.write("moved.md", "")?;
    trial.remove("target")?;
    trial.link("target", "link")?;
    assert_eq!(trial.changes()?, ["D empty.md", "A link", "A moved.md", "D target"]);
    Ok(())
}

#[test]
fn the_right_to_execute_is_a_change() -> TestResult {
    let trial = Trial::with(&[("run.sh", "#!/bin/sh\n")])?;
    set_mode(&trial.path("run.sh"), 0o755)?;
    assert_eq!(trial.changes()?, ["mode run.sh"]);
    assert!(trial.unified()?.contains("old mode 100644\nnew mode 100755\n"));
    trial.commit()?;
    assert!(trial.workspace.diff()?.is_empty());
    // Only the owner's right counts, as in git.
    set_mode(&trial.path("run.sh"), 0o700)?;
    assert!(trial.workspace.diff()?.is_empty());
    Ok(())
}

#[test]
fn links_are_recorded_and_never_followed() -> TestResult {
    let trial = Trial::with(&[("notes/a.md", "a\n")])?;
    let outside = tempfile::tempdir()?;
    fs::write(outside.path().join("secret.md"), "secret\n")?;
    trial.link(outside.path().to_str().ok_or("a path that is no text")?, "outside")?;
    trial.link("notes", "alias")?;
    trial.link("nowhere", "dangling")?;
    assert_eq!(trial.changes()?, ["A alias", "A dangling", "A outside"]);
    assert!(!trial.unified()?.contains("secret"));
    trial.commit()?;
    assert!(trial.workspace.diff()?.is_empty());
    trial.remove("alias")?;
    trial.link("elsewhere", "alias")?;
    assert_eq!(trial.changes()?, ["M alias"]);
    Ok(())
}

#[test]
fn a_link_in_a_files_place_is_a_change_of_type() -> TestResult {
    let trial = Trial::with(&[("a.md", "b.md"), ("b.md", "b\n")])?;
    trial.remove("a.md")?;
    trial.link("b.md", "a.md")?;
    assert_eq!(trial.changes()?, ["type a.md"]);
    Ok(())
}

#[test]
fn empty_folders_are_seen() -> TestResult {
    let trial = Trial::with(&[("full/a.md", "a\n")])?;
    fs::create_dir_all(trial.path("outer/inner"))?;
    assert_eq!(trial.changes()?, ["A outer/inner/"]);
    trial.commit()?;
    assert!(trial.workspace.diff()?.is_empty());
    trial.remove("full/a.md")?;
    fs::remove_dir_all(trial.path("outer"))?;
    assert_eq!(trial.changes()?, ["A full/", "D full/a.md", "D outer/inner/"]);
    Ok(())
}

#[test]
fn a_file_may_become_a_folder_and_back() -> TestResult {
    let trial = Trial::with(&[("a", "text\n"), ("b/c.md", "other\n"), ("b.md", "sorts between\n")])?;
    trial.remove("a")?;
    trial.write("a/new.md", "1\n2\n3\n")?;
    fs::remove_dir_all(trial.path("b"))?;
    trial.write("b", "x\ny\n")?;
    assert_eq!(trial.changes()?, ["D a", "A a/new.md", "A b", "D b/c.md"]);
    trial.commit()?;
    assert!(trial.workspace.diff()?.is_empty());
    Ok(())
}

#[test]
fn the_file_with_the_changes_is_no_change() -> TestResult {
    let trial = Trial::new()?;
    trial.write("phase2_workspace_diff.md", "x")?;
    trial.write("sub/phase2_workspace_diff.md", "x")?;
    assert_eq!(trial.changes()?, ["A sub/phase2_workspace_diff.md"]);
    Ok(())
}

#[test]
fn thousands_of_moved_and_edited_files_take_no_long_time() -> TestResult {
    let trial = Trial::new()?;
    let text = |n: usize| (0..20).map(|line| format!("file {n} line {line}\n")).collect::<String>();
    for n in 0..1000 {
        trial.write(&format!("old/{n}.md"), text(n))?;
    }
    trial.commit()?;
    fs::remove_dir_all(trial.path("old"))?;
    for n in 0..1000 {
        // One in two stays the same.
        trial.write(&format!("new/{n}.md"), text(n) + ["", "more\n"][n % 2])?;
    }
    let changes = trial.changes()?;
    assert_eq!(changes.iter().filter(|change| change.starts_with('R')).count(), 500);
    assert_eq!(changes.len(), 1500);
    Ok(())
}
