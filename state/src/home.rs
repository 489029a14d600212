//! What the index makes of the state of an agent home.

use threadkeep_rollout::ProblemReason;

/// Whether a place with this problem may hold rollouts that could not be seen. They must not be taken for deleted.
pub(crate) fn hides_files(reason: &ProblemReason) -> bool {
    match reason {
        ProblemReason::MalformedName | ProblemReason::NameNotUtf8 | ProblemReason::NotAFile => false,
        // Also whatever is added to the list: to keep a row too long is the smaller mistake.
        _ => true,
    }
}
