//! Files of a background server: lock, pid file and socket.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use threadkeep_app::Fault;
use threadkeep_app::dirs::{Dirs, absolute};
use threadkeep_app::message::command;
use threadkeep_app::messages::of_io;
use threadkeep_app::private::create_private;
use tokio::time::sleep;

use super::process::{self, Started};
use crate::file_id::FileId;

/// Tries to take the lock. A command that looks if a server runs holds it for a moment.
const LOOKS_OF_OTHERS: usize = 10;
/// Time between two tries, and between two looks.
pub(super) const A_MOMENT: Duration = Duration::from_millis(20);
/// Longest path of a socket, in bytes.
const MOST_SOCKET_BYTES: usize = 107;

/// Place of a home's server.
#[derive(Clone, Debug)]
pub struct Place {
    folder: PathBuf,
    socket: Option<PathBuf>,
}

/// A server that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Running {
    /// Its process.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// Time at which it started.
    pub started_at: Timestamp,
    /// Its socket.
    pub socket: PathBuf,
    /// Start of the process by the system's count. A later process of the same number has another.
    process: Started,
}

/// Lock of a running server, held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock(File);

impl Lock {
    /// Returns true while it is the lock that others find in a place.
    pub(super) fn is_in(&self, place: &Place) -> bool {
        let found = fs::metadata(place.lock_file());
        self.0
            .metadata()
            .ok()
            .zip(found.ok())
            .is_some_and(|(own, found)| FileId::of(&own) == FileId::of(&found))
    }
}

impl Running {
    /// Describes this process.
    pub(super) fn this(socket: PathBuf) -> Running {
        let pid = std::process::id();
        Running {
            pid,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started_at: Timestamp::now(),
            socket,
            process: process::started(pid).unwrap_or_default(),
        }
    }

    fn is_alive(&self) -> bool {
        process::started(self.pid) == Some(self.process)
    }
}

impl Place {
    /// Returns the place of the server for a home. Without a `socket`, its socket lies in the
    /// SQLite home.
    pub fn new(dirs: &Dirs, socket: Option<&Path>) -> Place {
        let folder = dirs.absolute().sqlite_home.join("app-server");
        let socket = socket.map(absolute);
        Place { folder, socket }
    }

    /// Returns the path of the socket for a new server.
    ///
    /// # Errors
    ///
    /// Fails for a path that is too long for a socket, or not UTF-8: the pid file has it as text.
    pub(super) fn socket(&self) -> Result<PathBuf, Fault> {
        let socket = self.socket.clone().unwrap_or_else(|| self.folder.join("socket"));
        if socket.as_os_str().len() > MOST_SOCKET_BYTES {
            let path = socket.display();
            let message = format!("the path of the socket is longer than {MOST_SOCKET_BYTES} bytes: {path}");
            return Err(Fault::new(message, "choose a shorter one with --socket PATH"));
        }
        if socket.to_str().is_none() {
            let message = format!("the path of the socket is not UTF-8: {}", socket.display());
            return Err(Fault::new(message, "choose another one with --socket PATH"));
        }
        Ok(socket)
    }

    /// Returns the server that runs; `None` without one, also after it was killed.
    ///
    /// # Errors
    ///
    /// Fails if the files cannot be read.
    pub fn running(&self) -> Result<Option<Running>, Fault> {
        if !self.is_locked()? {
            return Ok(None);
        }
        let record = match fs::read(self.record_file()) {
            // A server that starts has not written it yet, and before its end it has removed it.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| self.failed("read", &error))?,
        };
        let running: Running = serde_json::from_slice(&record).map_err(|error| {
            let file = self.record_file();
            let message = format!("a server is running, but its record {} is damaged", file.display());
            Fault::new(message, "it is written again within a second: run the command again").because(&error)
        })?;
        Ok(Some(running).filter(Running::is_alive))
    }

