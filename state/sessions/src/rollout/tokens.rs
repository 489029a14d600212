//! Tokens in lines that were written before.

use std::collections::HashMap;

use serde_json::Value;

use super::payload::UsageValue;
use crate::session::{Request, Session};

/// Returns the tokens of a request as a line has them.
pub(crate) fn usage_of(request: &Request) -> Option<Value> {
    serde_json::to_value(UsageValue(request.tokens.into())).ok()
}

/// Returns the lines of a rollout with the tokens that a session's requests have now. Some agents
/// say one number for all requests, which grows.
pub(crate) fn with_tokens_of(session: &Session, rollout: &[u8]) -> Vec<u8> {
    let requests = session.requests.iter().map(|request| (request.id.as_str(), request)).collect();
    let mut lines = Vec::with_capacity(rollout.len());
    for line in rollout.split_inclusive(|&byte| byte == b'\n') {
        match changed(line, &requests) {
            Some(changed) => {
                lines.extend(changed);
                lines.push(b'\n');
            }
            None => lines.extend(line),
        }
    }
    lines
}

/// Returns a line with the tokens that its request has now; `None` if it has these, or none at all.
fn changed(line: &[u8], requests: &HashMap<&str, &Request>) -> Option<Vec<u8>> {
    if !str::from_utf8(line).is_ok_and(|line| line.contains("\"response_id\":")) {
        return None;
    }
    let mut line: Value = serde_json::from_slice(line).ok()?;
    let payload = line.get_mut("payload")?;
    let request = requests.get(payload.get("response_id")?.as_str()?)?;
    let usage = usage_of(request)?;
    let old = payload.get_mut("usage").filter(|old| **old != usage)?;
    *old = usage;
    serde_json::to_vec(&line).ok()
}
