//! Threadkeep's own state, and the rollouts that it is made from.

mod agents;
mod databases;
mod goals;
mod history;
mod logs;
mod memories;
mod paths;
mod rollouts;
mod threads;

use std::time::Duration;

use threadkeep_sqlite::{DbSpec, DbState};

use crate::check::Finding;
use crate::context::Context;
use crate::facts::copied::Copied;
use crate::section::Section;
use crate::spec::Spec;

/// Time limit of a check of the state: all of them wait for one copy of the databases.
const LIMIT: Duration = Duration::from_secs(10);

const SECTION: Section = Section::Environment;

pub(super) const CHECKS: &[Spec] = &[
    Spec::new(SECTION, "state.paths", "homes", paths::check).within(LIMIT),
    Spec::new(SECTION, "state.databases", "databases", databases::check).within(LIMIT),
    Spec::new(SECTION, "state.threads", "threads", threads::check).within(LIMIT),
    Spec::new(SECTION, "state.rollouts", "rollouts", rollouts::check).within(LIMIT),
    Spec::new(SECTION, "state.history", "history", history::check).within(LIMIT),
    Spec::new(SECTION, "state.agents", "other agents", agents::check).within(LIMIT),
    Spec::new(SECTION, "state.logs", "logs", logs::check).within(LIMIT),
    Spec::new(SECTION, "state.memories", "memories", memories::check).within(LIMIT),
    Spec::new(SECTION, "state.goals", "goals", goals::check).within(LIMIT),
];

/// Runs a check of the databases' contents on their copy.
fn on_copy(context: &Context, check: impl FnOnce(&Copied) -> Finding) -> Finding {
    match context.databases() {
        Ok(copied) => check(copied),
        Err(why) => Finding::warning(
            format!("the databases cannot be copied to be read: {why}"),
            "df -h /dev/shm \"${TMPDIR:-/tmp}\"",
        ),
    }
}

/// Makes the finding of a database whose contents cannot be read.
fn unreadable(context: &Context, copied: &Copied, fault: &threadkeep_app::Fault) -> Finding {
    let why = copied.in_place(&fault.to_string(), &context.dirs);
    Finding::fail(why, context.ours(&threadkeep_app::command("repair")))
}

/// Makes the finding of a database whose contents were not read, if there is such a database.
fn unread(copied: &Copied, spec: &DbSpec) -> Option<Finding> {
    let (place, status) = copied.databases().find(|(place, _)| place.label == spec.label)?;
    let is_there = place.size.is_some() || status.state != DbState::Missing;
    is_there.then(|| Finding::idle(format!("not known: the database {} was not read", spec.label)))
}

/// Waits for a future on the thread of a check.
fn wait<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Handle::current().block_on(future)
}
