//! Numbers of tokens: `token_count` and `token_usage_record`.

use memchr::memchr2;

use super::fact::Fact;
use super::kind::{Event, Kind};
use super::peek;
use super::token_usage::TokenUsage;
use crate::json::{self, Raw};

/// Reads the fact of a count or a record of the usual shape, from its first bytes; `None` for any
/// other line.
#[inline]
pub(super) fn quick<'a>(kind: Kind, payload: &[u8]) -> Option<Fact<'a>> {
    match kind {
        Kind::Event(Event::TokenCount) => {
            let rest = payload.strip_prefix(b"{\"type\":\"token_count\",\"info\":{\"total_token_usage\":")?;
            let (total, rest) = quick_total(rest)?;
            let (last, _) = quick_total(rest.strip_prefix(b",\"last_token_usage\":")?)?;
            Some(Fact::TokenCount { total: Some(total), last: Some(last) })
        }
        Kind::TokenUsage => {
            let (usage, _) = quick_total(peek::first_nested(payload, b"\"usage\"")?)?;
            Some(Fact::TokenUsage { usage: Some(usage), thread_total: None })
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

/// Reads a `token_count` by kind: the counter's total, and the usage of the last request.
pub(crate) fn count_by_kind(payload: &str) -> json::Result<(Option<TokenUsage>, Option<TokenUsage>)> {
    let [info] = json::fields(payload, ["info"])?;
    let [total, last] = json::object(info, ["total_token_usage", "last_token_usage"]);
    Ok((by_kind(total), by_kind(last)))
}

/// Reads a `token_usage_record` by kind: the usage of the request, and the thread's total.
pub(crate) fn record_by_kind(payload: &str) -> json::Result<(Option<TokenUsage>, Option<TokenUsage>)> {
    let [usage, total] = json::fields(payload, ["usage", "thread_token_usage"])?;
    Ok((by_kind(usage), by_kind(total)))
}

/// Returns the tokens of a usage by kind; `None` if it has no tokens.
fn by_kind(usage: Raw<'_>) -> Option<TokenUsage> {
    let total = tokens(usage)?;
    #[rustfmt::skip]
    let kinds = json::object(usage, [
        "input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens",
    ]);
    let [input, cached_input, output, reasoning] =
        kinds.map(|raw| json::number::<i64>(raw).map_or(0, |tokens| tokens.max(0)));
    Some(TokenUsage { input, cached_input, output, reasoning, total })
}

/// Returns the tokens of a usage. Cached ones are part of the input, and reasoning is part of the
/// output.
fn tokens(usage: Raw<'_>) -> Option<i64> {
    let [total, input, output] = json::object(usage, ["total_tokens", "input_tokens", "output_tokens"]);
    let number = |raw| json::number::<i64>(raw).map(|tokens| tokens.max(0));
    let (input, output) = (number(input), number(output));
    let parts = || input.or(output).map(|_| input.unwrap_or(0).saturating_add(output.unwrap_or(0)));
    number(total).or_else(parts)
}

/// Reads the `total_tokens` at the end of an object that has no object in it. Returns the number,
/// and the rest behind the object.
#[inline]
fn quick_total(text: &[u8]) -> Option<(i64, &[u8])> {
    let text = text.strip_prefix(b"{")?;
    let (object, rest) = text.split_at(memchr2(b'{', b'}', text)?);
    let digits = object.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let (keys, number) = object.split_at(object.len() - digits);
    let is_number = matches!(number, [b'1'..=b'9', ..] | b"0") && digits <= 18;
    if !is_number || !keys.ends_with(b"\"total_tokens\":") {
        return None;
    }
    let number = number.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    Some((number, rest.strip_prefix(b"}")?))
}
