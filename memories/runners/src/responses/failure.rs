//! Tries that gave no answer, and the words that servers have for them.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::Value;

/// Most characters of a server's words in an error.
const MAX_SHOWN: usize = 300;

/// A try that gave no answer. Reasons may have secrets.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Another try may succeed soon, of this thread or any other.
    Again {
        reason: String,
        /// Wait that the server asked for.
        retry_after: Option<Duration>,
    },
    /// Another try may succeed, but not soon: the user has to do something first.
    Unavailable { reason: String },
    /// The answer is none, or came too late. Another try may give another answer.
    NoAnswer { reason: String },
    /// The server does not know the format of the request.
    Format { reason: String },
    /// Another try would fail alike.
    Permanent { reason: String },
}

/// Returns the failure that a status stands for.
pub(crate) fn refused(status: StatusCode, body: &[u8], retry_after: Option<Duration>) -> Failure {
    let text = String::from_utf8_lossy(body);
    let message =
        serde_json::from_slice::<Value>(body).ok().and_then(|body| message(&body)).unwrap_or_default();
    let reason =
        if message.is_empty() { format!("status {status}") } else { format!("status {status}: {message}") };
    let has = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
    match status.as_u16() {
        401..=404 | 407 => Failure::Unavailable { reason },
        429 if has(&["insufficient_quota"]) => Failure::Unavailable { reason },
        408 | 425 | 429 | 500.. => Failure::Again { reason, retry_after },
        400 | 422
            if has(&[
                "text.format",
                "json_schema",
                "response_format",
                "structured",
                "strict",
                "\"text\"",
            ]) =>
        {
            Failure::Format { reason }
        }
        _ => Failure::Permanent { reason },
    }
}

/// Finds the message in the body of an error, which servers put into different places.
fn message(body: &Value) -> Option<String> {
    let error = body.get("error").unwrap_or(body);
    let message = error.get("message").or_else(|| error.get("detail")).unwrap_or(error);
    Some(shown(message.as_str()?))
}

/// Cuts a server's words for an error, and keeps them on one line.
pub(crate) fn shown(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty()).collect();
    let text = words.join(" ");
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}
