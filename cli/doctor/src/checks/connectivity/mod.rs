//! The network.

mod endpoint;
mod environment;
mod reachability;
mod websocket;

use std::time::Duration;

use crate::check::Finding;
use crate::context::Context;
use crate::probe::Probe;
use crate::section::Section;
use crate::spec::{LOCAL, NETWORK, Spec};

const fn spec(id: &'static str, label: &'static str, limit: Duration, run: fn(&Context) -> Finding) -> Spec {
    Spec { id, section: Section::Connectivity, label, limit, run }
}

pub(super) const CHECKS: &[Spec] = &[
    spec("network.env", "network", LOCAL, environment::check),
    spec("network.websocket", "websocket", NETWORK, websocket::check),
    spec("network.reachability", "reachability", NETWORK, reachability::check),
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
