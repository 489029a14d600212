//! How a thread's last run ended, by the events that begin and end its turns.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::raw::{self, Raw};
use crate::turn::TurnStatus;

/// How the last run of a thread ended, as its rollout's last events (`event_msg`) say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RunOutcome {
    /// Nothing says it: no turn has begun, or the file is of a version that marked none.
    #[default]
    Unknown,
    /// A turn has begun and not ended: the agent is at work, or was killed.
    Running,
    /// The agent came to the end of its turn.
    Completed,
    /// The turn met an error.
    Failed,
    /// The turn was stopped.
    Interrupted,
}

/// A word that is no outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an outcome is one of unknown, running, completed, failed and interrupted")]
#[non_exhaustive]
pub struct UnknownOutcome;

impl RunOutcome {
    const ALL: [Self; 5] = [Self::Unknown, Self::Running, Self::Completed, Self::Failed, Self::Interrupted];

    /// The word in databases and in JSON: `unknown`, `running`, `completed`, `failed` or `interrupted`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Running => "running",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Interrupted => "interrupted",
        }
    }
}

impl fmt::Display for RunOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RunOutcome {
    type Err = UnknownOutcome;

    fn from_str(word: &str) -> Result<Self, UnknownOutcome> {
        Self::ALL.into_iter().find(|outcome| outcome.as_str() == word).ok_or(UnknownOutcome)
    }
}

/// What an event says of the turn that it is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It begins.
    Started,
    /// It ends like this.
    Ended(TurnStatus),
    /// It met an error, and will end with it.
    Failed,
    /// It has a review done, whose turn comes within it.
    EnteredReview,
}

impl Mark {
    /// The mark that an event of this `type` is, in every version that marks turns.
    pub(crate) fn of(event_type: &[u8]) -> Option<Self> {
        Some(match event_type {
            b"task_started" | b"turn_started" => Self::Started,
            b"task_complete" | b"turn_complete" => Self::Ended(TurnStatus::Completed),
            b"turn_aborted" => Self::Ended(TurnStatus::Interrupted),
            b"error" => Self::Failed,
            b"entered_review_mode" => Self::EnteredReview,
            _ => return None,
        })
    }
}

/// The payload of a mark.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct RawMark<'a> {
    #[serde(borrow, rename = "type")]
    event_type: Raw<'a>,
    #[serde(borrow)]
    turn_id: Raw<'a>,
}

/// How the turns have gone so far, as far as the last one's outcome depends on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Run {
    outcome: RunOutcome,
    /// Whether a turn is open.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    open: bool,
    /// The open turn's id, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    turn_id: Option<String>,
    /// Whether the next turn that begins is a reviewer's, within the open one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    awaits_reviewer: bool,
}

impl Run {
    pub(crate) fn outcome(&self) -> RunOutcome {
        self.outcome
    }

    pub(crate) fn is_unknown(&self) -> bool {
        *self == Self::default()
    }

    /// Takes the next event of the file.
    pub(crate) fn take(&mut self, event: &RawMark<'_>) {
        let event_type = raw::text(event.event_type);
        let mark = event_type.as_deref().and_then(|event_type| Mark::of(event_type.as_bytes()));
        let turn_id = raw::name(event.turn_id);
        match mark {
            Some(Mark::Started) if self.open && self.awaits_reviewer => self.awaits_reviewer = false,
            Some(Mark::Started) => self.begin(turn_id),
            Some(Mark::EnteredReview) => {
                // In some versions that is the first that is heard of the turn.
                if !self.open && turn_id.is_some() {
                    self.begin(turn_id);
                }
                self.awaits_reviewer = self.open;
            }
            // An error that is met outside of a turn is no turn's.
            Some(Mark::Failed) if self.open || self.outcome == RunOutcome::Unknown => {
                self.outcome = RunOutcome::Failed;
            }
            Some(Mark::Ended(status)) => self.end(status, turn_id.as_deref()),
            Some(Mark::Failed) | None => {}
        }
    }

    fn begin(&mut self, turn_id: Option<String>) {
        *self = Self { outcome: RunOutcome::Running, open: true, turn_id, awaits_reviewer: false };
    }

    fn end(&mut self, status: TurnStatus, turn_id: Option<&str>) {
        let is_other = turn_id.zip(self.turn_id.as_deref()).is_some_and(|(ended, open)| ended != open);
        // The end of a turn that the open one has interrupted already says nothing of the open one.
        if self.open && is_other {
            return;
        }
        let has_failed = self.open && self.outcome == RunOutcome::Failed;
        *self = Self {
            outcome: match status {
                _ if has_failed => RunOutcome::Failed,
                TurnStatus::Completed => RunOutcome::Completed,
                TurnStatus::Interrupted => RunOutcome::Interrupted,
                TurnStatus::Failed => RunOutcome::Failed,
                TurnStatus::InProgress => RunOutcome::Running,
            },
            ..Self::default()
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What events say, each a type and a turn's id.
    fn outcome(events: &[(&str, &str)]) -> RunOutcome {
        let mut run = Run::default();
        for (event_type, turn_id) in events {
            let payload = serde_json::json!({ "type": event_type, "turn_id": turn_id }).to_string();
            run.take(&serde_json::from_str(&payload).expect("a payload"));
        }
        run.outcome()
    }

    #[test]
    fn the_last_turn_s_events_say_how_it_went() {
        use RunOutcome::{Completed, Failed, Interrupted, Running, Unknown};
        let (started, ended, aborted) =
            (("task_started", "1"), ("task_complete", "1"), ("turn_aborted", "1"));
        let review = ("entered_review_mode", "1");
        let (started_2, ended_2, error) = (("turn_started", "2"), ("turn_complete", "2"), ("error", ""));
        for (events, wanted) in [
            (&[][..], Unknown),
            (&[("agent_message", "1")], Unknown),
            (&[started], Running),
            (&[started, ended], Completed),
            (&[started, aborted], Interrupted),
            (&[started, error], Failed),
            // An error is not made good by the end of its turn, and is by another turn.
            (&[started, error, ended], Failed),
            (&[started, error, ended, started_2], Running),
            // The end of a turn that another has interrupted.
            (&[started, started_2, ended], Running),
            (&[started, started_2, ended, ended_2], Completed),
            // The turn of a review, within another.
            (&[started, review, started_2, aborted], Interrupted),
            (&[review, started_2, ended], Completed),
            (&[review, started_2], Running),
            // A file whose beginning is lost, and an error after the end.
            (&[ended], Completed),
            (&[error], Failed),
            (&[started, ended, error], Completed),
        ] {
            assert_eq!(outcome(events), wanted, "{events:?}");
        }
    }

    #[test]
    fn words_and_outcomes_are_one_to_one() {
        for outcome in RunOutcome::ALL {
            assert_eq!(outcome.as_str().parse(), Ok(outcome));
            assert_eq!(serde_json::to_value(outcome).expect("a word"), outcome.as_str());
        }
        assert_eq!("paused".parse::<RunOutcome>(), Err(UnknownOutcome));
    }
}
