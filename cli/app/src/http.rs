//! HTTP for what leaves the machine: blocking, with one time limit for all steps of a request.

use std::sync::Arc;
use std::time::Duration;

use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

/// Makes a client for one host. Redirects are not followed, and every status is an answer.
///
/// The limit covers a request from looking up the name to the last byte of the answer. A proxy of
/// the environment is used, other than for this machine itself.
pub(crate) fn agent(host: &str, limit: Duration) -> Agent {
    let tls = TlsConfig::builder()
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .build();
    let config = Agent::config_builder()
        .timeout_global(Some(limit))
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(concat!("threadkeep/", env!("CARGO_PKG_VERSION")))
        .tls_config(tls);
    let config = if is_loopback(host) { config.proxy(None) } else { config };
    config.build().new_agent()
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}
