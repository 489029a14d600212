//! Amounts of tokens: their sum, or each kind of them.

use crate::format::token_usage::TokenUsage;

/// Amount of tokens. Amounts are compared by their totals.
pub(crate) trait Amount: Copy + Default {
    /// Returns all tokens together.
    fn total(self) -> i64;
    /// Adds another amount.
    fn plus(self, other: Self) -> Self;
    /// Subtracts another amount, kind by kind, to not less than nothing.
    fn minus(self, other: Self) -> Self;
    /// Returns the greater amount, kind by kind.
    fn or_more(self, other: Self) -> Self;
}

impl Amount for i64 {
    fn total(self) -> i64 {
        self
    }

    fn plus(self, other: Self) -> Self {
        self.saturating_add(other)
    }

    fn minus(self, other: Self) -> Self {
        self.saturating_sub(other).max(0)
    }

    fn or_more(self, other: Self) -> Self {
        self.max(other)
    }
}

impl Amount for TokenUsage {
    fn total(self) -> i64 {
        self.total
    }

    fn plus(self, other: Self) -> Self {
        self.by_kind(other, i64::saturating_add)
    }

    fn minus(self, other: Self) -> Self {
        self.by_kind(other, |one, other| one.saturating_sub(other).max(0))
    }

    fn or_more(self, other: Self) -> Self {
        self.by_kind(other, i64::max)
    }
}
