//! Time limits of the network's checks.

use std::time::Duration;

/// Time limits of the network's checks.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Finding the addresses of a name. Default: 5 s.
    pub dns: Duration,
    /// Connecting to one of the addresses. Default: 5 s.
    pub connect: Duration,
    /// Agreeing on keys, and checking the certificate. Default: 5 s.
    pub tls: Duration,
    /// Waiting for the answer to a request. Default: 10 s.
    pub answer: Duration,
    /// All of them together, for everything that a run of the checks asks. Default: 15 s.
    pub total: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        let stage = Duration::from_secs(5);
        let (answer, total) = (Duration::from_secs(10), Duration::from_secs(15));
        Self { dns: stage, connect: stage, tls: stage, answer, total }
    }
}
