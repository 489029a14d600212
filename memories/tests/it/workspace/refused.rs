//! Names that are left out are named, and nothing fails because of them.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::UnixListener;

use rustix::fs::{CWD, FileType, Mode, mknodat};

use super::{TestResult, Trial, changes, git, is_root, refused, set_mode};

#[test]
fn names_that_git_refuses_are_left_out() -> TestResult {
    let trial = Trial::new()?;
    let names = [".GIT", ".git ", ".git.", "git~1", "GIT~1", ".g\u{200c}it", "sub/.git", "sub/.Git/config"];
    for name in names {
        trial.write(name, "x\n")?;
    }
    trial.link("a", ".gitmodules")?;
    trial.write("sub/.gitmodules", "a file may have the name\n")?;
    trial.write("fine.md", "f\n")?;
    let diff = trial.workspace.diff()?;
    assert_eq!(changes(&diff), ["A fine.md", "A sub/.gitmodules"]);
    let mut expected =
        [".GIT", ".git ", ".git.", "git~1", "GIT~1", ".g\u{200c}it", "sub/.git", "sub/.Git", ".gitmodules"]
            .map(|name| format!("{name}: git refuses the name"));
    expected.sort();
    let mut found = refused(&diff.refused);
    found.sort();
    assert_eq!(found, expected);
    let markdown = String::from_utf8(diff.to_markdown(1 << 20))?;
    assert!(markdown.contains("## Left out\n"), "{markdown}");
    // They do not keep the baseline from being made.
    trial.commit()?;
    assert!(trial.workspace.diff()?.is_empty());
    git(trial.root(), &["fsck", "--strict"])?;
    Ok(())
}

#[test]
fn strange_names_that_git_accepts_are_content() -> TestResult {
    let trial = Trial::new()?;
    let names: [&[u8]; 7] =
        [b"caf\xe9.md", b"\xff\xfe", b"new\nline", b"quo\"te", b"back\\slash", b"...", b"git~2"];
    for name in names {
        fs::write(trial.root().join(OsStr::from_bytes(name)), "x\n")?;
    }
    assert_eq!(trial.workspace.diff()?.changes.len(), names.len());
    trial.commit()?;
    assert!(trial.workspace.diff()?.is_empty());
    git(trial.root(), &["fsck", "--strict"])?;
    Ok(())
}

#[test]
fn fifos_and_sockets_are_named_and_never_opened() -> TestResult {
    let trial = Trial::with(&[("was-a-file", "f\n"), ("a.md", "a\n")])?;
    trial.remove("was-a-file")?;
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, trial.path("was-a-file"), FileType::Fifo, mode, 0)?;
    mknodat(CWD, trial.path("fifo"), FileType::Fifo, mode, 0)?;
    let _socket = UnixListener::bind(trial.path("socket"))?;
    let diff = trial.workspace.diff()?;
    assert_eq!(changes(&diff), ["D was-a-file"]);
    let special =
        ["fifo", "socket", "was-a-file"].map(|name| format!("{name}: it is a FIFO, a socket or a device"));
    assert_eq!(refused(&diff.refused), special);
    let staged = trial.stage()?;
    assert_eq!(staged.given.paths().collect::<Vec<_>>(), [OsStr::new("a.md")]);
    Ok(())
}

#[test]
fn an_unreadable_file_is_named_and_not_taken_for_removed() -> TestResult {
    if is_root() {
        return Ok(());
    }
    let trial = Trial::with(&[("a.md", "a\n"), ("sub/b.md", "b\n")])?;
    set_mode(&trial.path("a.md"), 0)?;
    set_mode(&trial.path("sub"), 0)?;
    let diff = trial.workspace.diff()?;
    assert_eq!(changes(&diff), [""; 0]);
    assert_eq!(refused(&diff.refused), ["a.md: it cannot be read", "sub: it cannot be read"]);
    set_mode(&trial.path("sub"), 0o700)
}

#[test]
fn a_huge_file_is_named_and_not_read() -> TestResult {
    let trial = Trial::with(&[("grows", "small\n")])?;
    for name in ["grows", "huge"] {
        fs::File::create(trial.path(name))?.set_len((64 << 20) + 1)?;
    }
    let diff = trial.workspace.diff()?;
    assert!(diff.is_empty(), "{:?}", diff.changes);
    assert_eq!(refused(&diff.refused), ["grows: it has more than 64 MiB", "huge: it has more than 64 MiB"]);
    trial.commit()
}

#[test]
fn a_folder_that_is_too_deep_is_named() -> TestResult {
    let trial = Trial::new()?;
    let deepest = ["d"; 64].join("/");
    trial.write(&format!("{deepest}/a.md"), "a\n")?;
    trial.write(&format!("{deepest}/e/b.md"), "b\n")?;
    let diff = trial.workspace.diff()?;
    assert_eq!(changes(&diff), [format!("A {deepest}/a.md")]);
    assert_eq!(refused(&diff.refused), [format!("{deepest}/e: its folder is too deep")]);
    trial.commit()?;
    assert!(trial.workspace.diff()?.is_empty());
    Ok(())
}

#[test]
fn a_copy_names_what_was_left_out_of_it() -> TestResult {
    let trial = Trial::with(&[("grows", "small\n"), ("a.md", "a\n")])?;
    fs::File::create(trial.path("grows"))?.set_len((64 << 20) + 1)?;
    trial.write("git~1", "x\n")?;
    trial.write("a.md", "edited\n")?;
    let staged = trial.stage()?;
    let diff = trial.workspace.diff_of(&staged.folder, &staged.given)?;
    assert_eq!(diff, trial.workspace.diff()?);
    assert_eq!(changes(&diff), ["M a.md"]);
    assert_eq!(diff.refused.len(), 2);
    Ok(())
}
