//! Tokens that a file's own requests used, by day and model.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde::{Deserialize, Serialize};

use crate::format::token_usage::TokenUsage;
use crate::metadata::amount::Amount;
use crate::metadata::tokens::Tokens;

/// Tokens that the requests of a file used on one day with one model.
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
        self.day = at.map(|at| TimeZone::UTC.to_datetime(at).date()).or(self.day);
        let used = self.tokens.known().unwrap_or_default().minus(before);
        if self.is_inherited || used == TokenUsage::default() {
            return;
        }
        let (day, model) = (self.day.unwrap_or(EPOCH), &self.model);
        let same = self.days.iter().rposition(|known| known.day == day && known.model == *model);
        let at = same.unwrap_or_else(|| {
            let tokens = TokenUsage::default();
            self.days.push(DayUsage { day, model: model.clone(), tokens, requests: 0 });
            self.days.len() - 1
        });
        self.days[at].tokens += used;
        self.days[at].requests += 1;
    }
}

/// Day of tokens in a file that says no time at all.
const EPOCH: Date = civil::date(1970, 1, 1);
