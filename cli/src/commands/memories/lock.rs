//! The lock of consolidations, for commands that change the same files.

use std::time::Duration;

use jiff::Timestamp;
use threadkeep_app::Fault;
use threadkeep_memories::{
    ConsolidationClaim, ConsolidationLease, ConsolidationLock as _, ConsolidationRequest, NotNow, Term,
    WriteError,
};
use threadkeep_state::lease_owner;
use threadkeep_state::memories::MemoryStore;

use super::boxed;

/// Time after which another process may take the lock over, if it cannot see that this one is dead.
const TERM: Duration = Duration::from_secs(10 * 60);

/// Takes the lock, so that no consolidation begins. `verb` is the command that needs it.
pub(super) async fn hold(store: &MemoryStore, verb: &str) -> Result<ConsolidationLease, Fault> {
    let now = Timestamp::now();
    let term = Term { now, expires_at: now.checked_add(TERM).unwrap_or(Timestamp::MAX) };
    let (owner, cooldown) = (lease_owner(), Duration::ZERO);
    let request = ConsolidationRequest { owner, term, cooldown, force: true, root: None };
    match store.claim(&request).await.map_err(boxed)? {
        ConsolidationClaim::Granted(lease) => Ok(lease),
        ConsolidationClaim::Refused(why) => {
            let holder = if let NotNow::Held { owner, .. } = why { owner } else { String::new() };
            let remedy = format!("wait for its end, then {verb}");
            Err(Fault::new(format!("a consolidation runs now ({holder})"), remedy))
        }
    }
}

/// Gives the lock back.
pub(super) async fn release(store: &MemoryStore, lease: &ConsolidationLease) -> Result<(), Fault> {
    match store.release(lease).await {
        Err(WriteError::Backend(error)) => Err(boxed(error)),
        // Without the lease, the work took longer than the term, and is done all the same.
        _ => Ok(()),
    }
}
