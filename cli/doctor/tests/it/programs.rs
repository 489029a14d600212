//! Programs that are small scripts, in folders on `PATH`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fixture::{Fixture, Result};

/// Writes a script that may be run.
///
/// A child process writes it: a file that this process has open for writing, or a child that
/// another test is starting, could not be run.
pub(crate) fn script(path: &Path, body: &str) -> Result {
    std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    let write = ["-c", "cat > \"$1\" && chmod 755 \"$1\"", "sh"];
    let mut child = Command::new("/bin/sh").args(write).arg(path).stdin(Stdio::piped()).spawn()?;
    child.stdin.take().ok_or("no stdin")?.write_all(format!("#!/bin/sh\n{body}\n").as_bytes())?;
    if child.wait()?.success() { Ok(()) } else { Err("the script was not written".into()) }
}

/// Writes a script in the first folder on `PATH`, which holds nothing else.
pub(crate) fn on_path(fixture: &mut Fixture, name: &str, body: &str) -> Result<PathBuf> {
    let bin = fixture.folder().join("bin");
    script(&bin.join(name), body)?;
    path(fixture, &[&bin]);
    Ok(bin.join(name))
}

/// Sets `PATH` to these folders alone.
pub(crate) fn path(fixture: &mut Fixture, folders: &[&Path]) {
    let folders: Vec<_> = folders.iter().map(|folder| folder.to_string_lossy()).collect();
    fixture.set("PATH", &folders.join(":"));
}

/// Runs a remedy as a user would type it, and a command after it.
pub(crate) fn typed(fixture: &Fixture, remedy: &str, then: &str) -> Result<String> {
    let home = fixture.machine.user_home.as_deref().ok_or("no home directory")?;
    let output = Command::new("bash")
        .args(["-c", &format!("{remedy}\n{then}")])
        .env_clear()
        .env("HOME", home)
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .stdin(Stdio::null())
        .output()?;
    assert!(output.status.success(), "{remedy}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8(output.stdout)?.trim().to_owned())
}
