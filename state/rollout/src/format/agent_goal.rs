//! Goals that the agent keeps.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::json::{self, Raw};
use crate::text::{MAX_FIRST_USER_MESSAGE, safe};

/// Goal that the agent keeps for a thread (`thread_goal_updated`), as it was last set: the agent
/// does not write to the rollout what changes by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AgentGoal {
    /// Objective without secrets, at most [`MAX_FIRST_USER_MESSAGE`] characters.
    pub objective: String,
    /// The agent's word: `active`, `paused`, `budgetLimited`, …
    pub status: Option<String>,
    /// Budget in tokens.
    pub token_budget: Option<i64>,
    /// Tokens used when the goal was last set.
    pub tokens_used: Option<i64>,
    /// Seconds used when the goal was last set.
    pub seconds_used: Option<i64>,
    /// Time when the goal was created.
    pub created_at: Option<Timestamp>,
    /// Time when the goal was last set.
    pub updated_at: Option<Timestamp>,
}

impl AgentGoal {
    /// Reads a goal; `None` if it has no objective.
    pub(super) fn read(raw: Raw<'_>) -> Option<Self> {
        let [objective, status, budget, tokens, seconds, created, updated] = json::object(
            raw,
            ["objective", "status", "tokenBudget", "tokensUsed", "timeUsedSeconds", "createdAt", "updatedAt"],
        );
        let objective = json::text(objective)?;
        let objective = Some(objective.trim()).filter(|objective| !objective.is_empty())?;
        let time = |raw| Timestamp::from_second(json::number(raw)?).ok();
        Some(Self {
            objective: safe(objective, MAX_FIRST_USER_MESSAGE),
            status: json::name(status),
            token_budget: json::number(budget),
            tokens_used: json::number(tokens),
            seconds_used: json::number(seconds),
            created_at: time(created),
            updated_at: time(updated),
        })
    }
}
