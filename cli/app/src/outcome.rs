//! Outcome of a run that has no end in its rollout: it still goes on, or was interrupted.

use std::fs;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use threadkeep_rollout::AgentHome;
use threadkeep_state::{RunOutcome, Thread};

/// Time without a new line after which a run that nothing holds counts as interrupted.
pub const QUIET: Duration = Duration::from_secs(10 * 60);

/// Returns the outcome to show for a thread's stored one. [`RunOutcome::Running`] means only that
/// the rollout has no end: it holds if the rollout changed within [`QUIET`], or if an agent holds
/// the thread.
pub fn outcome_now(home: &AgentHome, thread: &Thread) -> RunOutcome {
    outcome(thread, &home.absolute(&thread.rollout_path), |rollout| home.has_writer(thread.id, rollout))
}

/// Returns the same at once, for a server. A quiet run goes on only if its agent holds the thread's
/// lock: open files are not looked at, which takes 10 ms for each thread.
pub fn outcome_at_a_glance(home: &AgentHome, thread: &Thread) -> RunOutcome {
    outcome(thread, &home.absolute(&thread.rollout_path), |_| home.is_locked(thread.id))
}

fn outcome(thread: &Thread, rollout: &Path, is_held: impl FnOnce(&Path) -> bool) -> RunOutcome {
    if thread.run_outcome != RunOutcome::Running {
        return thread.run_outcome;
    }
    let changed = fs::metadata(rollout).and_then(|metadata| metadata.modified());
    // A time in the future counts as now. A copied home has new files with old lines.
    let is_fresh = changed.is_ok_and(|at| at.elapsed().unwrap_or_default() < QUIET)
        && Duration::try_from(Timestamp::now().duration_since(thread.updated_at)).unwrap_or_default() < QUIET;
    if is_fresh || is_held(rollout) { RunOutcome::Running } else { RunOutcome::Interrupted }
}
