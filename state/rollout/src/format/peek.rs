//! Looks into payloads of the usual shape without parsing them.
//!
//! This is an optimisation, like [`head`](super::head): a payload of another shape is parsed.

use memchr::memchr2;

use super::user_message;
use crate::json;

/// First look at a `response_item`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard {
    /// It is no message of the user's.
    Nothing,
    /// It is a message of the user's that begins with words.
    Words,
    /// Only parsing decides.
    Unknown,
}

/// Looks for a message of the user's, or another agent's, in a `response_item`.
pub(crate) fn heard(payload: &[u8]) -> Heard {
    match payload.strip_prefix(b"{\"type\":\"").and_then(word) {
        Some((b"message", _)) => {}
        // The task of a sub-agent.
        Some((b"agent_message", _)) | None => return Heard::Unknown,
        Some(_) => return Heard::Nothing,
    }
    match after_texts(payload, b"role").and_then(|role| word(role.strip_prefix(b"\"")?)) {
        Some((b"user", _)) => {}
        Some(_) => return Heard::Nothing,
        None => return Heard::Unknown,
    }
    let content = first_nested(payload, b"\"content\"");
    let text = content.and_then(|content| content.strip_prefix(b"[{\"type\":\"input_text\",\"text\":\""));
    match text {
        Some(text) if user_message::is_injected(text) => Heard::Nothing,
        // What an editor or the agent adds begins with one of these.
        Some([first, ..]) if !b"<#\\\" ".contains(first) => Heard::Words,
        _ => Heard::Unknown,
    }
}

/// Returns true if a `response_item` may be a call of this tool.
pub(crate) fn calls(payload: &[u8], tool: &str) -> bool {
    if !payload.starts_with(b"{\"type\":\"function_call\",") {
        return false;
    }
    let name = after_texts(payload, b"name").and_then(|name| word(name.strip_prefix(b"\"")?));
    name.is_none_or(|(name, _)| name == tool.as_bytes())
}

/// Returns true if a `response_item` may be a tool's call or its answer.
pub(crate) fn may_be_call(payload: &[u8]) -> bool {
    let item_type = payload.strip_prefix(b"{\"type\":\"").and_then(word);
    item_type.is_none_or(|(item_type, _)| !matches!(item_type, b"message" | b"reasoning"))
}

/// Returns the type of the item of an `item_completed`.
pub(crate) fn item_type(payload: &[u8]) -> Option<&[u8]> {
    let item = first_nested(payload, b"\"item\"")?;
    Some(word(item.strip_prefix(b"{\"type\":\"")?)?.0)
}

/// Returns true if an `item_completed` may be of use to metadata: what changes turns and agents,
/// and a user's message if `user_matters`.
#[inline]
pub(crate) fn item_matters(payload: &[u8], user_matters: impl FnOnce() -> bool) -> bool {
    let Some(item) = first_nested(payload, b"\"item\"") else { return true };
    match item.strip_prefix(b"{\"type\":\"").and_then(word) {
        Some((b"UserMessage", _)) => user_matters(),
        Some((b"CollabAgentToolCall", _)) => {
            let tool = after_texts(item, b"tool").and_then(|tool| word(tool.strip_prefix(b"\"")?));
            tool.is_none_or(|(tool, _)| matches!(tool, b"close_agent" | b"resume_agent"))
        }
        Some((item_type, _)) => item_type == b"EnteredReviewMode",
        None => true,
    }
}

/// Returns true if a `thread_settings_applied` has a model first: such settings are complete.
pub(crate) fn has_complete_settings(payload: &[u8]) -> bool {
    let model = first_nested(payload, b"\"thread_settings\"")
        .and_then(|settings| word(settings.strip_prefix(b"{\"model\":\"")?));
    model.is_some_and(|(model, _)| !model.is_empty())
}

/// Returns a payload of settings without the texts at its beginning that say which turn of which
/// thread it is: none of them is a setting.
pub(crate) fn after_ids(payload: &[u8]) -> &[u8] {
    const IDS: [&[u8]; 4] = [b"type", b"turn_id", b"root_turn_id", b"thread_id"];
    let after_id = |rest| {
        let (_, after) = word(rest).filter(|(name, _)| IDS.contains(name))?;
        word(after.strip_prefix(b"\":\"")?)?.1.strip_prefix(b"\",\"")
    };
    let mut rest = payload.strip_prefix(b"{\"").unwrap_or_default();
    while let Some(after) = after_id(rest) {
        rest = after;
    }
    rest
}

/// Returns the first object or list in an object, if it is the value of this `key`, and everything
/// after it.
#[inline]
pub(super) fn first_nested<'a>(object: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = 1 + memchr2(b'{', b'[', object.get(1..)?)?;
    // A text cannot end like this: its quotes are escaped.
    object[..at].strip_suffix(b":").is_some_and(|before| before.ends_with(key)).then(|| &object[at..])
}

/// Returns the text from the value of a key on, if only texts without escapes come before it.
fn after_texts<'a>(object: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let mut rest = object.strip_prefix(b"{\"")?;
    loop {
        let (name, after) = word(rest)?;
        rest = after.strip_prefix(b"\":")?;
        if name == key {
            return Some(rest);
        }
        rest = word(rest.strip_prefix(b"\"")?)?.1.strip_prefix(b"\",\"")?;
    }
}

/// Splits a short string without escapes from its closing quote on.
#[inline]
pub(super) fn word(rest: &[u8]) -> Option<(&[u8], &[u8])> {
    rest.split_at_checked(json::plain_prefix(rest)).filter(|(_, rest)| rest.first() == Some(&b'"'))
}
