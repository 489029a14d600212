//! The list of added agents, a JSON file in the SQLite home.

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;
use threadkeep_rollout::untouched;
use threadkeep_sessions::{Environment, SessionStore, stores};

use super::lock::patiently;
use crate::dirs::real;
use crate::fault::Fault;
use crate::message::{Command, command};
use crate::messages::of_io;

/// Name of the file.
const FILE: &str = "agents.json";
/// Name of its lock.
const LOCK: &str = "agents.lock";
/// The most bytes that are read of it.
const MOST_BYTES: u64 = 1 << 20;

/// Place of an agent that the user has added.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Included {
    /// The agent's name: `claude`.
    pub agent: String,
    /// Folder with its sessions, from the root.
    pub place: PathBuf,
}

#[derive(Default, Serialize, Deserialize)]
struct List {
    version: u32,
    agents: Vec<Included>,
}

/// Returns the path of the list. It need not exist.
pub fn list(sqlite_home: &Path) -> PathBuf {
    sqlite_home.join(FILE)
}

/// Returns what was added, in the order of names and places.
///
/// # Errors
///
/// Fails if the list cannot be read, or is not the form that this version writes.
pub fn included(sqlite_home: &Path) -> Result<Vec<Included>, Fault> {
    let path = list(sqlite_home);
    let bytes = match untouched::read(&path, MOST_BYTES) {
        Ok(bytes) => bytes,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(unusable("read", &path, &error)),
    };
    let read: List = serde_json::from_slice(&bytes).map_err(|_| {
        let message = format!("{} is not a list of agents", path.display());
        Fault::new(message, "move it away, and add the agents again with `threadkeep agents add NAME`")
    })?;
    Ok(read.agents)
}

/// Returns true if an agent was ever added to a SQLite home, also if the list is lost.
pub(crate) fn is_shared(sqlite_home: &Path) -> bool {
    list(sqlite_home).exists() || lost_list(sqlite_home).is_some()
}

/// List of added agents that is lost.
#[derive(Debug)]
#[non_exhaustive]
pub struct LostList {
    /// Reason why sessions are not read, as a sentence.
    pub why: String,
    /// Command that adds the agents again, or shows how.
    pub command: Command,
    /// True if the command adds them all.
    is_whole: bool,
}

impl LostList {
    /// Makes a fault of it.
    pub fn fault(self) -> Fault {
        let makes = if self.is_whole { " makes it again" } else { " lists what to add again" };
        Fault::new(self.why, (self.command, makes, "; what was read is still there"))
    }
}

/// Finds out if the list is lost, while there is a mirror of agents' sessions.
pub fn lost_list(sqlite_home: &Path) -> Option<LostList> {
    let (path, mirror) = (list(sqlite_home), super::mirror(sqlite_home));
    if path.exists() || !mirror.folder().is_dir() {
        return None;
    }
    let stores: Vec<_> = stores().into_iter().filter(|store| mirror.has(store.name())).collect();
    if stores.is_empty() {
        return None;
    }
    let environment = Environment::of_process().unwrap_or_default();
    let is_default = |store: &&dyn SessionStore| {
        let default: Vec<_> = store.places(&environment).iter().map(|place| real(place)).collect();
        let sessions = mirror.sessions(store.name()).unwrap_or_default();
        sessions.iter().all(|session| default.contains(&session.place))
    };
    let is_whole = stores.iter().all(is_default);
    let add = || stores.iter().map(|store| store.name()).fold(command("agents add"), Command::arg);
    let why = format!("the list of added agents {} is lost, so their sessions are not read", path.display());
    Some(LostList { why, command: if is_whole { add() } else { command("agents") }, is_whole })
}

/// Adds a place. Returns false if it was there.
///
/// # Errors
///
/// As [`included`], and if the list cannot be written.
pub async fn include(sqlite_home: &Path, new: Included) -> Result<bool, Fault> {
    let _lock = locked(sqlite_home).await?;
    include_locked(sqlite_home, new)
}

/// Adds a place, with the lock held.
pub(super) fn include_locked(sqlite_home: &Path, new: Included) -> Result<bool, Fault> {
    let mut agents = included(sqlite_home)?;
    if agents.contains(&new) {
        return Ok(false);
    }
    agents.push(new);
    agents.sort_by(|one, other| (&one.agent, &one.place).cmp(&(&other.agent, &other.place)));
    write(sqlite_home, agents)?;
    Ok(true)
}

/// Takes an agent's places off the list, or one of them. Returns the removed ones.
///
/// # Errors
///
/// As [`include()`].
pub async fn remove(sqlite_home: &Path, agent: &str, place: Option<&Path>) -> Result<Vec<Included>, Fault> {
    let _lock = locked(sqlite_home).await?;
    let is_meant = |known: &Included| known.agent == agent && place.is_none_or(|place| known.place == place);
    let (removed, kept): (Vec<_>, Vec<_>) = included(sqlite_home)?.into_iter().partition(is_meant);
    if !removed.is_empty() {
        write(sqlite_home, kept)?;
    }
    Ok(removed)
}

/// Takes the lock of the list: additions at the same time are not lost.
pub(super) async fn locked(sqlite_home: &Path) -> Result<Option<File>, Fault> {
    let path = sqlite_home.join(LOCK);
    if !sqlite_home.is_dir() {
        return Ok(None);
    }
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|error| unusable("write", &path, &error))?;
    let take = || match file.try_lock() {
        Ok(()) => Ok(Some(())),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(unusable("lock", &path, &error)),
    };
    patiently(&path, take).await?;
    Ok(Some(file))
}

/// Waits until no other process has the lock of the list. Creates nothing.
pub(super) async fn unlocked(sqlite_home: &Path) -> Result<(), Fault> {
    let path = sqlite_home.join(LOCK);
    let file = match File::open(&path) {
        // A user who cannot read it cannot use the list of agents, either.
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::PermissionDenied
            ) =>
        {
            return Ok(());
        }
        opened => opened.map_err(|error| unusable("read", &path, &error))?,
    };
    let take = || match file.try_lock_shared() {
        Ok(()) => Ok(Some(())),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(unusable("lock", &path, &error)),
    };
    patiently(&path, take).await
}

fn write(sqlite_home: &Path, agents: Vec<Included>) -> Result<(), Fault> {
    let path = list(sqlite_home);
    let bytes = serde_json::to_vec_pretty(&List { version: 1, agents }).map_err(io::Error::from);
    let written = bytes.and_then(|mut bytes| {
        bytes.push(b'\n');
        fs::create_dir_all(sqlite_home)?;
        replace(&path, &bytes)
    });
    written.map_err(|error| unusable("write", &path, &error))
}

/// Replaces a file. A kill or a power cut leaves the old one or the new one.
pub(super) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = NamedTempFile::new_in(path.parent().unwrap_or(path))?;
    file.write_all(bytes)?;
    file.as_file().sync_data()?;
    file.persist(path)?;
    Ok(())
}

fn unusable(verb: &str, path: &Path, error: &io::Error) -> Fault {
    Fault::without_hint(format!("cannot {verb} {}: {}", path.display(), of_io(error))).because(error)
}
