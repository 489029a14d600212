//! Moves the copies of one vault to another.

use super::{Kept, Vault, VaultError, VaultLock, create_private, remove_folder};
use crate::disk;
use crate::store;

impl VaultLock {
    /// Moves the copies of another vault here. Of two copies of a session, the later one or the one
    /// with more stays; if one is damaged, both stay where they are. Returns the number of moved
    /// copies.
    ///
    /// # Errors
    ///
    /// [`VaultError::Io`], if a folder cannot be moved. The same call moves the rest.
    pub fn take_over(&self, other: &Self) -> Result<u64, VaultError> {
        let mut moved = 0;
        for (agent, thread_id) in other.vault.copies()? {
            let [old, new] = [other, self].map(|lock| lock.vault.of(&agent, thread_id));
            if new.exists() {
                let both = [other, self].map(|lock| lock.vault.get(&agent, thread_id));
                let [Ok(Some(old_copy)), Ok(Some(new_copy))] = both else { continue };
                if !is_better((&other.vault, &old_copy), (&self.vault, &new_copy)) {
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
}

/// Copy and its vault.
type Copy<'a> = (&'a Vault, &'a Kept);

/// Returns true if a copy of a session should stay, and not another one.
fn is_better(one: Copy<'_>, other: Copy<'_>) -> bool {
    has_more(one, other) || (one.1.kept_at > other.1.kept_at && !has_more(other, one))
}

fn has_more((vault, kept): Copy<'_>, (other_vault, other): Copy<'_>) -> bool {
    let Some(store) = store(&kept.agent) else { return false };
    let session = other_vault.open(store, other).and_then(|(open, found)| Ok(open.read(&found)?));
    // A copy that cannot be read has nothing.
    session.is_ok_and(|session| vault.has_more(store, kept, &session))
}
