//! Tokens that a thread used, from counts and usage records.
//!
//! A count says what its counter has reached; the difference to the count before was used. A
//! record says what one request used. A killed agent leaves records without a count, and older
//! versions wrote counts alone.
//!
//! Metadata adds up totals; the history of usage adds up each kind of tokens by the same rules.

use serde::{Deserialize, Serialize};

use super::amount::Amount;

/// Sum of the tokens so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Tokens<A: Amount = i64> {
    /// Used by the thread itself, up to the last count.
    #[serde(skip_serializing_if = "Option::is_none")]
    own: Option<A>,
    /// Used since, as the records say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pending: Option<A>,
    /// The last count.
    #[serde(skip_serializing_if = "Option::is_none")]
    counter: Option<A>,
    /// The thread's total as of the last record.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded: Option<A>,
    /// True before the first count of a fork or a further file, and after turns were taken back.
    /// The counter may have gone back with them, or may go on with their tokens.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    may_jump: bool,
    #[serde(skip_serializing_if = "Inherited::is_nothing")]
    inherited: Inherited<A>,
    /// True if some of the thread's own tokens may be those of a lost base.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    unclear: bool,
}

/// Tokens of the history that a fork builds on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
enum Inherited<A> {
    #[default]
    Nothing,
    Tokens(A),
    Unknown,
}

impl<A> Inherited<A> {
    fn is_nothing(&self) -> bool {
        matches!(self, Self::Nothing)
    }

    fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown)
    }
}

impl<A: Amount> Tokens<A> {
    /// Returns the tokens that the thread itself used; `None` if unknown.
    pub(crate) fn own(&self) -> Option<A> {
        if self.unclear { None } else { self.known() }
    }

    /// Returns the tokens that are known to be the thread's own, though there may be more.
    pub(crate) fn known(&self) -> Option<A> {
        sum(self.own, self.pending)
    }

    /// Returns the tokens of the history that the thread inherited; `None` if unknown.
    pub(crate) fn inherited(&self) -> Option<A> {
        match self.inherited {
            Inherited::Nothing => Some(A::default()),
            Inherited::Tokens(tokens) => Some(tokens),
            Inherited::Unknown => None,
        }
    }

    /// Takes a count: the counter's total, and the usage of the last request.
    pub(crate) fn count(&mut self, total: Option<A>, last: Option<A>) {
        if total.or(last).is_none() {
            return;
        }
        let may_jump = std::mem::take(&mut self.may_jump);
        let has_moved = total.map(A::total) != self.counter.map(A::total);
        let counted = match (total, self.counter) {
            (None, _) => last,
            (Some(_), _) if may_jump && has_moved && last.is_some() => last,
            (Some(total), Some(before)) => Some(since(before, total, last)),
            // The counter may have begun with the tokens of the base.
            (Some(_), None) if self.inherited.is_unknown() => last,
            (Some(total), None) => Some(total),
        };
        self.counter = total.or_else(|| sum(self.counter, last));
        // The records since the last count are the same requests, and those of a killed agent.
        match more(counted, self.pending.take()) {
            Some(used) => self.own = sum(self.own, Some(used)),
            None => self.unclear = true,
        }
    }

    /// Takes the record of a request: its usage, and the thread's total.
    pub(crate) fn record(&mut self, usage: Option<A>, total: Option<A>) {
        let before = more(self.recorded, self.counter);
        let used = usage.or_else(|| match (total?, before) {
            (total, Some(before)) => {
                Some(if total.total() < before.total() { total } else { total.minus(before) })
            }
            (_, None) if self.inherited.is_unknown() => None,
            (total, None) => Some(total),
        });
        // A quick look at a record reads no total.
        self.recorded = if usage.is_some() { sum(before, usage) } else { total.or(self.recorded) };
        self.pending = sum(self.pending, used);
    }

    /// Takes back what was used since [`Tokens::own`] returned this.
    pub(crate) fn roll_back(&mut self, own: Option<A>) {
        (self.own, self.pending, self.may_jump) = (own, None, true);
    }

    /// Takes back inherited turns: so many of the inherited tokens are left.
    pub(crate) fn roll_back_inherited(&mut self, tokens: Option<A>) {
        self.inherited = match (self.inherited, tokens) {
            (Inherited::Tokens(_), Some(tokens)) => Inherited::Tokens(tokens),
            _ => Inherited::Unknown,
        };
        self.may_jump = true;
    }

    /// Notes that the counter may go back, or go on: before a further file of the thread, and after
    /// turns were taken back whose tokens stay.
    pub(crate) fn may_jump(&mut self) {
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
                own: Some(A::default()),
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
fn since<A: Amount>(before: A, total: A, last: Option<A>) -> A {
    let (from, to) = (before.total(), total.total());
    match last {
        _ if to == from => A::default(),
        Some(last) if from.saturating_add(last.total()) == to => last,
        Some(last) if last.total() == to => total,
        _ if to < from => total,
        _ => total.minus(before),
    }
}

/// Adds what is known.
fn sum<A: Amount>(one: Option<A>, other: Option<A>) -> Option<A> {
    one.zip(other).map(|(one, other)| one.plus(other)).or(one).or(other)
}

/// Returns the greater of what is known.
fn more<A: Amount>(one: Option<A>, other: Option<A>) -> Option<A> {
    one.zip(other).map(|(one, other)| one.or_more(other)).or(one).or(other)
}
