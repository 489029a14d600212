//! Numbers of tokens: `token_count` and `token_usage_record`.

use super::fact::Fact;
use super::kind::{Event, Kind};
use super::peek;
use crate::json::{self, Raw};

/// Reads the fact of a count or a record of the usual shape, from its first bytes; `None` for any
/// other line.
#[inline]
pub(super) fn quick<'a>(kind: Kind, payload: &[u8]) -> Option<Fact<'a>> {
    match kind {
        Kind::Event(Event::TokenCount) => {
            let rest = payload.strip_prefix(b"{\"type\":\"token_count\",\"info\":{\"total_token_usage\":")?;
            let (total, rest) = quick_tokens(rest)?;
            let (last, _) = quick_tokens(rest.strip_prefix(b",\"last_token_usage\":")?)?;
            Some(Fact::TokenCount { total, last })
        }
        Kind::TokenUsage => {
            let (usage, _) = quick_tokens(peek::first_nested(payload, b"\"usage\"")?)?;
            Some(Fact::TokenUsage { usage: Some(usage?), thread_total: None })
        }
        _ => None,
    }
}

/// Reads a `token_count`.
pub(super) fn count<'a>(payload: &str) -> json::Result<Fact<'a>> {
    let [info] = json::fields(payload, ["info"])?;
    let [total, last] = json::object(info, ["total_token_usage", "last_token_usage"]);
    Ok(Fact::TokenCount { total: tokens(total), last: tokens(last) })
}

/// Reads a `token_usage_record`.
pub(super) fn record<'a>(payload: &str) -> json::Result<Fact<'a>> {
    let [usage, total] = json::fields(payload, ["usage", "thread_token_usage"])?;
    Ok(Fact::TokenUsage { usage: tokens(usage), thread_total: tokens(total) })
}

/// Returns the tokens of a usage. Cached ones are part of the input, and reasoning is part of the
/// output.
fn tokens(usage: Raw<'_>) -> Option<i64> {
    let [total, input, output] = json::object(usage, ["total_tokens", "input_tokens", "output_tokens"]);
    let number = |raw| json::number::<i64>(raw).map(|tokens| tokens.max(0));
    sum(number(total), number(input), number(output))
}

fn sum(total: Option<i64>, input: Option<i64>, output: Option<i64>) -> Option<i64> {
    let parts = || input.or(output).map(|_| input.unwrap_or(0).saturating_add(output.unwrap_or(0)));
    total.or_else(parts)
}

/// Reads an object that has nothing but short whole numbers. Returns its tokens, and the rest.
fn quick_tokens(text: &[u8]) -> Option<(Option<i64>, &[u8])> {
    let (mut total, mut input, mut output) = (None, None, None);
    let mut rest = text.strip_prefix(b"{")?;
    loop {
        rest = rest.strip_prefix(b"\"")?;
        let (key, after) = rest.split_at_checked(json::plain_prefix(rest))?;
        rest = after.strip_prefix(b"\":")?;
        let digits = rest.iter().take(18).take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 || (digits > 1 && rest[0] == b'0') {
            return None;
        }
        let number = rest[..digits].iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
        match key {
            b"total_tokens" => total = Some(number),
            b"input_tokens" => input = Some(number),
            b"output_tokens" => output = Some(number),
            _ => {}
        }
        match rest[digits..].split_first()? {
            (b',', after) => rest = after,
            (b'}', after) => return Some((sum(total, input, output), after)),
            _ => return None,
        }
    }
}
