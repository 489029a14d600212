//! Servers that a payload may be for.

use crate::PayloadError;

/// Servers that a payload may be for. None by default, so that nothing is signed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedTargets {
    /// Origins, such as `https://example.com`; compared as they are written.
    pub origins: Vec<String>,
    /// Paths, such as `/remote/connect`; compared as they are written.
    pub paths: Vec<String>,
    /// True to allow this machine at any port, also without https. For development.
    pub loopback: bool,
}

impl AllowedTargets {
    /// Checks where a payload is going.
    pub(crate) fn check(&self, origin: &str, path: &str) -> Result<(), PayloadError> {
        let is_loopback = self.loopback && is_loopback(origin);
        if !is_loopback && !origin.starts_with("https://") {
            return Err(PayloadError::NotHttps { origin: origin.to_owned() });
        }
        if !is_loopback && !self.origins.iter().any(|allowed| allowed == origin) {
            return Err(PayloadError::OriginNotAllowed { origin: origin.to_owned() });
        }
        if !self.paths.iter().any(|allowed| allowed == path) {
            return Err(PayloadError::PathNotAllowed { path: path.to_owned() });
        }
        Ok(())
    }
}

/// Returns true for an origin on this machine.
fn is_loopback(origin: &str) -> bool {
    let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    host.is_some_and(|host| {
        ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| match host.strip_prefix(name) {
            Some("") => true,
            Some(port) => {
                let digits = port.strip_prefix(':').filter(|port| port.bytes().all(|c| c.is_ascii_digit()));
                digits.is_some_and(|port| port.parse::<u16>().is_ok())
            }
            None => false,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_is_loopback() {
        for origin in ["http://localhost", "http://127.0.0.1:8080", "https://[::1]:1"] {
            assert!(is_loopback(origin), "{origin}");
        }
        for origin in [
            "http://localhost.example.com",
            "http://127.0.0.1@example.com",
            "http://127.0.0.1:80@example.com",
            "http://localhost:",
            "http://localhost:+80",
            "http://localhost:80/",
            "http://localhost:99999",
            "ftp://localhost",
            "localhost",
        ] {
            assert!(!is_loopback(origin), "{origin}");
        }
    }
}
