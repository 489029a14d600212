//! Questions to servers: DNS, connection, TLS and HTTP, each with a limit and failures of its own.
//!
//! No credentials are sent: not those of URLs, settings, proxies or the environment. Redirects are
//! not followed. What a server says is never shown, except for its status.

mod failure;
mod http;
mod limits;
mod proxy;
mod reach;
mod side_by_side;
pub(crate) mod status;
mod stream;
mod target;
mod tls;
mod websocket;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use url::Host;

pub(crate) use self::failure::{Failure, Stage};
pub use self::limits::Limits;
pub(crate) use self::proxy::{Proxies, Proxy, VARIABLES, names};
pub(crate) use self::side_by_side::side_by_side;
use self::stream::{Stream, Timed};
pub(crate) use self::target::Target;
use self::tls::Trust;
pub(crate) use self::tls::certificates;
use crate::machine::Machine;

/// Longest answer that [`Prober::fetch`] reads, in bytes.
const LONGEST_BODY: usize = 8 << 20;

/// Asks servers. All questions together end at the total limit after the first.
#[derive(Debug)]
pub(crate) struct Prober {
    limits: Limits,
    proxies: Proxies,
    machine: Machine,
    trust: OnceLock<Result<Trust, Failure>>,
    end: Instant,
}

/// Result of a question.
#[derive(Clone, Debug)]
pub(crate) struct Probe {
    /// Numbers of IPv4 and IPv6 addresses of the host, or of the proxy if there is one.
    pub(crate) addresses: Option<(usize, usize)>,
    /// The proxy that was used.
    pub(crate) proxy: Option<String>,
    /// Status of the answer.
    pub(crate) status: Result<u16, Failure>,
    /// True if a WebSocket was agreed on.
    pub(crate) is_websocket: bool,
}

/// Kind of a question.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Head,
    Get,
    WebSocket,
}

impl Prober {
    pub(crate) fn new(machine: &Machine, limits: Limits) -> Prober {
        let (proxies, machine, trust) = (Proxies::of(machine), machine.clone(), OnceLock::new());
        Prober { limits, proxies, machine, trust, end: Instant::now() + limits.total }
    }

    /// Asks with `GET`, and reads the head of the answer alone.
    pub(crate) fn get(&self, target: &Target) -> Probe {
        self.ask(&target.clone().of_kind(false), Kind::Get).0
    }

    /// Asks with `HEAD`, and with `GET` where the server does not know that.
    pub(crate) fn head_or_get(&self, target: &Target) -> Probe {
        let probe = self.ask(&target.clone().of_kind(false), Kind::Head).0;
        match probe.status {
            Ok(200..=399 | 401 | 403 | 407 | 429) => probe,
            // Some servers close the connection instead of refusing the method.
            Ok(_) | Err(Failure::Http(_)) => self.get(target),
            Err(_) => probe,
        }
    }

    /// Asks with `GET`, and reads the answer.
    pub(crate) fn fetch(&self, target: &Target) -> (Probe, Vec<u8>) {
        let (mut probe, answer) = self.ask(&target.clone().of_kind(false), Kind::Get);
        let Some((mut stream, head)) = answer else { return (probe, Vec::new()) };
        match self.left(self.limits.answer, Stage::Answer).and_then(|limit| {
            stream.within(limit);
            http::body(&mut stream, head, LONGEST_BODY, limit)
        }) {
            Ok(body) => (probe, body),
            Err(failure) => {
                probe.status = Err(failure);
                (probe, Vec::new())
            }
        }
    }

    /// Asks for a WebSocket, and closes it at once.
    pub(crate) fn websocket(&self, target: &Target) -> Probe {
        let (probe, answer) = self.ask(&target.clone().of_kind(true), Kind::WebSocket);
        if let (true, Some((mut stream, _))) = (probe.is_websocket, answer) {
            websocket::close(&mut stream);
        }
        probe
    }

