//! Takes requests of the exporter to the receiver.

use std::time::Duration;

use async_trait::async_trait;
use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};

use crate::http::agent;

/// Longest answer that is read, in bytes. An answer is empty, or says what was rejected.
const LONGEST_ANSWER: u64 = 64 << 10;

/// Blocking client. The exporter has a thread of its own.
#[derive(Debug)]
pub(super) struct Client {
    limit: Duration,
}

impl Client {
    pub(super) fn new(limit: Duration) -> Client {
        Client { limit }
    }
}

#[async_trait]
impl HttpClient for Client {
    async fn send_bytes(&self, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let (parts, body) = request.into_parts();
        let answer = agent(&host, self.limit).run(Request::from_parts(parts, body.to_vec()))?;
        let (parts, mut body) = answer.into_parts();
        let bytes = body.with_config().limit(LONGEST_ANSWER).read_to_vec()?;
        Ok(Response::from_parts(parts, bytes.into()))
    }
}
