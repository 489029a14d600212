//! The settings, and what they need.

mod auth;
mod features;
mod load;
mod mcp;
mod mcp_http;
mod sandbox;

use crate::check::Finding;
use crate::section::Section;
use crate::spec::{NETWORK, Spec};

const SECTION: Section = Section::Configuration;

pub(super) const CHECKS: &[Spec] = &[
    Spec::new(SECTION, "config.load", "config", load::check),
    Spec::new(SECTION, "config.features", "features", features::check),
    Spec::new(SECTION, "auth.credentials", "auth", auth::check),
    // It asks servers.
    Spec::new(SECTION, "mcp.config", "mcp", mcp::check).within(NETWORK),
    Spec::new(SECTION, "sandbox.helpers", "sandbox", sandbox::check),
];

/// Returns the most severe finding, the first of several. The summaries of all are a list.
fn worst(findings: Vec<Finding>, label: &str) -> Option<Finding> {
    let summaries = findings.iter().map(|finding| finding.summary.clone()).collect();
    let worst =
        findings.into_iter().reduce(|worst, other| if other.status > worst.status { other } else { worst });
    worst.map(|worst| worst.list(label, summaries))
}
