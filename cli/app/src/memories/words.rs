//! Words for what the memory pipeline reports.

use threadkeep_memories::{SkipReason, Step};

/// Returns the reason why a thread is skipped, after "skipped:".
#[must_use]
pub fn skip_reason(reason: SkipReason) -> &'static str {
    match reason {
        SkipReason::Kind => "a sub-agent, a review, or empty",
        SkipReason::Source => "not interactive (`include_exec`)",
        SkipReason::Missing => "its rollout is gone",
        SkipReason::Archived => "archived (`include_archived`)",
        SkipReason::MemoryOff => "memories are disabled for it",
        SkipReason::Current => "open now",
        SkipReason::TooOld => "updated too long ago",
        SkipReason::TooRecent => "not idle for long enough",
        SkipReason::UpToDate => "unchanged since it was read",
        SkipReason::Running => "being read now",
        SkipReason::Waiting => "failed, and waits for its next try",
        SkipReason::NoRetriesLeft => "failed too often",
        SkipReason::LimitReached => "eligible, but beyond the limit",
        _ => reason.code(),
    }
}

/// Returns a step of a consolidation, as it is shown while it runs.
#[must_use]
pub fn step(step: Step) -> &'static str {
    match step {
        Step::Baseline => "opening the folder",
        Step::Migrate => "copying older memories",
        Step::Select => "selecting memories",
        Step::Sync => "writing files",
        Step::Diff => "comparing files",
        Step::Agent => "waiting for the agent",
        Step::Publish => "taking over files",
        Step::Commit => "making the new baseline",
        _ => step.code(),
    }
}
