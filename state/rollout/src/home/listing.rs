//! Lists a home that may change meanwhile.
//!
//! An agent archives and compresses files while they are listed. A listing misses a file that moves
//! to a folder that it has left. Such a listing is taken again.

use std::collections::HashSet;

use uuid::Uuid;

use super::AgentHome;
use super::discover::{self, Discovery};
use super::file::RolloutFile;
use super::problem::{DiscoveryProblem, ProblemReason};

/// The most listings of one home.
const ATTEMPTS: usize = 4;

/// Lists a home until no file can have been missed.
///
/// A listing is complete if no folder has changed. So it is if all files of the listing before are
/// in it: then files were only added.
pub(crate) fn discover(home: &AgentHome) -> Discovery {
    let (mut found, mut is_complete) = discover::list(home);
    for _ in 1..ATTEMPTS {
        if is_complete {
            return found;
        }
        let (again, is_steady) = discover::list(home);
        let ids: HashSet<_> = again.files.iter().map(id).collect();
        is_complete = is_steady || found.files.iter().all(|file| ids.contains(&id(file)));
        found = again;
    }
    if !is_complete {
        let reason = ProblemReason::Changing;
        found.problems.insert(0, DiscoveryProblem { path: String::new(), reason });
    }
    found
}

/// Returns what stays the same when a file moves or is compressed, if its name has an id.
fn id(file: &RolloutFile) -> Result<Uuid, &str> {
    file.file_id().ok_or(&file.path)
}
