//! Passes over a home that are measured in processes of their own, next to counting its newlines.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::common::Result;

/// Measures in a process of its own. Returns seconds and the peak of its memory in KiB.
pub(crate) fn child(role: &str, home: &Path, sqlite_home: &Path) -> Result<(f64, f64)> {
    let output = Command::new(std::env::current_exe()?)
        .arg("--child")
        .args([Path::new(role), home, sqlite_home])
        .stderr(Stdio::inherit())
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let (seconds, peak_kib) = text.trim_end().split_once(' ').ok_or("the child printed no figures")?;
    Ok((seconds.parse()?, peak_kib.parse()?))
}

/// The plainest way to look at every byte: walk, open, read, count.
pub(crate) fn count_newlines(folder: &Path) -> Result<u64> {
    let mut buffer = vec![0; 256 * 1024];
    let mut folders = vec![folder.to_owned()];
    let mut newlines = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
                continue;
            }
            let mut file = std::fs::File::open(entry.path())?;
            loop {
                let read = file.read(&mut buffer)?;
                if read == 0 {
                    break;
                }
                newlines += memchr::memchr_iter(b'\n', &buffer[..read]).count() as u64;
            }
        }
    }
    Ok(newlines)
}

/// The most memory that this process has held, in KiB; 0 where the system does not say.
pub(crate) fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
