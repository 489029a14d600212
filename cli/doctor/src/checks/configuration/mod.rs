//! The settings, and what they need.

mod auth;
mod features;
mod load;
mod mcp;
mod mcp_http;
mod sandbox;

use crate::check::Finding;
use crate::context::Context;
use crate::section::Section;
use crate::spec::{LOCAL, NETWORK, Spec};

const fn spec(id: &'static str, label: &'static str, run: fn(&Context) -> Finding) -> Spec {
    Spec { id, section: Section::Configuration, label, limit: LOCAL, run }
}

pub(super) const CHECKS: &[Spec] = &[
    spec("config.load", "config", load::check),
    spec("config.features", "features", features::check),
    spec("auth.credentials", "auth", auth::check),
    // It asks servers.
    Spec { limit: NETWORK, ..spec("mcp.config", "mcp", mcp::check) },
    spec("sandbox.helpers", "sandbox", sandbox::check),
];

/// Returns the most severe finding, the first of several. The summaries of all are a list.
fn worst(findings: Vec<Finding>, label: &str) -> Option<Finding> {
    let summaries = findings.iter().map(|finding| finding.summary.clone()).collect();
    let worst =
        findings.into_iter().reduce(|worst, other| if other.status > worst.status { other } else { worst });
    worst.map(|worst| worst.list(label, summaries))
}
