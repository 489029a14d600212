//! The checks of environment, configuration, updates and server change nothing in the agent's home,
//! access times included.

#![cfg(target_os = "linux")]

use std::fs::{File, FileTimes};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::fixture::{Fixture, Result};
use crate::programs::on_path;

/// Path, times of access, change and status in nanoseconds, length.
type State = (PathBuf, [i64; 6], u64);

#[test]
fn no_check_changes_a_time_in_the_home_of_the_agent() -> Result {
    let mut fixture = Fixture::new()?;
    on_path(&mut fixture, "codex", "touch \"$CODEX_HOME/was-run\"")?;
    for (name, content) in [
        ("config.toml", "[features]\na = true\n[mcp_servers.a]\ncommand = \"b\"\n"),
        ("auth.json", "{\"OPENAI_API_KEY\":\"0123456789\"}"),
        ("version.json", "{\"latest_version\":\"1.2.3\"}"),
        ("app-server-daemon/app-server.pid", "{\"pid\":4294967295}"),
        ("app-server-daemon/settings.json", "{}"),
        ("sessions/2026/11/28/rollout-2026-11-28T09-00-00-c.jsonl", "{\"cli_version\":\"1.2.0\"}\n"),
        ("tmp/arg0-linux/codex-arg0X/codex-linux-sandbox", ""),
    ] {
        fixture.write(name, content)?;
    }
    let path = fixture.home().join("app-server-control/app-server-control.sock");
    std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    let _listener = std::os::unix::net::UnixListener::bind(path)?;
    // A file that was changed after it was last read gets a new access time at the next reading.
    let hour = Duration::from_secs(3600);
    let times =
        FileTimes::new().set_accessed(SystemTime::now() - hour).set_modified(SystemTime::now() - hour / 2);
    let home = fixture.home();
    for (path, ..) in metadata(&home).into_iter().filter(|(path, ..)| path.is_file() || path.is_dir()) {
        File::open(path)?.set_times(times)?;
    }
    let before = metadata(&home);
    let ids = threadkeep_doctor::checks::all().map(|spec| spec.id.to_owned());
    fixture.options.only =
        ids.filter(|id| !id.starts_with("state.") && !id.starts_with("network.")).collect();
    let report = fixture.report()?;
    assert_eq!(report.checks.len(), fixture.options.only.len());
    assert_eq!(metadata(&home), before);
    Ok(())
}

/// Looks at all known paths, and lists no folder, because that would change its access time.
fn metadata(home: &Path) -> Vec<State> {
    let names = [
        "",
        "config.toml",
        "auth.json",
        "version.json",
        "was-run",
        "app-server-daemon",
        "app-server-daemon/app-server.pid",
        "app-server-daemon/settings.json",
        "app-server-control",
        "app-server-control/app-server-control.sock",
        "sessions",
        "sessions/2026",
        "sessions/2026/11",
        "sessions/2026/11/28",
        "sessions/2026/11/28/rollout-2026-11-28T09-00-00-c.jsonl",
        "tmp/arg0-linux",
        "tmp/arg0-linux/codex-arg0X",
    ];
    let state = |name: &str| {
        let path = home.join(name);
        let Ok(file) = path.symlink_metadata() else { return (path, [0; 6], 0) };
        let times = [
            file.atime(),
            file.atime_nsec(),
            file.mtime(),
            file.mtime_nsec(),
            file.ctime(),
            file.ctime_nsec(),
        ];
        (path, times, file.len())
    };
    names.into_iter().map(state).collect()
}
