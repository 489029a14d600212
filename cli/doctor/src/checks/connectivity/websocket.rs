//! `network.websocket`: a real handshake with the provider's WebSocket.

use super::endpoint::Endpoint;
use super::{OFFLINE, addresses};
use crate::check::Finding;
use crate::context::Context;
use crate::probe::{Probe, Target, status};

pub(super) fn check(context: &Context) -> Finding {
    let endpoint = match Endpoint::of(context) {
        Ok(endpoint) => endpoint,
        Err(why) => return Finding::idle(why),
    };
    let facts = |finding: Finding| {
        finding
            .detail("provider", endpoint.provider())
            .detail("auth", endpoint.auth())
            .detail("wire API", endpoint.provider.wire_api.as_str())
            .detail("supports WebSockets", endpoint.provider.supports_websockets.to_string())
    };
    if !endpoint.provider.supports_websockets {
        return facts(Finding::ok(format!("{} is used without WebSockets", endpoint.provider.id)));
    }
    let Some(prober) = context.network() else { return facts(Finding::idle(OFFLINE)) };
    let target = match &endpoint.base {
        Ok(base) => base.clone().join("responses").of_kind(true),
        Err(failure) => {
            let summary = format!("{} has no WebSocket: {failure}", endpoint.provider.id);
            return facts(Finding::warning(summary, endpoint.remedy.clone()));
        }
    };
    let probe = prober.websocket(&target);
    let handshake = match &probe.status {
        Ok(status) => status::shown(*status),
        Err(failure) => failure.to_string(),
    };
    let finding = facts(judge(&endpoint.provider.id, &target, &probe, &handshake))
        .detail("endpoint", target.shown())
        .detail("handshake", &handshake)
        .detail("negotiated", if probe.is_websocket { "yes" } else { "no" })
        .detail("addresses", addresses(&probe))
        .detail("time limit", format!("{} s", context.options.limits.total.as_secs_f32()));
    match &probe.proxy {
        Some(proxy) => finding.detail("proxy", proxy),
        None => finding,
    }
}

fn judge(id: &str, target: &Target, probe: &Probe, handshake: &str) -> Finding {
    match &probe.status {
        Ok(101) if probe.is_websocket => Finding::ok(format!("{id} agrees to a WebSocket: {handshake}")),
        Ok(401 | 403) => Finding::ok(format!(
            "{id} answers, and asks for the credentials, which the doctor never sends: {handshake}"
        )),
        Ok(101) => {
            Finding::warning(format!("{id} agrees, but not to this WebSocket: {handshake}"), target.curl())
        }
        Ok(500..) => {
            Finding::warning(format!("{id} has no WebSocket: HTTP status: {handshake}"), target.curl())
        }
        Ok(_) => Finding::warning(format!("{id} does not switch to a WebSocket: {handshake}"), target.curl()),
        Err(failure) if failure.is_untried() => Finding::idle(format!("not checked: {handshake}")),
        Err(_) => {
            let summary = format!("the WebSocket of {id} cannot be reached: {handshake}");
            Finding::warning(summary, target.curl())
        }
    }
}
