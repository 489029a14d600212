//! Sends a bundle to a Sentry project: one envelope with an event, its tags and attachments.
//!
//! The client library of Sentry reports an envelope as sent whatever the server answers. So only
//! its types are used, and the server's own status decides.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use sentry_types::protocol::v7::{Attachment, Envelope, EnvelopeHeaders, EnvelopeItem, Event, Level};
use sentry_types::{Dsn, random_uuid};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::bundle::{Bundle, Entry};
use crate::fault::Fault;
use crate::http::agent;

/// Name and version of this client.
const CLIENT: &str = concat!("threadkeep/", env!("CARGO_PKG_VERSION"));

/// Longest value of a tag. The server drops longer ones.
const TAG_LENGTH: usize = 200;

/// A Sentry project.
#[derive(Clone, Debug)]
pub struct Destination(Dsn);

/// Answer of a server that has accepted a bundle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// HTTP status.
    pub status: u16,
    /// Id of the event, by which supporters find it.
    pub event_id: Uuid,
    /// Host of the server.
    pub host: String,
}

impl Destination {
    /// Reads the setting `feedback.sentry_dsn`.
    ///
    /// # Errors
    ///
    /// Fails if the setting is empty or no DSN.
    pub fn parse(dsn: &str) -> Result<Destination, Fault> {
        if dsn.is_empty() {
            let hint =
                "write `sentry_dsn = \"https://KEY@HOST/PROJECT\"` in the section [feedback] of the settings";
            return Err(Fault::new("there is no server to upload to", hint));
        }
        // The library's message may repeat the key.
        dsn.parse().map(Destination).map_err(|_| {
            let hint = "a DSN is like https://KEY@HOST/PROJECT, with a number for the project";
            Fault::new("`feedback.sentry_dsn` in the settings is not a DSN", hint)
        })
    }

    /// Returns the server's host.
    #[must_use]
    pub fn host(&self) -> &str {
        self.0.host()
    }

    /// Sends a bundle, within a time limit. Blocks.
    ///
    /// # Errors
    ///
    /// Fails unless the server answers with a 2xx status within the limit.
    pub fn send(&self, bundle: &Bundle, limit: Duration) -> Result<Sent, Fault> {
        let event_id = random_uuid();
        let mut body = Vec::new();
        envelope(event_id, bundle).to_writer(&mut body)?;
        let host = self.host().to_owned();
        let request = agent(&host, limit)
            .post(self.0.envelope_api_url().as_str())
            .header("Content-Type", "application/x-sentry-envelope")
            .header("X-Sentry-Auth", self.0.to_auth(Some(CLIENT)).to_string());
        let status = match request.send(&body) {
            Ok(answer) => answer.status(),
            Err(error) => return Err(unreachable(&host, &error, limit)),
        };
        if status.is_success() {
            return Ok(Sent { status: status.as_u16(), event_id, host });
        }
        let words = status.canonical_reason().map(|words| format!(" {words}")).unwrap_or_default();
        let hint = match status.as_u16() {
            401 | 403 | 404 => "compare `feedback.sentry_dsn` in the settings with the project's",
            413 => "leave out --include-logs",
            429 => "the server limits reports: try again later",
            500.. => "the server has trouble: try again later",
            _ => "attach the file to a report yourself",
        };
        Err(Fault::new(format!("{host} did not accept the bundle: HTTP {}{words}", status.as_u16()), hint))
    }
}

/// Makes the envelope. The event has nothing but the tags: no host name, no path, no user.
fn envelope(event_id: Uuid, bundle: &Bundle) -> Envelope {
    let status = bundle.tags.get("overall_status").and_then(Value::as_str).unwrap_or("unknown");
    let event = Event {
        event_id,
        level: Level::Info,
        message: Some(format!("threadkeep feedback ({status})")),
        logger: Some("threadkeep.feedback".to_owned()),
        release: Some(format!("threadkeep@{}", env!("CARGO_PKG_VERSION")).into()),
        platform: "other".into(),
        tags: tags(&bundle.tags),
        ..Event::default()
    };
    let headers = EnvelopeHeaders::new().with_event_id(event_id).with_sent_at(SystemTime::now());
    let mut envelope = Envelope::new().with_headers(headers);
    envelope.add_item(EnvelopeItem::Event(Box::new(event)));
    for entry in &bundle.entries {
        envelope.add_item(EnvelopeItem::Attachment(attachment(entry)));
    }
    envelope
}

fn attachment(entry: &Entry) -> Attachment {
    let is_json = entry.name.ends_with(".json");
    Attachment {
        buffer: entry.bytes.clone(),
        filename: entry.name.to_owned(),
        content_type: Some(if is_json { "application/json" } else { "application/jsonl" }.to_owned()),
        ty: None,
    }
}

/// Converts the tags to texts. A list that is too long loses its last words.
fn tags(tags: &Map<String, Value>) -> BTreeMap<String, String> {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Array(values) => {
            let mut text = String::new();
            for value in values.iter().filter_map(Value::as_str) {
                let separator = if text.is_empty() { "" } else { "," };
                if text.len() + separator.len() + value.len() > TAG_LENGTH {
                    break;
                }
                text.extend([separator, value]);
            }
            text
        }
        other => other.to_string(),
    };
    // The server refuses empty values.
    let tags = tags.iter().map(|(name, value)| (name.clone(), text(value)));
    tags.filter(|(_, value)| !value.is_empty()).collect()
}

fn unreachable(host: &str, error: &ureq::Error, limit: Duration) -> Fault {
    let why = match error {
        ureq::Error::Timeout(_) => format!("{host} did not answer within {} s", limit.as_secs_f32()),
        ureq::Error::HostNotFound => format!("{host} was not found"),
        other => format!("cannot reach {host}: {other}"),
    };
    Fault::new(why, "try again later, or attach the file to a report yourself")
}
