//! Reasons why there is no answer. No word of a server is in them.

use std::fmt;
use std::io;
use std::time::Duration;

/// Step of a question to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Dns,
    Connect,
    Tls,
    Answer,
}

/// Reason why a server gave no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The URL cannot be used.
    Url(&'static str),
    /// The name has no address.
    Dns(String),
    /// No address takes a connection.
    Connect(String),
    /// There is no trusted encrypted connection.
    Tls(String),
    /// A step took too long.
    Timeout(Stage, Duration),
    /// The server's answer is none.
    Http(&'static str),
    /// The proxy failed.
    Proxy(Box<Failure>),
    /// The proxy refused to pass the question on.
    ProxyStatus(u16),
    /// The proxy asks for a login; true if its variable has one, which is never sent.
    ProxyLogin(bool),
    /// The proxy speaks a protocol that is not tried.
    ProxyScheme(&'static str),
}

impl Failure {
    /// Returns one word for the kind of failure.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Self::Url(_) => "URL",
            Self::Dns(_) => "DNS",
            Self::Connect(_) => "connect",
            Self::Tls(_) => "TLS",
            Self::Timeout(..) => "timeout",
            Self::Http(_) => "HTTP",
            Self::Proxy(_) | Self::ProxyStatus(_) | Self::ProxyLogin(_) | Self::ProxyScheme(_) => "proxy",
        }
    }

    /// Returns true if the question was not asked, so that nothing is known about the server.
    pub(crate) fn is_untried(&self) -> bool {
        matches!(self, Self::ProxyLogin(true) | Self::ProxyScheme(_))
    }

    /// Says that it happened to the proxy.
    pub(super) fn of_proxy(self) -> Failure {
        Self::Proxy(Box::new(self))
    }

    /// Converts an error of a stream during a stage.
    pub(super) fn of_stream(error: &io::Error, stage: Stage, limit: Duration) -> Failure {
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Self::Timeout(stage, limit),
            _ if stage == Stage::Tls => {
                Self::Tls("the connection was closed during the handshake".to_owned())
            }
            _ => Self::Http("the connection was closed without an answer"),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.word())?;
        match self {
            Self::Url(cause) | Self::Http(cause) => f.write_str(cause),
            Self::Dns(cause) | Self::Connect(cause) | Self::Tls(cause) => f.write_str(cause),
            Self::Timeout(stage, limit) => {
                let what = match stage {
                    Stage::Dns => "no address",
                    Stage::Connect => "no connection",
                    Stage::Tls => "connected, but no TLS handshake",
                    Stage::Answer => "connected, but no answer",
                };
                write!(f, "{what} within {} s", limit.as_secs_f32())
            }
            Self::Proxy(inner) => inner.fmt(f),
            Self::ProxyStatus(status) => write!(f, "it refuses with {}", super::status::shown(*status)),
            Self::ProxyLogin(true) => {
                f.write_str("it answers, and asks for its login, which the doctor never sends")
            }
            Self::ProxyLogin(false) => f.write_str("it asks for a login, and its variable has none"),
            Self::ProxyScheme(scheme) => write!(f, "{scheme} is not tried"),
        }
    }
}
