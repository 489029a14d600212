//! Columns that only the index has.

use jiff::Timestamp;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use threadkeep_rollout::{AgentGoal, RunOutcome, ThreadKind};
use threadkeep_sqlite::timestamp;

/// Column of Unix milliseconds, in JSON.
pub(crate) struct Milliseconds(Timestamp);

impl<'de> Deserialize<'de> for Milliseconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Milliseconds, D::Error> {
        let at = timestamp(i64::deserialize(deserializer)?);
        Ok(Milliseconds(at.ok_or_else(|| D::Error::custom("a time is out of range"))?))
    }
}

/// Reads a time.
pub(crate) fn time(Milliseconds(at): Milliseconds) -> Timestamp {
    at
}

/// Reads a time that may be missing.
pub(crate) fn optional_time(at: Option<Milliseconds>) -> Option<Timestamp> {
    at.map(time)
}

/// Reads a flag: 0 or 1.
pub(crate) fn flag(column: i64) -> bool {
    column != 0
}

/// Reads the outcome of a run. A word that a newer program added is [`RunOutcome::Unknown`].
pub(crate) fn run_outcome(word: Option<String>) -> RunOutcome {
    word.and_then(|word| word.parse().ok()).unwrap_or_default()
}

/// Reads the kind of a thread. A word that a newer program added is [`ThreadKind::User`].
pub(crate) fn kind(word: String) -> ThreadKind {
    word.parse().unwrap_or_default()
}

/// Reads the agent's own goal. One of another form is `None`: the next pass reads it again.
pub(crate) fn objective(json: Option<String>) -> Option<AgentGoal> {
    json.and_then(|json| serde_json::from_str(&json).ok())
}