    /// Returns true until a server has given the lock back, or ended without.
    pub(super) fn is_held_by(&self, running: &Running) -> Result<bool, Fault> {
        Ok(self.is_locked()? && running.is_alive())
    }

    fn is_locked(&self) -> Result<bool, Fault> {
        let lock = match File::open(self.lock_file()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            opened => opened.map_err(|error| self.failed("read", &error))?,
        };
        match flock(&lock, FlockOperation::NonBlockingLockShared) {
            Ok(()) => Ok(false),
            Err(Errno::WOULDBLOCK) => Ok(true),
            Err(error) => Err(self.failed("lock", &error.into())),
        }
    }

    /// Returns the server that runs.
    ///
    /// # Errors
    ///
    /// Fails if none does.
    pub fn expect_running(&self) -> Result<Running, Fault> {
        let start = (command("app-server start"), " starts one");
        self.running()?.ok_or_else(|| Fault::new("no server is running for this home", start))
    }

    /// Takes the lock, in a folder for this user alone.
    ///
    /// # Errors
    ///
    /// Fails if a server runs already, or the folder cannot be used.
    pub(super) async fn lock(&self) -> Result<Lock, Fault> {
        private_folder(&self.folder).map_err(|error| self.failed("create", &error))?;
        let lock =
            OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(self.lock_file());
        let lock = lock.map_err(|error| self.failed("create", &error))?;
        let mut tries = 0..LOOKS_OF_OTHERS;
        loop {
            match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Lock(lock)),
                Err(Errno::WOULDBLOCK) if tries.next().is_some() => sleep(A_MOMENT).await,
                Err(Errno::WOULDBLOCK) => {
                    let status = (command("app-server status"), " shows it");
                    return Err(Fault::new("a server is running for this home already", status));
                }
                Err(error) => return Err(self.failed("lock", &error.into())),
            }
        }
    }

    /// Creates the folder of a socket, or checks that only this user can enter it.
    pub(super) fn prepare_socket(&self, socket: &Path) -> Result<(), Fault> {
        let Some(folder) = socket.parent() else { return Ok(()) };
        match fs::metadata(folder) {
            Ok(metadata) => {
                let is_ours = metadata.uid() == rustix::process::geteuid().as_raw();
                if is_ours && metadata.mode() & 0o077 == 0 {
                    return Ok(());
                }
                let message = format!("other users can enter {}, the folder of the socket", folder.display());
                Err(Fault::new(
                    message,
                    "choose a folder of mode 0700, or one that does not exist, with --socket PATH",
                ))
            }
            Err(_) => private_folder(folder).map_err(|error| self.failed("create", &error)),
        }
    }

    /// Writes the pid file.
    pub(super) fn record(&self, running: &Running) -> Result<(), Fault> {
        self.keep_record(running).map_err(|error| self.failed("write", &error))
    }

    /// Writes the pid file, unless it is there as it should be.
    pub(super) fn keep_record(&self, running: &Running) -> io::Result<()> {
        let record = serde_json::to_vec(running)?;
        if fs::read(self.record_file()).is_ok_and(|found| found == record) {
            return Ok(());
        }
        let new = self.folder.join("server.json.new");
        fs::write(&new, record)?;
        fs::rename(new, self.record_file())
    }

    /// Removes the pid file. Call it with the lock held.
    pub(super) fn clear(&self) {
        // What is left disturbs no one.
        let _ = fs::remove_file(self.record_file());
    }

    fn lock_file(&self) -> PathBuf {
        self.folder.join("lock")
    }

    fn record_file(&self) -> PathBuf {
        self.folder.join("server.json")
    }

    fn failed(&self, verb: &str, error: &io::Error) -> Fault {
        Fault::without_hint(format!("cannot {verb} {}: {}", self.folder.display(), of_io(error)))
            .because(error)
    }
}

/// Creates a folder for this user alone, or makes it so.
fn private_folder(folder: &Path) -> io::Result<()> {
    create_private(folder)?;
    fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))
}
