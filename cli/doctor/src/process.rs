//! Processes by their number: alive or not, and their program.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

/// Clocks of a file system and of the kernel differ by as much.
#[cfg(target_os = "linux")]
const TOLERANCE: Duration = Duration::from_secs(2);

/// Returns true if the process that wrote its number at a time still lives: a later process may
/// have got the number of a dead one.
pub(crate) fn lives(pid: u32, written: Option<SystemTime>) -> bool {
    if !exists(pid) {
        return false;
    }
    #[cfg(target_os = "linux")]
    if let Some((state, started)) = stat(pid) {
        let is_other = written.zip(started).is_some_and(|(written, started)| started > written + TOLERANCE);
        return state != "Z" && !is_other;
    }
    let _ = written;
    true
}

/// Returns the program that a process runs.
pub(crate) fn program(pid: u32) -> Option<PathBuf> {
    if cfg!(target_os = "linux") { std::fs::read_link(format!("/proc/{pid}/exe")).ok() } else { None }
}

#[cfg(unix)]
fn exists(pid: u32) -> bool {
    use rustix::io::Errno;
    use rustix::process::{Pid, test_kill_process};
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    // A process of another user may not be asked, and lives.
    !matches!(test_kill_process(pid), Err(Errno::SRCH))
}

#[cfg(not(unix))]
fn exists(_: u32) -> bool {
    true
}

/// Returns state and start of a process.
#[cfg(target_os = "linux")]
fn stat(pid: u32) -> Option<(String, Option<SystemTime>)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses, and may have some itself.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: Option<u64> = fields.get(19).and_then(|ticks| ticks.parse().ok());
    let started = ticks.zip(boot()).map(|(ticks, boot)| {
        let second = rustix::param::clock_ticks_per_second().max(1);
        SystemTime::UNIX_EPOCH + Duration::from_secs(boot + ticks / second)
    });
    Some(((*fields.first()?).to_owned(), started))
}

/// Returns the time of the machine's start, in seconds since 1970.
#[cfg(target_os = "linux")]
fn boot() -> Option<u64> {
    let stat = std::fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}
