//! The two directories: the agent's home, which is read, and the SQLite home, which is ours.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use threadkeep_rollout::AgentHome;

use crate::args::Global;
use crate::exit::fault;

/// Where the two directories are. Whether they are there is another question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Homes {
    pub(crate) home: PathBuf,
    pub(crate) sqlite_home: PathBuf,
}

impl Homes {
    /// Takes them from the options, the environment, or their defaults, in this order.
    pub(crate) fn find(global: &Global) -> anyhow::Result<Homes> {
        let home = match global.home.clone().or_else(|| variable("CODEX_HOME").map(PathBuf::from)) {
            Some(home) => home,
            None => env::home_dir()
                .filter(|user| !user.as_os_str().is_empty())
                .map(|user| user.join(".codex"))
                .ok_or_else(|| {
                    fault(
                        "this user has no home directory",
                        "pass the agent's home with --home DIR, or set CODEX_HOME",
                    )
                })?,
        };
        let sqlite_home = global
            .sqlite_home
            .clone()
            .or_else(|| variable("THREADKEEP_SQLITE_HOME").map(PathBuf::from))
            .unwrap_or_else(|| home.join("threadkeep"));
        Ok(Homes { home, sqlite_home })
    }

    /// The same places, from the root.
    pub(crate) fn absolute(&self) -> Homes {
        let absolute = |path: &PathBuf| std::path::absolute(path).unwrap_or_else(|_| path.clone());
        Homes { home: absolute(&self.home), sqlite_home: absolute(&self.sqlite_home) }
    }

    /// Opens the agent's home.
    pub(crate) fn agent_home(&self) -> anyhow::Result<AgentHome> {
        Ok(AgentHome::open(&self.home)?)
    }

    /// Why no database could be made in the SQLite home, as far as that can be told without writing.
    pub(crate) fn obstacle(&self) -> Option<String> {
        let place = self.absolute().sqlite_home;
        // The nearest that is there is where the rest would have to be made.
        let (nearest, found) =
            place.ancestors().find_map(|folder| Some((folder, fs::metadata(folder).ok()?)))?;
        if !found.is_dir() {
            return Some(format!("{} is not a folder", nearest.display()));
        }
        (!is_writable(nearest)).then(|| format!("{} cannot be written to", nearest.display()))
    }

    /// Makes the SQLite home if it is not there, for this user alone.
    pub(crate) fn make_sqlite_home(&self) -> io::Result<()> {
        match fs::metadata(&self.sqlite_home) {
            Ok(metadata) if metadata.is_dir() => Ok(()),
            Ok(_) => Err(io::Error::from(io::ErrorKind::NotADirectory)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let mut builder = fs::DirBuilder::new();
                builder.recursive(true);
                #[cfg(unix)]
                std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
                builder.create(&self.sqlite_home)
            }
            Err(error) => Err(error),
        }
    }
}

/// Whether this user may write to a folder, asked of the system without writing.
#[cfg(unix)]
fn is_writable(folder: &Path) -> bool {
    use rustix::fs::{Access, AtFlags, CWD, accessat};
    accessat(CWD, folder, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

#[cfg(not(unix))]
fn is_writable(folder: &Path) -> bool {
    fs::metadata(folder).is_ok_and(|metadata| metadata.is_dir())
}

/// An environment variable; an empty one counts as unset.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
