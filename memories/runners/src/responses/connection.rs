//! One try: a request, and the body of its answer.

use std::error::Error;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::{
    AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Client, Response, Url};

use super::failure::{Failure, refused};
use super::retry::retry_after;
use super::settings::{ResponsesError, ResponsesSettings};

/// Longest answer, in bytes.
const MAX_BODY: usize = 4 << 20;
/// Time for connecting.
const CONNECT: Duration = Duration::from_secs(15);

/// Connection to a server.
pub(crate) struct Connection {
    client: Client,
    url: Url,
}

impl Connection {
    /// Prepares a connection.
    pub(crate) fn new(settings: &ResponsesSettings) -> Result<Self, ResponsesError> {
        let url = address(&settings.base_url)?;
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, value) in &settings.headers {
            let refused = || ResponsesError::Header { name: name.clone() };
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| refused())?;
            let mut value = HeaderValue::from_str(value.trim()).map_err(|_| refused())?;
            value.set_sensitive(true);
            headers.insert(header, value);
        }
        // The process has one provider of cryptography. Another part may have chosen it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = Client::builder()
            .default_headers(headers)
            .redirect(Policy::none())
            .timeout(settings.timeout)
            .connect_timeout(CONNECT.min(settings.timeout))
            .user_agent(concat!("threadkeep/", env!("CARGO_PKG_VERSION")));
        if is_this_machine(&url) {
            // A proxy would look for the server on its own machine.
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| ResponsesError::Client(Box::new(error)))?;
        Ok(Self { client, url })
    }

    /// Sends a request and returns the body of a success.
    pub(crate) async fn post(
        &self,
        body: Vec<u8>,
        key: Option<&str>,
        now: impl Fn() -> Timestamp,
    ) -> Result<Vec<u8>, Failure> {
        let mut request = self.client.post(self.url.clone()).body(body);
        if let Some(key) = key {
            let value = HeaderValue::from_str(&format!("Bearer {key}"));
            // The error would show the key.
            let mut value = value.map_err(|_| Failure::Unavailable {
                reason: "the key has characters that HTTP does not allow".to_owned(),
            })?;
            value.set_sensitive(true);
            request = request.header(AUTHORIZATION, value);
        }
        let response = request.send().await.map_err(broken)?;
        let status = response.status();
        let headers = response.headers();
        let wait = headers.get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now()));
        let target = headers.get(LOCATION).and_then(|value| self.url.join(value.to_str().ok()?).ok());
        let body = whole(response).await?;
        if status.is_success() {
            return Ok(body);
        }
        if status.is_redirection() {
            let target =
                target.map_or_else(|| "another address".to_owned(), |url| url.origin().ascii_serialization());
            return Err(Failure::Unavailable { reason: format!("the server redirects to {target}") });
        }
        Err(refused(status, &body, wait))
    }
}

/// Returns the address of the API.
fn address(base_url: &str) -> Result<Url, ResponsesError> {
    let refused = |reason: &str| ResponsesError::BaseUrl { reason: reason.to_owned() };
    let mut url = Url::parse(base_url.trim()).map_err(|error| refused(&error.to_string()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused("it does not begin with http:// or https://"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("it contains a user name or a password"));
    }
    let path = url.path().trim_end_matches('/').to_owned();
    if !path.ends_with("/responses") {
        url.set_path(&format!("{path}/responses"));
    }
    Ok(url)
}

fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// Reads a body, up to the longest allowed.
async fn whole(mut response: Response) -> Result<Vec<u8>, Failure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > MAX_BODY {
            let reason = format!("the server's answer is longer than {} MiB", MAX_BODY >> 20);
            return Err(Failure::Permanent { reason });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Returns the failure of a connection that broke, or of a server that took too long.
fn broken(error: reqwest::Error) -> Failure {
    let is_slow = error.is_timeout() && !error.is_connect();
    let error = error.without_url();
    if is_slow {
        return Failure::NoAnswer { reason: "the server did not answer in time".to_owned() };
    }
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Some errors repeat their cause.
        let text = error.to_string();
        if !reason.contains(&text) {
            reason = format!("{reason}: {text}");
        }
        cause = error.source();
    }
    Failure::Again { reason, retry_after: None }
}
