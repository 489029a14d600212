//! Changes in a SQLite home that another process takes over at the same time.

use super::included::unlocked;
use crate::dirs::{Dirs, Given};
use crate::fault::Fault;
use crate::message::Message;

/// Checks, after a change in a SQLite home, that the first `agents add` has not taken over that
/// folder without the change. Waits for an `agents add` that is running.
///
/// # Errors
///
/// Fails if commands use another SQLite home by now, or if that cannot be found out.
pub async fn check_unmoved(dirs: &Dirs, given: &Given) -> Result<(), Fault> {
    let own = dirs.absolute().sqlite_home;
    let next = dirs.clone().for_agents(given).absolute().sqlite_home;
    if next == own {
        return Ok(());
    }
    // It takes over what was changed before it got the lock.
    let now = match unlocked(&next).await {
        Ok(()) => Dirs::find(given),
        Err(fault) => Err(fault),
    };
    let fault = match now.map(|now| now.absolute().sqlite_home) {
        Ok(now) if now == own => return Ok(()),
        Ok(now) => Fault::without_hint(format!("which was just taken over to {}", now.display())),
        Err(fault) => {
            let message = format!("which may be taken over to {}: ", next.display());
            Fault { message: Message::from(message).append(fault.message), ..fault }
        }
    };
    let made = Message::from(format!("the change was made in {}, ", own.display()));
    let hint = "look there, and repeat the change if it is missing";
    Err(Fault { message: made.append(fault.message), hint: Some(hint.into()), ..fault })
}
