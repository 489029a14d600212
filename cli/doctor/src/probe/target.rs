//! Address of a question: a URL without credentials, query and fragment.

use url::{Host, Url};

use super::failure::Failure;

/// URL to ask. What could be a secret in it is neither sent nor shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target(Url);

impl Target {
    /// Reads a URL of `http`, `https`, `ws` or `wss`.
    ///
    /// # Errors
    ///
    /// [`Failure::Url`].
    pub(crate) fn parse(text: &str) -> Result<Target, Failure> {
        let mut url = Url::parse(text.trim()).map_err(|_| Failure::Url("it is no absolute URL"))?;
        if !matches!(url.scheme(), "http" | "https" | "ws" | "wss") {
            return Err(Failure::Url("its scheme is none of http, https, ws and wss"));
        }
        url.set_query(None);
        url.set_fragment(None);
        // A URL with a host takes both.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok(Target(url))
    }

    /// Appends a segment to the path.
    pub(crate) fn join(mut self, segment: &str) -> Target {
        if let Ok(mut path) = self.0.path_segments_mut() {
            path.pop_if_empty().push(segment);
        }
        self
    }

    /// Returns the same place for requests, or for a WebSocket.
    pub(crate) fn of_kind(mut self, is_websocket: bool) -> Target {
        let scheme = match (is_websocket, self.is_secure()) {
            (false, false) => "http",
            (false, true) => "https",
            (true, false) => "ws",
            (true, true) => "wss",
        };
        // All four are alike to the parser.
        let _ = self.0.set_scheme(scheme);
        self
    }

    pub(crate) fn is_secure(&self) -> bool {
        matches!(self.0.scheme(), "https" | "wss")
    }

    pub(crate) fn host(&self) -> Host<String> {
        self.0.host().map_or_else(|| Host::Domain(String::new()), |host| host.to_owned())
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(80)
    }

    /// Returns host and port as the header `Host` has them.
    pub(super) fn authority(&self) -> String {
        self.0.port().map_or_else(|| self.host().to_string(), |port| format!("{}:{port}", self.host()))
    }

    pub(super) fn path(&self) -> &str {
        self.0.path()
    }

    /// Returns the URL as a person may see it: with the first segment of its path.
    pub(crate) fn shown(&self) -> String {
        let is_whole = self.short().strip_suffix(self.path().trim_end_matches('/')).is_some();
        let short = self.short();
        if is_whole { short } else { format!("{}/…", short.trim_end_matches('/')) }
    }

    /// Returns a command that asks the same server, and prints the status of its answer.
    pub(crate) fn curl(&self) -> String {
        let url = self.clone().of_kind(false).short();
        format!("curl -sS -o /dev/null -w '%{{http_code}}\\n' '{url}'")
    }

    /// Returns scheme, host and the first segment of the path, if that is a plain word.
    fn short(&self) -> String {
        let first = self.0.path_segments().and_then(|mut segments| segments.next()).unwrap_or("");
        let is_plain = first.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        format!("{}://{}/{}", self.0.scheme(), self.authority(), if is_plain { first } else { "" })
    }
}

#[cfg(test)]
#[path = "../../tests/unit/target.rs"]
mod tests;
