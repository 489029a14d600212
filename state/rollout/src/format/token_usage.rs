//! Tokens by kind.

use std::iter::Sum;
use std::ops::AddAssign;

use serde::{Deserialize, Serialize};

/// Tokens of one request or of many, by kind. Never negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenUsage {
    /// Tokens that went to the model.
    pub input: i64,
    /// Input tokens that the provider had in its cache.
    pub cached_input: i64,
    /// Tokens that came from the model.
    pub output: i64,
    /// Output tokens that the model reasoned with.
    pub reasoning: i64,
    /// Input and output, as the agent adds them up.
    pub total: i64,
}

impl TokenUsage {
    /// Combines each kind with the same kind of another usage.
    pub(crate) fn by_kind(self, other: Self, combine: impl Fn(i64, i64) -> i64) -> Self {
        Self {
            input: combine(self.input, other.input),
            cached_input: combine(self.cached_input, other.cached_input),
            output: combine(self.output, other.output),
            reasoning: combine(self.reasoning, other.reasoning),
            total: combine(self.total, other.total),
        }
    }
}

impl AddAssign for TokenUsage {
    fn add_assign(&mut self, other: Self) {
        *self = self.by_kind(other, i64::saturating_add);
    }
}

impl Sum for TokenUsage {
    fn sum<I: Iterator<Item = Self>>(usages: I) -> Self {
        usages.fold(Self::default(), |mut sum, usage| {
            sum += usage;
            sum
        })
    }
}
