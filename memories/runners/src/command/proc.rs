//! The processes of a run, as Linux lists them.

use std::fs;

use rustix::process::{Pid, RawPid};

/// Returns the living processes that are of a process group, or have a variable in their
/// environment: a child process that leaves the group keeps the environment that it was given.
pub(crate) fn members(group: Pid, variable: &str) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<RawPid>().ok());
    pids.filter(|pid| is_member(*pid, group, variable)).filter_map(Pid::from_raw).collect()
}

fn is_member(pid: RawPid, group: Pid, variable: &str) -> bool {
    let Ok(stat) = fs::read(format!("/proc/{pid}/stat")) else { return false };
    // The second field is the name, which may have spaces and parentheses.
    let Some(name_end) = stat.iter().rposition(|byte| *byte == b')') else { return false };
    let fields = String::from_utf8_lossy(&stat[name_end + 1..]);
    let mut fields = fields.split_whitespace();
    let (state, _parent, its_group) = (fields.next(), fields.next(), fields.next());
    if matches!(state, Some("Z" | "X")) {
        return false;
    }
    let in_group = its_group.and_then(|id| id.parse().ok()) == Some(group.as_raw_pid());
    in_group || has_variable(pid, variable)
}

fn has_variable(pid: RawPid, variable: &str) -> bool {
    let Ok(environment) = fs::read(format!("/proc/{pid}/environ")) else { return false };
    environment.split(|byte| *byte == 0).any(|entry| entry == variable.as_bytes())
}
