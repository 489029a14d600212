//! The machine, the program and the databases.

mod disk;
mod git;
mod install;
mod multiplexer;
mod runtime;
mod search;
mod system;
mod terminal;

use crate::check::Finding;
use crate::context::Context;
use crate::section::Section;
use crate::spec::{LOCAL, Spec};

const fn spec(id: &'static str, label: &'static str, run: fn(&Context) -> Finding) -> Spec {
    Spec { id, section: Section::Environment, label, limit: LOCAL, run }
}

pub(super) const CHECKS: &[Spec] = &[
    spec("runtime.provenance", "runtime", runtime::check),
    spec("runtime.install", "install", install::check),
    spec("runtime.search", "search", search::check),
    spec("git.environment", "git", git::check),
    spec("terminal.env", "terminal", terminal::check),
    spec("system.environment", "system", system::check),
    spec("system.disk", "disk", disk::check),
];
