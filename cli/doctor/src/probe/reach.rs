//! Addresses of a name, and a connection to the first that takes one.

use std::io;
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs as _};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use url::Host;

use super::failure::{Failure, Stage};

/// Most addresses that are tried.
const MOST: usize = 6;

/// Finds the addresses of a host. The system's own limit is far longer than ours, so a thread asks.
pub(super) fn addresses(host: &Host<String>, port: u16, limit: Duration) -> Result<Vec<SocketAddr>, Failure> {
    let name = match host {
        Host::Ipv4(address) => return Ok(vec![(*address, port).into()]),
        Host::Ipv6(address) => return Ok(vec![(*address, port).into()]),
        Host::Domain(name) => name.clone(),
    };
    let (sender, receiver) = channel();
    // Its result may come after the limit.
    let asked = name.clone();
    spawn(move || drop(sender.send((asked.as_str(), port).to_socket_addrs().map(Iterator::collect))))?;
    let found: io::Result<Vec<SocketAddr>> =
        receiver.recv_timeout(limit).map_err(|_| Failure::Timeout(Stage::Dns, limit))?;
    let mut found = found.map_err(|error| Failure::Dns(format!("{name}: {}", cause(&error))))?;
    let mut known = Vec::new();
    found.retain(|address| !known.contains(address) && (known.push(*address), true).1);
    if found.is_empty() { Err(Failure::Dns(format!("{name}: no address"))) } else { Ok(found) }
}

/// Connects to all addresses at once, and returns the first connection. A family without a route
/// thus costs no time.
pub(super) fn connect(addresses: &[SocketAddr], limit: Duration) -> Result<TcpStream, Failure> {
    let (sender, receiver) = channel();
    let tried = alternating(addresses);
    for address in &tried {
        let (sender, address) = (sender.clone(), *address);
        spawn(move || drop(sender.send((address, TcpStream::connect_timeout(&address, limit)))))?;
    }
    drop(sender);
    let end = Instant::now() + limit;
    let mut errors = Vec::new();
    loop {
        match receiver.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok((_, Ok(stream))) => return Ok(stream),
            Ok((address, Err(error))) => errors.push((address, error)),
            Err(RecvTimeoutError::Timeout) => return Err(Failure::Timeout(Stage::Connect, limit)),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    // A refusal says more than a family without a route.
    let rank = |error: &io::Error| match error.kind() {
        io::ErrorKind::ConnectionRefused => 0,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => 1,
        _ => 2,
    };
    match errors.iter().min_by_key(|(_, error)| rank(error)) {
        Some((_, error)) if rank(error) == 1 => Err(Failure::Timeout(Stage::Connect, limit)),
        Some((address, error)) => Err(Failure::Connect(refusal(address, error))),
        None => Err(Failure::Connect("there is no address to try".to_owned())),
    }
}

/// Chooses the addresses to try, of both families in turn.
fn alternating(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let (six, four): (Vec<_>, Vec<_>) = addresses.iter().partition(|address| address.is_ipv6());
    let pairs = (0..addresses.len()).flat_map(|n| [six.get(n), four.get(n)]);
    pairs.flatten().copied().take(MOST).collect()
}

fn refusal(address: &SocketAddr, error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => format!("port {} of {} is refused", address.port(), address.ip()),
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
            format!("there is no route to {}", address.ip())
        }
        io::ErrorKind::PermissionDenied => "this machine does not allow it".to_owned(),
        _ => cause(error),
    }
}

/// Returns what the system says, without the standard library's words before it.
fn cause(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.rsplit_once(": ").map_or(text.as_str(), |(_, cause)| cause);
    text.split(" (os error").next().unwrap_or(text).to_lowercase()
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<(), Failure> {
    let thread = thread::Builder::new().spawn(work);
    thread.map(drop).map_err(|_| Failure::Connect("the system has no thread left".to_owned()))
}

/// Counts addresses of IPv4 and IPv6.
pub(super) fn counts(addresses: &[SocketAddr]) -> (usize, usize) {
    let four = addresses.iter().filter(|address| matches!(address.ip(), IpAddr::V4(_))).count();
    (four, addresses.len() - four)
}