    fn ask(&self, target: &Target, kind: Kind) -> (Probe, Option<(Stream, http::Head)>) {
        let proxy = self.proxies.for_target(target);
        let mut probe =
            Probe { addresses: None, proxy: proxy.map(Proxy::shown), status: Ok(0), is_websocket: false };
        match self.answer(target, kind, proxy, &mut probe) {
            Ok((stream, head)) => {
                probe.status = match (head.status, proxy) {
                    (407, Some(proxy)) => Err(Failure::ProxyLogin(proxy.has_login)),
                    (status, _) => Ok(status),
                };
                (probe, Some((stream, head)))
            }
            Err(failure) => (Probe { status: Err(failure), ..probe }, None),
        }
    }

    fn answer(
        &self,
        target: &Target,
        kind: Kind,
        proxy: Option<&Proxy>,
        probe: &mut Probe,
    ) -> Result<(Stream, http::Head), Failure> {
        // A proxy takes plain requests itself, and tunnels everything else.
        let is_tunnel = proxy.is_some() && (target.is_secure() || kind == Kind::WebSocket);
        let mut tcp = match proxy {
            Some(Proxy { untried: Some(scheme), .. }) => return Err(Failure::ProxyScheme(scheme)),
            Some(proxy) => self.connect(&proxy.host, proxy.port, probe).map_err(Failure::of_proxy)?,
            None => self.connect(&target.host(), target.port(), probe)?,
        };
        if let Some(proxy) = proxy.filter(|_| is_tunnel) {
            self.tunnel(&mut tcp, target, proxy)?;
        }
        let mut stream = if target.is_secure() {
            let limit = self.left(self.limits.tls, Stage::Tls)?;
            let trust = self.trust.get_or_init(|| Trust::of(&self.machine)).as_ref().map_err(Clone::clone)?;
            Stream::Tls(Box::new(trust.handshake(&target.host(), tcp, limit)?))
        } else {
            Stream::Plain(tcp)
        };
        let limit = self.left(self.limits.answer, Stage::Answer)?;
        stream.within(limit);
        let key = (kind == Kind::WebSocket).then(websocket::Key::new);
        let request = request(target, kind, proxy.is_some() && !is_tunnel, key.as_ref());
        let head = http::ask(&mut stream, &request, limit)?;
        probe.is_websocket = key.is_some_and(|key| key.is_accepted(&head));
        Ok((stream, head))
    }

    fn connect(&self, host: &Host<String>, port: u16, probe: &mut Probe) -> Result<Timed, Failure> {
        let addresses = reach::addresses(host, port, self.left(self.limits.dns, Stage::Dns)?)?;
        probe.addresses = Some(reach::counts(&addresses));
        let limit = self.left(self.limits.connect, Stage::Connect)?;
        Ok(Timed::new(reach::connect(&addresses, limit)?, limit))
    }

    /// Asks a proxy for a connection to the target.
    fn tunnel(&self, tcp: &mut Timed, target: &Target, proxy: &Proxy) -> Result<(), Failure> {
        let limit = self.left(self.limits.answer, Stage::Answer)?;
        tcp.within(limit);
        let to = format!("{}:{}", target.host(), target.port());
        let head = http::ask(tcp, &format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n\r\n"), limit);
        match head.map_err(Failure::of_proxy)?.status {
            200..=299 => Ok(()),
            407 => Err(Failure::ProxyLogin(proxy.has_login)),
            status => Err(Failure::ProxyStatus(status)),
        }
    }

    /// Returns the time that a stage has.
    fn left(&self, limit: Duration, stage: Stage) -> Result<Duration, Failure> {
        let left = limit.min(self.end.saturating_duration_since(Instant::now()));
        if left.is_zero() { Err(Failure::Timeout(stage, self.limits.total)) } else { Ok(left) }
    }
}

/// Renders the head of a request.
fn request(target: &Target, kind: Kind, to_proxy: bool, key: Option<&websocket::Key>) -> String {
    let method = if kind == Kind::Head { "HEAD" } else { "GET" };
    let (authority, path) = (target.authority(), target.path());
    let place = if to_proxy { format!("http://{authority}{path}") } else { path.to_owned() };
    let agent = crate::build::VERSION;
    let connection = key.map_or_else(|| "Connection: close\r\n".to_owned(), websocket::Key::headers);
    format!(
        "{method} {place} HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: threadkeep/{agent}\r\nAccept: */*\r\n{connection}\r\n"
    )
}

#[cfg(test)]
#[path = "../../tests/unit/probe.rs"]
mod tests;
