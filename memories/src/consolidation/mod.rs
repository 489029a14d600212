//! Phase 2: consolidates memories in the workspace, one run at a time.
//!
//! A run takes the global lock, makes sure that the workspace has a baseline, and brings the files
//! that follow from memories up to date. If nothing differs from the baseline, it is done.
//! Otherwise an agent works on a *copy* of the workspace. Its changes are checked, taken over file
//! by file where the user changed nothing meanwhile, and the copy becomes the new baseline. So a
//! user's edit is either part of what the agent was given, or a change in the next run's diff.
//!
//! A run that fails, is killed or loses its lock before that leaves the consolidated files as they
//! were.

mod kept;
mod migrate;
mod options;
mod prompt;
mod rebuild;
mod report;
mod run;
mod staged;

pub use options::ConsolidationOptions;
pub use rebuild::{RebuildError, Rebuilt, rebuild};
pub use report::{ConsolidationError, ConsolidationReport, Ending};
pub use run::Consolidation;
