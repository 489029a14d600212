//! Tokens that a file's own requests used, by day, model and purpose.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

use crate::format::purpose::Purpose;
use crate::format::token_usage::TokenUsage;
use crate::format::tokens::OtherUsage;
use crate::metadata::amount::Amount;
use crate::metadata::tokens::Tokens;

/// Tokens that the requests of a file used on one day with one model for one purpose.
///
/// Turns that were taken back were paid for, and count here. The tokens in
/// [`ThreadMetadata`](crate::ThreadMetadata) leave them out, as the agent does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayUsage {
    /// The day in UTC.
    pub day: Date,
    /// The model, as the last settings before the requests say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// The purpose of the requests.
    #[serde(default, skip_serializing_if = "Purpose::is_conversation")]
    pub purpose: Purpose,
    /// Tokens.
    pub tokens: TokenUsage,
    /// Number of requests, as far as the file has them one by one.
    pub requests: u64,
}

/// Fold of counts and records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Usage {
    tokens: Tokens<TokenUsage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<String>,
    /// Day of the last count or record with a time; before any, that of the file's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) day: Option<Date>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) days: Vec<DayUsage>,
    /// True while the tokens are those of another thread.
    #[serde(skip)]
    pub(super) is_inherited: bool,
}

impl Usage {
    /// Begins a file that builds on another: its counter goes on from an unknown number.
    pub(super) fn begin_after_base(&mut self) {
        self.tokens.begin_fork(false);
    }

    /// Begins the own part of a fork, after lines that were copied from another thread. `is_sure`
    /// says that their tokens are known to be that thread's.
    pub(super) fn begin_own_part(&mut self, is_sure: bool, has_turns: bool) {
        self.is_inherited = false;
        if !is_sure || has_turns || self.tokens != Tokens::default() {
            self.tokens.begin_fork(is_sure);
        } else {
            // The copied lines may be the end of a longer history.
            self.tokens.may_jump();
        }
    }

    /// Notes that turns were taken back: the counter may go back with them.
    pub(super) fn roll_back(&mut self) {
        self.tokens.may_jump();
    }

    /// Takes a count: the counter's total, and the usage of the last request.
    pub(super) fn count(
        &mut self,
        at: Option<Timestamp>,
        total: Option<TokenUsage>,
        last: Option<TokenUsage>,
    ) {
        self.add(at, |tokens| tokens.count(total, last));
    }

    /// Takes the record of a request: its usage, and the thread's total.
    pub(super) fn record(
        &mut self,
        at: Option<Timestamp>,
        usage: Option<TokenUsage>,
        total: Option<TokenUsage>,
    ) {
        self.add(at, |tokens| tokens.record(usage, total));
    }

    fn add(&mut self, at: Option<Timestamp>, take: impl FnOnce(&mut Tokens<TokenUsage>)) {
        let before = self.tokens.known().unwrap_or_default();
        take(&mut self.tokens);
        self.day = self.day_at(at);
        let used = self.tokens.known().unwrap_or_default().minus(before);
        if !self.is_inherited {
            add_up(&mut self.days, self.day, &self.model, Purpose::Conversation, used);
        }
    }

    /// Takes the record of a request that is no part of the conversation.
    pub(super) fn other(&mut self, at: Option<Timestamp>, other: &OtherUsage) {
        if !self.is_inherited {
            let (day, used) = (self.day_at(at), other.usage.unwrap_or_default());
            add_up(&mut self.days, day, &other.model, other.purpose, used);
        }
    }

    fn day_at(&self, at: Option<Timestamp>) -> Option<Date> {
        at.map(|at| TimeZone::UTC.to_datetime(at).date()).or(self.day)
    }
}

/// Adds the tokens of a request to those of its day, model and purpose.
fn add_up(
    days: &mut Vec<DayUsage>,
    day: Option<Date>,
    model: &Option<String>,
    purpose: Purpose,
    used: TokenUsage,
) {
    if used == TokenUsage::default() {
        return;
    }
    let day = day.unwrap_or(EPOCH);
    let is_same = |known: &DayUsage| known.day == day && known.model == *model && known.purpose == purpose;
    let at = days.iter().rposition(is_same).unwrap_or_else(|| {
        let tokens = TokenUsage::default();
        days.push(DayUsage { day, model: model.clone(), purpose, tokens, requests: 0 });
        days.len() - 1
    });
    days[at].tokens += used;
    days[at].requests += 1;
}

/// Day of tokens in a file that says no time at all.
const EPOCH: Date = civil::date(1970, 1, 1);
