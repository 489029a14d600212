//! `network.reachability`: the servers that the agent needs.

use super::endpoint::{Endpoint, LOGIN_LABEL, LOGIN_VARIABLE};
use super::{OFFLINE, addresses};
use crate::check::{Finding, Status};
use crate::context::Context;
use crate::probe::{Failure, Probe, Prober, Target, side_by_side, status};

/// Server to ask about.
struct Server {
    label: String,
    base: Result<Target, Failure>,
    /// Routes of which one must be there; none to ask about the base itself.
    routes: &'static [&'static str],
    is_required: bool,
}

/// Last route that was asked, and the result.
type Answer = Result<(Target, Probe), Failure>;

pub(super) fn check(context: &Context) -> Finding {
    let Some(prober) = context.network() else { return Finding::idle(OFFLINE) };
    let endpoint = match Endpoint::of(context) {
        Ok(endpoint) => endpoint,
        Err(why) => return Finding::idle(why),
    };
    let mut servers = vec![Server {
        label: endpoint.provider.id.clone(),
        base: endpoint.base.clone(),
        // Many servers refuse to be asked for responses, and list their models.
        routes: &["responses", "models"],
        is_required: true,
    }];
    servers.extend(endpoint.optional(context).into_iter().map(|(label, base)| Server {
        label: label.to_owned(),
        base,
        routes: &[],
        is_required: false,
    }));
    let answers = side_by_side(&servers, |server| ask(prober, server));
    let asked = || servers.iter().zip(&answers);
    let mut worst: Option<Finding> = None;
    for finding in asked().map(|(server, answer)| judge(server, answer, &endpoint)) {
        if worst.as_ref().is_none_or(|worst| finding.status > worst.status) {
            worst = Some(finding);
        }
    }
    let finding = worst.unwrap_or_else(|| Finding::idle("there is no server to ask"));
    let mut finding = finding.detail("provider", endpoint.provider()).detail("auth", endpoint.auth());
    for (server, answer) in asked() {
        let label = &server.label;
        let kind = if server.is_required { "required" } else { "optional" };
        finding = finding.detail(format!("{label} ({kind})"), shown(answer));
        if let Ok((_, probe)) = answer {
            finding = finding.detail(format!("{label} addresses"), addresses(probe));
            if let Some(proxy) = &probe.proxy {
                finding = finding.detail(format!("{label} proxy"), proxy);
            }
        }
    }
    finding
}

fn ask(prober: &Prober, server: &Server) -> Answer {
    let base = server.base.clone()?.of_kind(false);
    let mut routes = server.routes.iter().map(|route| base.clone().join(route));
    let mut target = routes.next().unwrap_or_else(|| base.clone());
    let mut probe = prober.get(&target);
    for next in routes {
        if probe.status != Ok(404) {
            break;
        }
        probe = prober.get(&next);
        target = next;
    }
    Ok((target, probe))
}

/// Returns the status of an answer.
fn status_of(answer: &Answer) -> Result<u16, &Failure> {
    answer.as_ref().and_then(|(_, probe)| probe.status.as_ref().copied())
}

fn judge(server: &Server, answer: &Answer, endpoint: &Endpoint) -> Finding {
    let Server { label, is_required, .. } = server;
    let trouble = match status_of(answer) {
        Ok(code @ 500..) => format!("{label} does not work: HTTP status: {}", status::shown(code)),
        Ok(code) => {
            let finding = Finding::ok(format!("{label} answers with {}", status::shown(code)));
            let is_lost = *is_required && code == 404;
            return if is_lost { finding.note(lost(label)) } else { finding };
        }
        Err(failure) if failure.is_untried() => {
            return Finding::idle(format!("{label} was not asked: {failure}"));
        }
        Err(failure) => format!("{label} cannot be reached: {failure}"),
    };
    let remedy = match answer {
        Ok((target, _)) => target.curl(),
        Err(_) if label == LOGIN_LABEL => format!("unset {LOGIN_VARIABLE}"),
        Err(_) => endpoint.remedy.clone(),
    };
    let status = if *is_required { Status::Fail } else { Status::Warning };
    Finding { status, ..Finding::fail(trouble, remedy) }
}

fn shown(answer: &Answer) -> String {
    let place = answer.as_ref().map(|(target, _)| format!("{} · ", target.shown())).unwrap_or_default();
    match status_of(answer) {
        Ok(code) => format!("{place}{}: {}", status::shown(code), status::meaning(code)),
        Err(failure) => format!("{place}{failure}"),
    }
}

/// Returns the remark that a server knows none of the routes.
fn lost(label: &str) -> String {
    format!("{label} answers, and knows neither /responses nor /models: is base_url right, with its /v1?")
}
