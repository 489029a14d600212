//! Numbers of tokens: `token_count`, `token_usage_record` and `other_usage_record`.

use memchr::memchr2;

use super::fact::Fact;
use super::kind::{Event, Kind};
use super::peek;
use super::purpose::Purpose;
use super::token_usage::TokenUsage;
use crate::json::{self, Raw};

/// A count of the usual shape, up to the counter's total, and from there to the last request.
const COUNT: &[u8] = b"{\"type\":\"token_count\",\"info\":{\"total_token_usage\":";
const LAST: &[u8] = b",\"last_token_usage\":";

/// Reads the fact of a count or a record of the usual shape, from its first bytes; `None` for any
/// other line.
#[inline]
pub(super) fn quick<'a>(kind: Kind, payload: &[u8]) -> Option<Fact<'a>> {
    match kind {
        Kind::Event(Event::TokenCount) => {
            let (total, rest) = quick_total(payload.strip_prefix(COUNT)?)?;
            let (last, _) = quick_total(rest.strip_prefix(LAST)?)?;
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
    let quick = || {
        let rest = payload.as_bytes().strip_prefix(COUNT)?;
        let (total, rest) = quick_kinds(rest)?;
        let (last, _) = quick_kinds(rest.strip_prefix(LAST)?)?;
        Some((Some(total), Some(last)))
    };
    if let Some(count) = quick() {
        return Ok(count);
    }
    let [info] = json::fields(payload, ["info"])?;
    let [total, last] = json::object(info, ["total_token_usage", "last_token_usage"]);
    Ok((by_kind(total), by_kind(last)))
}

/// Reads a `token_usage_record` by kind: the usage of the request, and the thread's total. Only one
/// of the two may be read.
pub(crate) fn record_by_kind(payload: &str) -> json::Result<(Option<TokenUsage>, Option<TokenUsage>)> {
    let quick = || quick_kinds(peek::first_nested(payload.as_bytes(), b"\"usage\"")?);
    if let Some((usage, _)) = quick() {
        return Ok((Some(usage), None));
    }
    let [usage, total] = json::fields(payload, ["usage", "thread_token_usage"])?;
    Ok((by_kind(usage), by_kind(total)))
}

/// Usage of a request that is no part of the conversation: `other_usage_record`.
pub(crate) struct OtherUsage {
    pub(crate) purpose: Purpose,
    pub(crate) model: Option<String>,
    pub(crate) usage: Option<TokenUsage>,
}

impl OtherUsage {
    pub(crate) fn read(payload: &str) -> json::Result<Self> {
        let [purpose, model, usage] = json::fields(payload, ["purpose", "model", "usage"])?;
        let purpose = Purpose::of_other(&json::text(purpose).unwrap_or_default());
        Ok(Self { purpose, model: json::name(model), usage: by_kind(usage) })
    }
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
    let number = quick_number(number).filter(|_| keys.ends_with(b"\"total_tokens\":"))?;
    Some((number, rest.strip_prefix(b"}")?))
}

/// Reads an object of nothing but plain keys and numbers, with a total at its end. Returns the
/// tokens by kind, and the rest behind the object.
fn quick_kinds(text: &[u8]) -> Option<(TokenUsage, &[u8])> {
    let (mut rest, mut usage) = (text.strip_prefix(b"{\"")?, TokenUsage::default());
    loop {
        let (key, after) = peek::word(rest)?;
        let after = after.strip_prefix(b"\":")?;
        let digits = after.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, after) = after.split_at(digits);
        let number = quick_number(number)?;
        match key {
            b"input_tokens" => usage.input = number,
            b"cached_input_tokens" => usage.cached_input = number,
            b"output_tokens" => usage.output = number,
            b"reasoning_output_tokens" => usage.reasoning = number,
            b"total_tokens" => {
                usage.total = number;
                return Some((usage, after.strip_prefix(b"}")?));
            }
            _ => {}
        }
        rest = after.strip_prefix(b",\"")?;
    }
}

/// Reads a number of ASCII digits, as JSON writes it.
#[inline]
fn quick_number(digits: &[u8]) -> Option<i64> {
    let is_number = matches!(digits, [b'1'..=b'9', ..] | b"0") && digits.len() <= 18;
    is_number.then(|| digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}
