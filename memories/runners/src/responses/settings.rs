//! Settings of a client.

use std::fmt;
use std::time::Duration;

use thiserror::Error;
use threadkeep_memories::BoxError;

/// Settings of a client of a Responses API.
#[derive(Clone)]
#[non_exhaustive]
pub struct ResponsesSettings {
    /// Address of the API, such as `https://api.openai.com/v1`. A query is kept.
    pub base_url: String,
    /// Name of the model.
    pub model: String,
    /// Environment variable with the key, which is read at each request. `None` sends no key.
    pub key_variable: Option<String>,
    /// Further headers: name and value.
    pub headers: Vec<(String, String)>,
    /// Time that one try may take, its answer included. 2 minutes by default.
    pub timeout: Duration,
    /// Most tries of one request. 4 by default.
    pub tries: u32,
    /// Effort of reasoning models, in the server's words. `None` leaves it to the server.
    pub effort: Option<String>,
}

impl ResponsesSettings {
    /// Makes settings with the defaults, without a key.
    #[must_use]
    pub fn new(base_url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            model: model.into(),
            key_variable: None,
            headers: Vec::new(),
            timeout: Duration::from_secs(120),
            tries: 4,
            effort: None,
        }
    }
}

impl fmt::Debug for ResponsesSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A header may have a secret.
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("ResponsesSettings")
            .field("base_url", &self.base_url)
            .field("model", &self.model)
            .field("key_variable", &self.key_variable)
            .field("headers", &headers)
            .field("timeout", &self.timeout)
            .field("tries", &self.tries)
            .field("effort", &self.effort)
            .finish()
    }
}

/// Settings of which no client can be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResponsesError {
    /// The address is not one of HTTP, or contains a password.
    #[error("cannot use the model's base URL: {reason}")]
    BaseUrl {
        /// The reason.
        reason: String,
    },
    /// A header has a name or a value that HTTP does not allow.
    #[error("cannot send the header {name:?} to the model: its name or value is not allowed in HTTP")]
    Header {
        /// The name.
        name: String,
    },
    /// The HTTP client cannot be set up.
    #[error("cannot set up the HTTP client of the model")]
    Client(#[source] BoxError),
}
