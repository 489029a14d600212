//! Threads that the user has deleted, whose sessions are neither mirrored nor kept.

use std::collections::HashSet;

use threadkeep_state::StateRuntime;
use uuid::Uuid;

use crate::fault::Fault;

/// Returns the threads that the user deleted; none if those are wanted, too.
pub(super) async fn deleted_unless(state: &StateRuntime, are_wanted: bool) -> Result<HashSet<Uuid>, Fault> {
    if are_wanted { Ok(HashSet::new()) } else { deleted(state).await }
}

/// Returns the threads that the user deleted.
pub(super) async fn deleted(state: &StateRuntime) -> Result<HashSet<Uuid>, Fault> {
    Ok(state.threads().deleted(u32::MAX).await?.into_iter().map(|stone| stone.thread_id).collect())
}
