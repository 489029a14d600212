//! The machine, the program and the databases.

mod runtime;

use crate::check::Finding;
use crate::context::Context;
use crate::section::Section;
use crate::spec::{LOCAL, Spec};

const fn spec(id: &'static str, label: &'static str, run: fn(&Context) -> Finding) -> Spec {
    Spec { id, section: Section::Environment, label, limit: LOCAL, run }
}

pub(super) const CHECKS: &[Spec] = &[spec("runtime.provenance", "runtime", runtime::check)];
