//! The network.

mod endpoint;
mod environment;
mod reachability;
mod websocket;

use crate::probe::Probe;
use crate::section::Section;
use crate::spec::{NETWORK, Spec};

const SECTION: Section = Section::Connectivity;

pub(super) const CHECKS: &[Spec] = &[
    Spec::new(SECTION, "network.env", "network", environment::check),
    Spec::new(SECTION, "network.websocket", "websocket", websocket::check).within(NETWORK),
    Spec::new(SECTION, "network.reachability", "reachability", reachability::check).within(NETWORK),
];

/// Summary of a check that may not use the network.
const OFFLINE: &str = "not checked: the network is switched off for this run";

/// Renders the addresses that a question found.
fn addresses(probe: &Probe) -> String {
    let of = probe.proxy.as_ref().map_or("", |_| " (of the proxy)");
    match probe.addresses {
        Some((four, six)) => format!("IPv4 {four}, IPv6 {six}{of}"),
        None => "none".to_owned(),
    }
}

#[cfg(test)]
#[path = "../../../tests/unit/connectivity.rs"]
mod tests;
