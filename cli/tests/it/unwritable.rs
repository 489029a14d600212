//! Homes that a user other than root may only read.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use super::fixture::{Fixture, Result, Said};

const NOBODY: u32 = 65_534;

/// Lets a folder and all in it be read by everyone and written by root alone.
pub(crate) fn protect(path: &Path) -> Result {
    let folder = path.is_dir();
    if folder {
        for entry in fs::read_dir(path)? {
            protect(&entry?.path())?;
        }
    }
    Ok(fs::set_permissions(path, fs::Permissions::from_mode(if folder { 0o555 } else { 0o444 }))?)
}

/// Lets the folders be removed again.
pub(crate) fn unprotect(path: &Path) -> Result {
    if path.is_dir() {
        fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
        for entry in fs::read_dir(path)? {
            unprotect(&entry?.path())?;
        }
    }
    Ok(())
}

/// Runs a copy of the binary, as a user who is not root.
pub(crate) fn run(fixture: &Fixture, arguments: &[&str]) -> Result<Said> {
    fixture.say(command(fixture, arguments)?.output()?)
}

/// Makes the command of a copy of the binary, where anybody may run it, for a user who is not root.
pub(crate) fn command(fixture: &Fixture, arguments: &[&str]) -> Result<Command> {
    let program = fixture.path().join("threadkeep");
    if !program.exists() {
        // Copied by another process: a child that this process forks meanwhile would inherit the
        // file, open for writing, and a file that is open for writing cannot be run.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_threadkeep")).arg(&program).status()?;
        assert!(copied.success(), "{copied}");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755))?;
        fs::set_permissions(fixture.path(), fs::Permissions::from_mode(0o755))?;
        fs::create_dir(fixture.path().join("temporary"))?;
        fs::set_permissions(fixture.path().join("temporary"), fs::Permissions::from_mode(0o777))?;
    }
    let mut command = fixture.command_of(&program, arguments);
    command.env("TMPDIR", fixture.path().join("temporary"));
    if rustix::process::getuid().is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    Ok(command)
}
