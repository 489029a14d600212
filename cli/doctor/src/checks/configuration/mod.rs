//! The settings, and what they need.

mod auth;
mod features;
mod load;
mod mcp;
mod sandbox;

use crate::check::Finding;
use crate::context::Context;
use crate::section::Section;
use crate::spec::{LOCAL, Spec};

const fn spec(id: &'static str, label: &'static str, run: fn(&Context) -> Finding) -> Spec {
    Spec { id, section: Section::Configuration, label, limit: LOCAL, run }
}

pub(super) const CHECKS: &[Spec] = &[
    spec("config.load", "config", load::check),
    spec("config.features", "features", features::check),
    spec("auth.credentials", "auth", auth::check),
    spec("mcp.config", "mcp", mcp::check),
    spec("sandbox.helpers", "sandbox", sandbox::check),
];

/// Returns the most severe finding, the first of several. The summaries of all are a list.
fn worst(findings: Vec<Finding>, label: &str) -> Option<Finding> {
    let summaries = findings.iter().map(|finding| finding.summary.clone()).collect();
    let worst =
        findings.into_iter().reduce(|worst, other| if other.status > worst.status { other } else { worst });
    worst.map(|worst| worst.list(label, summaries))
}

/// Returns true for the name of an environment variable. Anything else in its place may be a
/// secret that was pasted there, so it is not shown.
fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
}
