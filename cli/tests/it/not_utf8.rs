//! Arguments and paths that are not UTF-8.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt as _;
use std::path::Path;
use std::process::Command;

use super::agents::with_claude;
use super::fixture::{Fixture, Result};

#[test]
fn arguments_that_are_no_text() -> Result {
    let fixture = Fixture::bundled()?;
    let odd = OsString::from_vec(b"odd \xff%d\x1b'".to_vec());
    fs::rename(fixture.home(), fixture.path().join(&odd))?;
    let list = |rest: &[&str]| {
        let mut command = fixture.command(&["threads", "--sqlite-home", "index", "--limit", "3", "--home"]);
        fixture.say(command.arg(&odd).args(rest).output()?)
    };
    let first = list(&[])?;
    assert_eq!(first.code, Some(0), "{}", first.all());
    let next = first.stdout.split("next: threadkeep").nth(1).ok_or("a command")?.trim();
    let cursor = next.rsplit(' ').next().ok_or("a cursor")?;
    // Typed as it was printed, it is the next page.
    let mut shell = fixture.command_of(Path::new("/bin/sh"), &["-c"]);
    let typed = fixture.say(shell.arg(format!("{} {next}", env!("CARGO_BIN_EXE_threadkeep"))).output()?)?;
    assert_eq!(typed.all(), list(&["--cursor", cursor])?.all());
    Ok(())
}

#[test]
fn folders_whose_paths_are_no_text_are_refused_with_a_hint() -> Result {
    let fixture = with_claude()?;
    let odd = OsString::from_vec(b"odd\xff".to_vec());
    let refused = |command: &mut Command| {
        let output = command.output()?;
        assert_eq!(output.status.code(), Some(2));
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let other = "hint: choose another folder for the databases with --sqlite-home DIR";
    let add = refused(
        fixture.command(&["agents", "add", "claude"]).env("XDG_DATA_HOME", fixture.path().join(&odd)),
    )?;
    assert!(add.contains("its path is not UTF-8") && add.contains(other), "{add}");
    assert!(!fixture.path().join(&odd).exists());
    let start = refused(fixture.command(&["app-server", "start", "--sqlite-home"]).arg(&odd))?;
    assert!(start.contains("its path is not UTF-8") && start.contains(other), "{start}");
    let socket = refused(fixture.command(&["app-server", "start", "--socket"]).arg(&odd))?;
    assert!(
        socket.contains("is not UTF-8") && socket.contains("choose another one with --socket PATH"),
        "{socket}"
    );
    fs::rename(fixture.path().join("user/.claude"), fixture.path().join(&odd))?;
    let add = refused(
        fixture.command(&["agents", "add", "claude"]).env("CLAUDE_CONFIG_DIR", fixture.path().join(&odd)),
    )?;
    assert!(add.contains("`threadkeep agents add claude DIR` adds it"), "{add}");
    Ok(())
}
