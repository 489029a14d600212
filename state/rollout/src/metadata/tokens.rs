//! Tokens that a thread used, from counts and usage records.
//!
//! A count says what its counter has reached; the difference to the count before was used. A
//! record says what one request used. A killed agent leaves records without a count, and older
//! versions wrote counts alone.

use serde::{Deserialize, Serialize};

/// Sum of the tokens so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Tokens {
    /// Used by the thread itself, up to the last count.
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<i64>,
    /// Used since, as the records say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<i64>,
    /// The last count.
    #[serde(skip_serializing_if = "Option::is_none")]
    counter: Option<i64>,
    /// The thread's total as of the last record.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<i64>,
    /// True before the first count of a fork or a further file, and after turns were taken back.
    /// The counter may have gone back with them, or may go on with their tokens.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    may_jump: bool,
    #[serde(skip_serializing_if = "Inherited::is_nothing")]
    inherited: Inherited,
    /// True if some of the thread's own tokens may be those of a lost base.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unclear: bool,
}

/// Tokens of the history that a fork builds on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Inherited {
    #[default]
    Nothing,
    Tokens(i64),
    Unknown,
}

impl Inherited {
    fn is_nothing(&self) -> bool {
        *self == Self::Nothing
    }
}

impl Tokens {
    /// Returns the tokens that the thread itself used; `None` if unknown.
    pub(crate) fn own(&self) -> Option<i64> {
        if self.unclear { None } else { sum(self.own, self.pending) }
    }

    /// Returns the tokens of the history that the thread inherited; `None` if unknown.
    pub(crate) fn inherited(&self) -> Option<i64> {
        match self.inherited {
            Inherited::Nothing => Some(0),
            Inherited::Tokens(tokens) => Some(tokens),
            Inherited::Unknown => None,
        }
    }

    /// Takes a count: the counter's total, and the usage of the last request.
    pub(crate) fn count(&mut self, total: Option<i64>, last: Option<i64>) {
        if total.or(last).is_none() {
            return;
        }
        let may_jump = std::mem::take(&mut self.may_jump);
        let counted = match (total, self.counter) {
            (None, _) => last,
            (Some(_), before) if may_jump && total != before && last.is_some() => last,
            (Some(total), Some(before)) => Some(since(before, total, last)),
            // The counter may have begun with the tokens of the base.
            (Some(_), None) if self.inherited == Inherited::Unknown => last,
            (Some(total), None) => Some(total),
        };
        self.counter = total.or_else(|| sum(self.counter, last));
        // The records since the last count are the same requests, and those of a killed agent.
        match counted.max(self.pending.take()) {
            Some(used) => self.own = sum(self.own, Some(used)),
            None => self.unclear = true,
        }
    }

    /// Takes the record of a request: its usage, and the thread's total.
    pub(crate) fn record(&mut self, usage: Option<i64>, total: Option<i64>) {
        let before = self.recorded.max(self.counter);
        let used = usage.or_else(|| match (total?, before) {
            (total, Some(before)) => Some(if total < before { total } else { total - before }),
            (_, None) if self.inherited == Inherited::Unknown => None,
            (total, None) => Some(total),
        });
        // A quick look at a record reads no total.
        self.recorded = if usage.is_some() { sum(before, usage) } else { total.or(self.recorded) };
        self.pending = sum(self.pending, used);
    }

    /// Takes back what was used since [`Tokens::own`] returned this.
    pub(crate) fn roll_back(&mut self, own: Option<i64>) {
        (self.own, self.pending, self.may_jump) = (own, None, true);
    }

    /// Takes back inherited turns: so many of the inherited tokens are left.
    pub(crate) fn roll_back_inherited(&mut self, tokens: Option<i64>) {
        self.inherited = match (self.inherited, tokens) {
            (Inherited::Tokens(_), Some(tokens)) => Inherited::Tokens(tokens),
            _ => Inherited::Unknown,
        };
        self.may_jump = true;
    }

    /// Begins a further file of the thread.
    pub(crate) fn begin_segment(&mut self) {
        self.may_jump = true;
    }

    /// Makes everything so far inherited, if it `is_whole`; otherwise nothing so far says anything.
    pub(crate) fn begin_fork(&mut self, is_whole: bool) {
        let used = match self.inherited {
            Inherited::Nothing => self.own(),
            Inherited::Tokens(tokens) => sum(Some(tokens), self.own()),
            Inherited::Unknown => None,
        };
        *self = match used.filter(|_| is_whole) {
            Some(tokens) => Self {
                own: Some(0),
                pending: None,
                may_jump: true,
                inherited: Inherited::Tokens(tokens),
                ..std::mem::take(self)
            },
            None => Self { inherited: Inherited::Unknown, ..Self::default() },
        };
    }
}

/// Returns the tokens between two counts. The counter may have begun again in between.
fn since(before: i64, total: i64, last: Option<i64>) -> i64 {
    match last {
        _ if total == before => 0,
        Some(last) if before.saturating_add(last) == total => last,
        Some(last) if last == total => total,
        _ if total < before => total,
        _ => total - before,
    }
}

/// Adds what is known.
fn sum(one: Option<i64>, other: Option<i64>) -> Option<i64> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.saturating_add(other)),
        (one, other) => one.or(other),
    }
}
