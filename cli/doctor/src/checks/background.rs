//! `app_server.status`: the server of Codex in the background. Ours is no part of it.

use std::path::{Path, PathBuf};

use serde_json::Value as Json;
use threadkeep_app::dirs::path_word;
use threadkeep_rollout::untouched;

use crate::agent::version_of;
use crate::check::Finding;
use crate::context::Context;
use crate::process;
use crate::remedy;
use crate::section::Section;
use crate::spec::Spec;

/// Longest file that is read, in bytes.
const LIMIT: u64 = 64 << 10;
/// Files with the number of a server's process.
const SERVERS: &[&str] = &["app-server.pid", "daemon.pid"];
/// Files with the number of a process that updates the agent.
const UPDATERS: &[&str] = &["app-server-updater.pid", "daemon-updater.pid"];

pub(super) const CHECKS: &[Spec] =
    &[Spec::new(Section::BackgroundServer, "app_server.status", "codex server", check)];

/// Contents of a pid file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PidFile {
    /// There is none.
    Missing,
    /// It is empty: a server is starting.
    Starting,
    /// It has no number.
    Unreadable,
    /// Its process lives.
    Alive(u32),
    /// Its process has ended.
    Dead(u32),
}

/// State of the control socket.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Socket {
    /// There is none.
    Missing,
    /// A process listens.
    Listens,
    /// No process listens any longer.
    Refuses,
    /// It could not be asked.
    Unknown(String),
}

fn check(context: &Context) -> Finding {
    let home = &context.dirs.home;
    let folder = home.join("app-server-daemon");
    let socket_path = home.join("app-server-control/app-server-control.sock");
    let read = |names: &[&str]| -> Vec<(PathBuf, PidFile)> {
        names.iter().map(|name| folder.join(name)).map(|path| (path.clone(), pid_file(&path))).collect()
    };
    let (servers, updaters, socket) = (read(SERVERS), read(UPDATERS), socket(&socket_path));
    let alive =
        servers.iter().find_map(|(_, file)| if let PidFile::Alive(pid) = file { Some(*pid) } else { None });
    let is_starting = servers.iter().any(|(_, file)| *file == PidFile::Starting);
    let mut stale: Vec<&Path> = Vec::new();
    let files = servers.iter().chain(&updaters);
    stale.extend(files.filter(|(_, file)| matches!(file, PidFile::Dead(_))).map(|(path, _)| path.as_path()));
    let is_running = alive.is_some() || is_starting || socket == Socket::Listens;
    if socket == Socket::Refuses && !is_running {
        stale.push(&socket_path);
    }
    let finding = if !stale.is_empty() {
        let words: Vec<String> = stale.iter().map(|path| path_word(path)).collect();
        let summary = match socket {
            Socket::Refuses if !is_running => "the server has ended and left its files",
            _ => "a pid file names a process that has ended",
        };
        Finding::warning(summary, format!("rm {}", words.join(" ")))
    } else if let (Some(pid), Socket::Missing | Socket::Refuses) = (alive, &socket) {
        let restart = remedy::agent(context, "app-server daemon restart");
        Finding::warning(format!("process {pid} runs, but does not listen"), restart)
    } else if let Some(pid) = alive {
        Finding::ok(format!("running (process {pid})"))
    } else if socket == Socket::Listens {
        Finding::ok("running, started by another program")
    } else if is_starting {
        Finding::ok("starting")
    } else {
        Finding::idle("not running")
    };
    let version = alive.and_then(process::program).and_then(|program| version_of(&program));
    let settings = settings(&folder.join("settings.json"));
    finding
        .detail("state folder", folder.display().to_string())
        .detail("server", shown(&servers))
        .detail("updater", shown(&updaters))
        .detail("control socket", socket_path.display().to_string())
        .detail("socket", socket.words())
        .detail("version", version.map_or_else(|| "unknown".to_owned(), |version| version.version))
        .detail("mode", if settings.is_some() { "persistent" } else { "ephemeral" })
        .detail("remote control", if settings == Some(true) { "on" } else { "off" })
}

/// Reads a pid file, and looks at its process.
fn pid_file(path: &Path) -> PidFile {
    let Ok(bytes) = untouched::read(path, LIMIT) else {
        return if path.symlink_metadata().is_ok() { PidFile::Unreadable } else { PidFile::Missing };
    };
    let text = String::from_utf8_lossy(&bytes);
    if text.trim().is_empty() {
        return PidFile::Starting;
    }
    let record: Option<Json> = serde_json::from_str(&text).ok();
    let number = record.as_ref().and_then(|record| record.get("pid").or(Some(record))?.as_u64());
    let Some(pid) = number.and_then(|number| u32::try_from(number).ok()) else { return PidFile::Unreadable };
    let written = path.metadata().and_then(|file| file.modified()).ok();
    if process::lives(pid, written) { PidFile::Alive(pid) } else { PidFile::Dead(pid) }
}

/// Returns the state of the first pid file that there is.
fn shown(files: &[(PathBuf, PidFile)]) -> String {
    let found = files.iter().find(|(_, file)| *file != PidFile::Missing);
    match found {
        None => "no pid file".to_owned(),
        Some((path, file)) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            match file {
                PidFile::Missing | PidFile::Unreadable => format!("{name} has no process"),
                PidFile::Starting => format!("{name} is empty: starting"),
                PidFile::Alive(pid) => format!("process {pid} lives ({name})"),
                PidFile::Dead(pid) => format!("process {pid} has ended ({name})"),
            }
        }
    }
}

/// Returns if remote control is on, where the server keeps settings.
fn settings(path: &Path) -> Option<bool> {
    let bytes = untouched::read(path, LIMIT).ok()?;
    let settings: Json = serde_json::from_slice(&bytes).unwrap_or_default();
    Some(settings["remoteControlEnabled"].as_bool().unwrap_or(false))
}

impl Socket {
    fn words(&self) -> String {
        match self {
            Self::Missing => "missing".to_owned(),
            Self::Listens => "a process listens".to_owned(),
            Self::Refuses => "no process listens".to_owned(),
            Self::Unknown(why) => format!("unknown: {why}"),
        }
    }
}

/// Asks the system if a process listens.
///
/// A datagram socket never gets a connection to a stream socket. The system refuses it in one way
/// if a process listens, and in another if none does. So the server notices nothing, the socket's
/// access time stays, and there is nothing to wait for.
#[cfg(unix)]
fn socket(path: &Path) -> Socket {
    use rustix::io::Errno;
    use std::io::ErrorKind;
    use std::os::unix::fs::FileTypeExt as _;
    use std::os::unix::net::UnixDatagram;
    match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Socket::Missing,
        Err(error) => return Socket::Unknown(threadkeep_app::messages::of_io(&error)),
        Ok(file) if !file.file_type().is_socket() => return Socket::Unknown("it is not a socket".to_owned()),
        Ok(_) => {}
    }
    match UnixDatagram::unbound().and_then(|socket| socket.connect(path)) {
        Ok(()) => Socket::Unknown("it is no stream socket".to_owned()),
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => Socket::Refuses,
        Err(error) if error.raw_os_error() == Some(Errno::PROTOTYPE.raw_os_error()) => Socket::Listens,
        Err(error) => Socket::Unknown(threadkeep_app::messages::of_io(&error)),
    }
}

#[cfg(not(unix))]
fn socket(_: &Path) -> Socket {
    Socket::Missing
}
