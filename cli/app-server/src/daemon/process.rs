//! Start of a process: a later one of the same number has another.

use serde::{Deserialize, Serialize};

/// Start of a process by the system's count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Started(u64);

/// Returns the start of a process; `None` if there is none of this number.
#[cfg(target_os = "linux")]
pub(super) fn started(pid: u32) -> Option<Started> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name stands in parentheses, and may have some itself.
    let (_, after_name) = stat.rsplit_once(')')?;
    let ticks = after_name.split_ascii_whitespace().nth(19)?;
    ticks.parse().ok().map(Started)
}

/// Elsewhere a process is known by its number alone; the lock decides if a server runs.
#[cfg(not(target_os = "linux"))]
pub(super) fn started(pid: u32) -> Option<Started> {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).ok()?)?;
    rustix::process::test_kill_process(pid).is_ok().then(Started::default)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_has_one_start_and_an_ended_one_none() -> std::io::Result<()> {
        let own = std::process::id();
        assert!(started(own).is_some());
        assert_eq!(started(own), started(own));
        let mut child = std::process::Command::new("true").spawn()?;
        child.wait()?;
        assert_eq!(started(child.id()), None);
        Ok(())
    }
}
