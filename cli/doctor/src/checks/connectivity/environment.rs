//! `network.env`: proxies and certificates that the environment names.

use std::path::Path;

use threadkeep_app::text::counted;
use threadkeep_rollout::untouched;

use crate::check::Finding;
use crate::context::Context;
use crate::probe::{self, Proxy};

/// Variables with a file of certificates, and true if the agent cannot do without it.
const FILES: [(&str, bool); 3] =
    [("CODEX_CA_CERTIFICATE", true), ("SSL_CERT_FILE", true), ("NODE_EXTRA_CA_CERTS", false)];

pub(super) fn check(context: &Context) -> Finding {
    let (mut found, mut worst): (Vec<(&str, String)>, Option<Finding>) = (Vec::new(), None);
    let mut add = |trouble: Finding| {
        if worst.as_ref().is_none_or(|worst| trouble.status > worst.status) {
            worst = Some(trouble);
        }
    };
    let proxies = proxies(context, &mut add);
    for (name, is_needed) in FILES {
        // The agent reads one of the two.
        let is_used = name != "SSL_CERT_FILE" || context.machine.path("CODEX_CA_CERTIFICATE").is_none();
        if let Some(path) = context.machine.path(name) {
            let contents = certificates(&path);
            if let Err(cause) = &contents {
                let summary = format!("{name} names a file without use: {cause}");
                let remedy = format!("unset {name}");
                let is_fatal = is_needed && is_used;
                add(if is_fatal {
                    Finding::fail(summary, remedy)
                } else {
                    Finding::warning(summary, remedy)
                });
            }
            found.push((name, described(&path, contents)));
        }
    }
    let folders = context.machine.paths("SSL_CERT_DIR");
    for folder in &folders {
        let contents = untouched::entries(folder).map_err(|error| threadkeep_app::messages::of_io(&error));
        if let Err(cause) = &contents {
            add(Finding::warning(
                format!("SSL_CERT_DIR names a folder without use: {cause}"),
                "unset SSL_CERT_DIR",
            ));
        }
        found.push((
            "SSL_CERT_DIR",
            described(folder, contents.map(|entries| counted(entries.len() as u64, "file"))),
        ));
    }
    let summary = match (proxies.is_empty(), found.is_empty()) {
        (true, true) => "no proxy and no certificates of your own",
        (false, true) => "a proxy is set",
        (true, false) => "certificates of your own are set",
        (false, false) => "a proxy and certificates of your own are set",
    };
    let except = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| context.machine.variable(name));
    let except = probe::names(&except.unwrap_or_default());
    let mut finding = Finding::ok(summary).list("proxy variables", proxies);
    if !except.is_empty() {
        finding = finding.list("without proxy", except.into_iter().map(plain).collect());
    }
    for (name, value) in found {
        finding = finding.detail(name, value);
    }
    finding.or_worse(worst)
}

/// Describes the variables that name a proxy.
fn proxies(context: &Context, add: &mut impl FnMut(Finding)) -> Vec<String> {
    let set = probe::VARIABLES.iter().filter_map(|(name, _)| Some((*name, context.machine.variable(name)?)));
    let described = set.map(|(name, value)| match Proxy::parse(&value) {
        Some(proxy) => {
            let login = if proxy.has_login { ", with a login" } else { "" };
            format!("{name}: {}{login}", proxy.shown())
        }
        None => {
            add(Finding::warning(format!("{name} is no URL of a proxy"), format!("unset {name}")));
            format!("{name}: no URL of a proxy")
        }
    });
    described.collect()
}

/// Counts the certificates of a file, or says why there are none.
fn certificates(path: &Path) -> Result<String, String> {
    let found = probe::certificates(path).map_err(|error| threadkeep_app::messages::of_io(&error))?;
    match found.len() {
        0 => Err("there is no certificate in PEM format in it".to_owned()),
        number => Ok(counted(number as u64, "certificate")),
    }
}

fn described(path: &Path, contents: Result<String, String>) -> String {
    format!("{} ({})", path.display(), contents.unwrap_or_else(|cause| cause))
}

/// Returns a name of the list if it looks like a host.
fn plain(name: String) -> String {
    let is_plain = name.chars().all(|c| c.is_alphanumeric() || "-._:*/[]".contains(c));
    if is_plain { name } else { "(no name of a host)".to_owned() }
}
