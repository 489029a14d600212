//! The machine, the program and the databases.

mod disk;
mod git;
mod install;
mod multiplexer;
mod runtime;
mod search;
mod system;
mod terminal;

use crate::section::Section;
use crate::spec::Spec;

const SECTION: Section = Section::Environment;

pub(super) const CHECKS: &[Spec] = &[
    Spec::new(SECTION, "runtime.provenance", "runtime", runtime::check),
    Spec::new(SECTION, "runtime.install", "install", install::check),
    Spec::new(SECTION, "runtime.search", "search", search::check),
    Spec::new(SECTION, "git.environment", "git", git::check),
    Spec::new(SECTION, "terminal.env", "terminal", terminal::check),
    Spec::new(SECTION, "system.environment", "system", system::check),
    Spec::new(SECTION, "system.disk", "disk", disk::check),
];
