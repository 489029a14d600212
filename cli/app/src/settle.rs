//! Outcome of a run that has no end in its rollout: it still goes on, or was interrupted.

use std::fs;
use std::time::Duration;

use threadkeep_rollout::AgentHome;
use threadkeep_state::RunOutcome;
use uuid::Uuid;

/// Time without a new line after which a run that nothing holds counts as interrupted.
pub const QUIET: Duration = Duration::from_secs(10 * 60);

/// Returns the outcome to show for a stored one. [`RunOutcome::Running`] means only that the
/// rollout has no end: it holds if the rollout changed within [`QUIET`], or if an agent holds the
/// thread.
pub fn settle(home: &AgentHome, thread: Uuid, rollout_path: &str, stored: RunOutcome) -> RunOutcome {
    if stored != RunOutcome::Running {
        return stored;
    }
    let rollout = home.absolute(rollout_path);
    let changed = fs::metadata(&rollout).and_then(|metadata| metadata.modified());
    // A time in the future counts as now.
    let is_fresh = changed.is_ok_and(|at| at.elapsed().unwrap_or_default() < QUIET);
    if is_fresh || home.has_writer(thread, &rollout) { RunOutcome::Running } else { RunOutcome::Interrupted }
}
