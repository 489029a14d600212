//! Holders of file locks: from `/proc/locks` on Linux, unknown elsewhere.

use std::path::Path;

use crate::paths::DbPaths;

const UNKNOWN: &str = "another connection";

/// Names the holder of a database's write lock, or of a read lock if there is no write lock.
pub(crate) fn of_database(paths: &DbPaths) -> String {
    of_files(&[&paths.shm, &paths.database])
}

/// Names the process that holds a database's write lock, if the system knows it. Touches no file.
#[must_use]
pub fn writer_of(paths: &DbPaths) -> Option<String> {
    let found = locks_on(&[&paths.shm, &paths.database]);
    let writer = found.iter().find(|lock| lock.writes)?;
    Some(describe(writer.process))
}

/// Returns true if any process is known to hold a lock on a file. Does not open the file.
pub(crate) fn has_locks(file: &Path) -> bool {
    !locks_on(&[file]).is_empty()
}

/// Returns true if any process is known to hold a write lock on a file. Does not open the file.
pub(crate) fn has_writer(file: &Path) -> bool {
    locks_on(&[file]).iter().any(|lock| lock.writes)
}

fn locks_on(files: &[&Path]) -> Vec<Lock> {
    let files: Vec<String> = files.iter().filter_map(|file| name(file)).collect();
    if files.is_empty() {
        return Vec::new();
    }
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    locks.lines().filter_map(Lock::parse).filter(|lock| files.contains(&lock.file)).collect()
}

/// Names the holders of locks on these files; only writers if there are any.
pub(crate) fn of_files(files: &[&Path]) -> String {
    let mut found = locks_on(files);
    if found.iter().any(|lock| lock.writes) {
        found.retain(|lock| lock.writes);
    }
    let mut processes: Vec<u32> = found.iter().map(|lock| lock.process).collect();
    processes.sort_unstable();
    processes.dedup();
    let names: Vec<String> = processes.into_iter().map(describe).collect();
    if names.is_empty() { UNKNOWN.to_owned() } else { names.join(" and ") }
}

fn describe(process: u32) -> String {
    if process == std::process::id() {
        return format!("this process ({process})");
    }
    match std::fs::read_to_string(format!("/proc/{process}/comm")) {
        Ok(name) => format!("process {process} ({})", name.trim_end()),
        Err(_) => format!("process {process}"),
    }
}

/// Returns the name of a file in `/proc/locks`: device and inode, such as `08:01:5678`.
fn name(path: &Path) -> Option<String> {
    #[cfg(target_os = "linux")]
    if let Ok(stat) = rustix::fs::stat(path) {
        let (major, minor) = (rustix::fs::major(stat.st_dev), rustix::fs::minor(stat.st_dev));
        return Some(format!("{major:02x}:{minor:02x}:{}", stat.st_ino));
    }
    let _ = path;
    None
}

/// One line of `/proc/locks`, such as `1: POSIX  ADVISORY  WRITE 1234 08:01:5678 120 120`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lock {
    pub(super) file: String,
    pub(super) process: u32,
    pub(super) writes: bool,
}

impl Lock {
    pub(super) fn parse(line: &str) -> Option<Self> {
        let mut words = line.split_whitespace().skip(1);
        // A line with `->` is a process that waits for a lock.
        let kind = words.next().filter(|word| *word != "->")?;
        if !matches!(kind, "POSIX" | "FLOCK" | "OFDLCK") {
            return None;
        }
        let writes = words.nth(1)? == "WRITE";
        let process = words.next()?.parse().ok()?;
        Some(Self { file: words.next()?.to_owned(), process, writes })
    }
}
