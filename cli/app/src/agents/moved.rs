//! Changes in a SQLite home that another process takes over at the same time.

use super::included::unlocked;
use crate::dirs::{Dirs, Given};
use crate::fault::Fault;

/// Checks, after a change in a SQLite home, that the first `agents add` has not taken over that
/// folder without the change. Waits for an `agents add` that is running.
///
/// # Errors
///
/// Fails if commands use another SQLite home by now.
pub async fn check_unmoved(dirs: &Dirs, given: &Given) -> Result<(), Fault> {
    let own = dirs.absolute().sqlite_home;
    let next = dirs.clone().for_agents(given).absolute().sqlite_home;
    if next == own {
        return Ok(());
    }
    // It takes over what was changed before it got the lock.
    unlocked(&next).await?;
    let now = Dirs::find(given)?.absolute().sqlite_home;
    if now == own {
        return Ok(());
    }
    let why =
        format!("the change was made in {}, which was just taken over to {}", own.display(), now.display());
    Err(Fault::new(why, "run it again: the change may be missing there"))
}
