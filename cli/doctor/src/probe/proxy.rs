//! Proxies of the environment, chosen as HTTP clients choose them.

use std::net::IpAddr;

use url::{Host, Url};

use super::target::Target;
use crate::machine::Machine;

/// Variables that name a proxy, and the scheme of the requests that use it; none for all.
pub(crate) const VARIABLES: [(&str, Option<bool>); 6] = [
    ("HTTPS_PROXY", Some(true)),
    ("https_proxy", Some(true)),
    ("HTTP_PROXY", Some(false)),
    ("http_proxy", Some(false)),
    ("ALL_PROXY", None),
    ("all_proxy", None),
];

/// A proxy: where it is, and nothing that is secret in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Proxy {
    pub(super) host: Host<String>,
    pub(super) port: u16,
    /// Its protocol, if that is not tried.
    pub(super) untried: Option<&'static str>,
    /// Its variable has a login.
    pub(crate) has_login: bool,
}

impl Proxy {
    /// Reads the value of a variable; nothing if it cannot be used.
    pub(crate) fn parse(value: &str) -> Option<Proxy> {
        let value = value.trim();
        let url =
            if value.contains("://") { Url::parse(value) } else { Url::parse(&format!("http://{value}")) };
        let url = url.ok()?;
        let (untried, port) = match url.scheme() {
            "http" => (None, 80),
            "https" => (Some("a proxy with TLS"), 443),
            "socks4" | "socks4a" => (Some("SOCKS 4"), 1080),
            "socks5" | "socks5h" | "socks" => (Some("SOCKS 5"), 1080),
            _ => return None,
        };
        // The host of a scheme that the parser does not know is a plain text.
        let host = match url.host()? {
            Host::Domain(name) => Host::parse(name).ok()?,
            other => other.to_owned(),
        };
        let has_login = !url.username().is_empty() || url.password().is_some();
        Some(Proxy { host, port: url.port().unwrap_or(port), untried, has_login })
    }

    /// Returns it as a person may see it.
    pub(crate) fn shown(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

/// Proxies of the environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Proxies {
    plain: Option<Proxy>,
    secure: Option<Proxy>,
    except: Vec<String>,
}

impl Proxies {
    pub(crate) fn of(machine: &Machine) -> Proxies {
        let first = |secure: bool| {
            let mut found = VARIABLES.iter().filter(|(_, only)| only.is_none_or(|only| only == secure));
            found.find_map(|(name, _)| machine.variable(name)).and_then(|value| Proxy::parse(&value))
        };
        let except = ["NO_PROXY", "no_proxy"].into_iter().find_map(|name| machine.variable(name));
        Proxies { plain: first(false), secure: first(true), except: names(&except.unwrap_or_default()) }
    }

    /// Returns the proxy through which a target is asked.
    pub(crate) fn for_target(&self, target: &Target) -> Option<&Proxy> {
        let proxy = if target.is_secure() { &self.secure } else { &self.plain };
        proxy.as_ref().filter(|_| !self.except.iter().any(|entry| excludes(entry, &target.host())))
    }
}

/// Splits a list such as `NO_PROXY`.
pub(crate) fn names(list: &str) -> Vec<String> {
    list.split(',').map(|name| name.trim().to_ascii_lowercase()).filter(|name| !name.is_empty()).collect()
}

/// Returns true if an entry of `NO_PROXY` means a host.
fn excludes(entry: &str, host: &Host<String>) -> bool {
    let address: Option<IpAddr> = match host {
        Host::Ipv4(address) => Some((*address).into()),
        Host::Ipv6(address) => Some((*address).into()),
        Host::Domain(_) => None,
    };
    match (entry, address, host) {
        ("*", ..) => true,
        (entry, Some(address), _) => match entry.split_once('/') {
            Some((net, bits)) => {
                net.parse().is_ok_and(|net| bits.parse().is_ok_and(|bits| lies_in(address, net, bits)))
            }
            None => entry.trim_matches(['[', ']']).parse() == Ok(address),
        },
        (entry, None, Host::Domain(name)) => {
            let entry = entry.trim_start_matches("*.").trim_start_matches('.');
            name.strip_suffix(entry).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        }
        _ => false,
    }
}

/// Returns true if the first bits of two addresses agree.
fn lies_in(address: IpAddr, net: IpAddr, bits: u32) -> bool {
    let (address, net, width) = match (address, net) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
        _ => return false,
    };
    bits <= width && (address ^ net).checked_shr(width - bits).unwrap_or(0) == 0
}

#[cfg(test)]
#[path = "../../tests/unit/proxy.rs"]
mod tests;
