//! Names of lease owners, by which other processes on the same machine recognise a dead owner.

use std::sync::atomic::{AtomicU64, Ordering};

/// Names this process as the owner of a lease: `pid 4711 on laptop, run 1`. Each call gives another
/// run.
///
/// The lease of a process that was killed would otherwise stand until it expires.
pub fn lease_owner() -> String {
    static RUNS: AtomicU64 = AtomicU64::new(1);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    format!("pid {} on {}, run {run}", std::process::id(), host())
}

/// Returns true if the owner is certainly dead: a process of this machine whose number is not in
/// use.
///
/// A number that another process has now, or an owner on another machine, counts as alive. Then the
/// lease's expiry decides. An owner that is wrongly taken for dead (in a container that shares the
/// host's name and not its processes) is fenced off by its token and loses only its work.
#[cfg(unix)]
pub fn owner_is_dead(owner: &str) -> bool {
    let Some((pid, host_of_owner)) = parse(owner) else { return false };
    let Some(pid) = rustix::process::Pid::from_raw(pid) else { return false };
    host_of_owner == host() && rustix::process::test_kill_process(pid) == Err(rustix::io::Errno::SRCH)
}

/// Returns false: elsewhere only the expiry of a lease ends it.
#[cfg(not(unix))]
pub fn owner_is_dead(_owner: &str) -> bool {
    false
}

#[cfg(unix)]
fn parse(owner: &str) -> Option<(i32, &str)> {
    let (pid, rest) = owner.strip_prefix("pid ")?.split_once(" on ")?;
    let (host, _run) = rest.rsplit_once(", run ")?;
    Some((pid.parse().ok()?, host))
}

#[cfg(unix)]
fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(not(unix))]
fn host() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_else(|_| "this machine".to_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn the_living_and_the_unknown_are_not_dead() {
        assert!(!owner_is_dead(&lease_owner()));
        assert!(!owner_is_dead("pid 4711 on another-machine-entirely, run 1"));
        assert!(!owner_is_dead("someone"));
    }

    #[test]
    fn a_process_that_has_ended_is_dead() -> std::io::Result<()> {
        let mut child = std::process::Command::new("true").spawn()?;
        let owner = format!("pid {} on {}, run 1", child.id(), host());
        child.wait()?;
        assert!(owner_is_dead(&owner));
        Ok(())
    }
}
