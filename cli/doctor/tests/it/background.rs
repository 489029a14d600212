//! The agent's server in the background: real processes, pid files and sockets.

#![cfg(unix)]

use std::fs::File;
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::fixture::{Fixture, Result};
use crate::programs::typed;

const SOCKET: &str = "app-server-control/app-server-control.sock";
const PID_FILE: &str = "app-server-daemon/app-server.pid";

/// Process that waits until it is dropped.
struct Server(Child);

impl Server {
    fn start() -> Result<Server> {
        Ok(Server(Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn pid_file(fixture: &Fixture, pid: u32) -> Result<std::path::PathBuf> {
    let record = format!(r#"{{"pid":{pid},"processStartTime":"Sun Nov 29 05:02:33 2026"}}"#);
    fixture.write(PID_FILE, record)
}

/// Listens on the control socket.
fn listen(fixture: &Fixture) -> Result<UnixListener> {
    let path = fixture.home().join(SOCKET);
    std::fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    Ok(UnixListener::bind(path)?)
}

/// Returns the number of a process that has ended.
fn dead() -> Result<u32> {
    let mut child = Command::new("true").spawn()?;
    child.wait()?;
    Ok(child.id())
}

#[test]
fn a_home_without_a_server_is_idle() -> Result {
    let mut fixture = Fixture::new()?;
    let check = fixture.check("app_server.status")?;
    assert_eq!((&check["status"], &check["summary"]), (&"idle".into(), &"not running".into()));
    assert_eq!(check["details"]["mode"], "ephemeral");
    Ok(())
}

#[test]
fn a_server_runs_and_listens_without_noticing_the_check() -> Result {
    let mut fixture = Fixture::new()?;
    let listener = listen(&fixture)?;
    pid_file(&fixture, std::process::id())?;
    fixture.write("app-server-daemon/settings.json", r#"{"remoteControlEnabled":true,"codexBin":null}"#)?;
    let check = fixture.check("app_server.status")?;
    assert_eq!(check["status"], "ok", "{check}");
    assert_eq!(check["summary"], format!("running (process {})", std::process::id()));
    let details = &check["details"];
    assert_eq!((&details["mode"], &details["remote control"]), (&"persistent".into(), &"on".into()));
    listener.set_nonblocking(true)?;
    assert!(listener.accept().is_err(), "the check connected to the server");
    Ok(())
}

#[test]
fn a_server_without_a_pid_file_was_started_by_another_program() -> Result {
    let mut fixture = Fixture::new()?;
    let _listener = listen(&fixture)?;
    assert_eq!(fixture.check("app_server.status")?["summary"], "running, started by another program");
    Ok(())
}

#[test]
fn files_of_a_dead_server_are_stale() -> Result {
    let mut fixture = Fixture::new()?;
    drop(listen(&fixture)?);
    let file = pid_file(&fixture, dead()?)?;
    let check = fixture.check("app_server.status")?;
    assert_eq!(check["status"], "warning", "{check}");
    assert_eq!(check["summary"], "the server has ended and left its files");
    typed(&fixture, check["remediation"].as_str().ok_or("no remedy")?, "")?;
    assert!(!file.exists() && !fixture.home().join(SOCKET).exists());
    assert_eq!(fixture.check("app_server.status")?["status"], "idle");
    Ok(())
}

#[test]
fn the_socket_of_another_server_stays_when_a_pid_file_is_stale() -> Result {
    let mut fixture = Fixture::new()?;
    let _listener = listen(&fixture)?;
    pid_file(&fixture, dead()?)?;
    let check = fixture.check("app_server.status")?;
    assert_eq!(check["status"], "warning");
    assert!(check["remediation"].as_str().is_some_and(|remedy| !remedy.contains(".sock")), "{check}");
    Ok(())
}

#[test]
fn a_living_process_that_does_not_listen_is_a_warning_but_not_stale() -> Result {
    let mut fixture = Fixture::new()?;
    let server = Server::start()?;
    drop(listen(&fixture)?);
    pid_file(&fixture, server.0.id())?;
    let check = fixture.check("app_server.status")?;
    assert_eq!(check["summary"], format!("process {} runs, but does not listen", server.0.id()));
    let remedy = check["remediation"].as_str().ok_or("no remedy")?;
    assert!(remedy.ends_with("codex app-server daemon restart"), "{remedy}");
    Ok(())
}

/// A later process may have got the number.
#[test]
#[cfg(target_os = "linux")]
fn a_process_that_is_younger_than_the_pid_file_is_another_one() -> Result {
    let mut fixture = Fixture::new()?;
    let server = Server::start()?;
    let path = pid_file(&fixture, server.0.id())?;
    File::options().write(true).open(&path)?.set_modified(SystemTime::now() - Duration::from_secs(3600))?;
    let check = fixture.check("app_server.status")?;
    assert_eq!(check["summary"], "a pid file names a process that has ended", "{check}");
    Ok(())
}

#[test]
fn a_zombie_and_an_empty_pid_file_are_told_apart() -> Result {
    let mut fixture = Fixture::new()?;
    fixture.write(PID_FILE, "")?;
    assert_eq!(fixture.check("app_server.status")?["summary"], "starting");
    let mut child = Command::new("true").stdout(Stdio::piped()).spawn()?;
    // The end of its output comes with its end. It is not reaped before the end of this test.
    std::io::copy(&mut child.stdout.take().ok_or("no output")?, &mut std::io::sink())?;
    pid_file(&fixture, child.id())?;
    if cfg!(target_os = "linux") {
        let stat = format!("/proc/{}/stat", child.id());
        while !std::fs::read_to_string(&stat)?.contains(") Z ") {
            std::thread::yield_now();
        }
        assert_eq!(fixture.check("app_server.status")?["status"], "warning");
    }
    child.wait()?;
    Ok(())
}
