//! Moves the copies of one vault to another.

use jiff::Timestamp;
use uuid::Uuid;

use super::keep::has_more;
use super::{VaultError, VaultLock, create_private, remove_folder};
use crate::disk;
use crate::session::Session;
use crate::store;

impl VaultLock {
    /// Moves the copies of another vault here. Of two copies of a session, the later one or the one
    /// with more stays; if one cannot be read, both stay where they are. Returns the number of
    /// moved copies.
    ///
    /// # Errors
    ///
    /// [`VaultError::Io`], if a folder cannot be moved. The same call moves the rest.
    pub fn take_over(&self, other: &Self) -> Result<u64, VaultError> {
        let mut moved = 0;
        for (agent, thread_id) in other.vault.copies()? {
            let [old, new] = [other, self].map(|lock| lock.vault.of(&agent, thread_id));
            if new.exists() {
                let copies = [other, self].map(|lock| lock.copy(&agent, thread_id));
                let [Some(old_copy), Some(new_copy)] = copies else { continue };
                if !is_better(&old_copy, &new_copy) {
                    remove_folder(&old)?;
                    continue;
                }
                remove_folder(&new)?;
            }
            create_private(&self.vault.folder.join(agent))?;
            disk::move_folder(&old, &new).map_err(VaultError::io(old))?;
            moved += 1;
        }
        Ok(moved)
    }

    /// Reads the copy of a thread's session; `None` if it cannot be read.
    fn copy(&self, agent: &str, thread_id: Uuid) -> Option<Copy> {
        let kept = self.vault.get(agent, thread_id).ok()??;
        let session = self.vault.session(store(agent)?, &kept).ok()?;
        self.vault.is_whole(&kept).then_some((kept.kept_at, session))
    }
}

/// Time of a copy, and its session.
type Copy = (Timestamp, Session);

/// Returns true if a copy of a session should stay, and not another one.
fn is_better(one: &Copy, other: &Copy) -> bool {
    has_more(&one.1, &other.1) || (one.0 > other.0 && !has_more(&other.1, &one.1))
}
