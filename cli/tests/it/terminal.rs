//! A terminal for a command.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::Command;

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::fixture::Result;

/// Opens a terminal. Returns the side of its user, and that of the command.
pub(crate) fn open() -> Result<(File, File)> {
    let user = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&user)?;
    unlockpt(&user)?;
    let name = ptsname(&user, Vec::new())?;
    let command = rustix::fs::open(name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty())?;
    Ok((user.into(), command.into()))
}

/// Runs a command that asks on a terminal. Does something else before the answer. Returns the exit
/// code and all that the command said.
pub(crate) fn asked(
    mut command: Command,
    answer: &str,
    meanwhile: impl FnOnce() -> Result,
) -> Result<(Option<i32>, String)> {
    let (mut user, side) = open()?;
    let mut child = command.stdin(side.try_clone()?).stdout(side.try_clone()?).stderr(side).spawn()?;
    drop(command);
    let (mut said, mut part) = (Vec::new(), [0; 1_024]);
    // Linux ends the reading of a terminal that no command has open with an error.
    while let Ok(length @ 1..) = user.read(&mut part) {
        said.extend(&part[..length]);
        if String::from_utf8_lossy(&said).contains("[y/N]") {
            break;
        }
    }
    meanwhile()?;
    user.write_all(format!("{answer}\n").as_bytes())?;
    while let Ok(length @ 1..) = user.read(&mut part) {
        said.extend(&part[..length]);
    }
    Ok((child.wait()?.code(), String::from_utf8_lossy(&said).replace("\r\n", "\n")))
}
