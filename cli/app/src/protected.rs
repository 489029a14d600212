//! Files that a written export must not replace: databases, and the files of the two homes.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use threadkeep_rollout::RolloutName;

use crate::dirs::Dirs;
use crate::fault::Fault;
use crate::given::real;
use crate::whole_file::folder;

/// First bytes of an SQLite database.
const DATABASE: &[u8; 16] = b"SQLite format 3\0";
/// Folders of an agent home that may be links to other places.
const SESSIONS: [&str; 2] = ["sessions", "archived_sessions"];

/// Reason why a file must not be replaced.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Protected {
    /// It is a database of Threadkeep, of an agent, or of any other program.
    #[error("{} is a database", .0.display())]
    Database(PathBuf),
    /// It is in a SQLite home, with the databases and settings of Threadkeep.
    #[error("{} is a file of Threadkeep itself", .0.display())]
    SqliteHome(PathBuf),
    /// It is in an agent home, with rollouts, settings and credentials.
    #[error("{} is a file of the agent", .0.display())]
    AgentHome(PathBuf),
}

impl From<Protected> for Fault {
    fn from(error: Protected) -> Fault {
        let hint = match error {
            Protected::Database(_) => "choose another file with --output FILE",
            Protected::SqliteHome(_) => "choose a file outside of the SQLite home with --output FILE",
            Protected::AgentHome(_) => "choose a file outside of the agent's home with --output FILE",
        };
        Fault::new(error.to_string(), hint)
    }
}

/// Checks that a command may replace a file. However the path is spelled, and whatever links it
/// goes through, the file itself decides. A file that does not exist may be created anywhere.
///
/// # Errors
///
/// [`Protected`], with the path as it was given.
pub fn check(path: &Path, homes: &[Dirs]) -> Result<(), Protected> {
    if path.symlink_metadata().is_err() {
        return Ok(());
    }
    // A link, and the file that it leads to.
    let link = path.file_name().map(|name| real(folder(path)).join(name));
    let places: Vec<PathBuf> = link.into_iter().chain([real(path)]).collect();
    let is_in = |root: &Path| places.iter().any(|place| place.starts_with(real(root)));
    let is_rollout = |place: &PathBuf| {
        place.file_name().and_then(|name| name.to_str()).is_some_and(|name| RolloutName::parse(name).is_ok())
    };
    let is_of_agent = |home: &Path| is_in(home) || SESSIONS.iter().any(|name| is_in(&home.join(name)));
    if homes.iter().any(|dirs| is_in(&dirs.sqlite_home)) {
        Err(Protected::SqliteHome(path.to_owned()))
    } else if homes.iter().any(|dirs| is_of_agent(&dirs.home)) || places.iter().any(is_rollout) {
        Err(Protected::AgentHome(path.to_owned()))
    } else if places.iter().any(|place| is_database(place).unwrap_or(false)) {
        Err(Protected::Database(path.to_owned()))
    } else {
        Ok(())
    }
}

fn is_database(path: &Path) -> io::Result<bool> {
    if !path.metadata()?.is_file() {
        return Ok(false);
    }
    let mut head = Vec::new();
    File::open(path)?.take(DATABASE.len() as u64).read_to_end(&mut head)?;
    Ok(head == DATABASE)
}

#[cfg(all(test, unix))]
#[path = "../tests/unit/protected.rs"]
mod tests;
