//! Where a turn begins and how it ends: the one place that knows, for the turns and for a thread's last run.

use serde::{Deserialize, Serialize};

use crate::run_outcome::RunOutcome;
use crate::text::{MAX_NAME, bounded};
use crate::turn::TurnStatus;

/// What an `event_msg` says of the turn it stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It begins.
    Start,
    /// It ends.
    End(TurnStatus),
    /// It has failed; its end may still come.
    Failure,
    /// A reviewer is asked, whose own turn belongs to this one.
    Review,
}

impl Mark {
    /// What the event of this type says; `None` for all that happens within a turn.
    pub(crate) fn of(event_type: &[u8]) -> Option<Self> {
        Some(match event_type {
            b"task_started" | b"turn_started" => Self::Start,
            b"task_complete" | b"turn_complete" => Self::End(TurnStatus::Completed),
            b"turn_aborted" => Self::End(TurnStatus::Interrupted),
            b"error" => Self::Failure,
            b"entered_review_mode" => Self::Review,
            _ => return None,
        })
    }
}

/// The last turn, as the lines read so far leave it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Run {
    outcome: RunOutcome,
    /// The turn that has not ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<OpenTurn>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct OpenTurn {
    /// The agent's id of it, bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// Whether the agent said where it begins, and will say where it ends.
    marked: bool,
    /// Whether a reviewer's own turn is to come, which belongs to this one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    awaits_reviewer: bool,
}

impl Run {
    pub(crate) fn outcome(&self) -> RunOutcome {
        self.outcome
    }

    /// Whether a turn is open of which the agent said where it begins.
    pub(crate) fn is_marked(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.marked)
    }

    /// Takes an event that marks something, where it does not matter what became of it.
    pub(crate) fn take(&mut self, mark: Mark, turn_id: Option<&str>) {
        match mark {
            Mark::Start => _ = self.start(turn_id),
            Mark::End(status) => _ = self.end(turn_id, status),
            Mark::Failure => _ = self.fail(),
            Mark::Review => _ = self.review(turn_id),
        }
    }

    /// The agent begins a turn. `false`: it is the reviewer's own, within the one that asked for the review.
    pub(crate) fn start(&mut self, id: Option<&str>) -> bool {
        if self.open.as_mut().is_some_and(|open| std::mem::take(&mut open.awaits_reviewer)) {
            return false;
        }
        self.begin(id, true);
        true
    }

    /// The agent ends a turn. Says how the open one ended; `None` if another is meant.
    pub(crate) fn end(&mut self, id: Option<&str>, status: TurnStatus) -> Option<TurnStatus> {
        // The end of a turn that another has interrupted already is not the other's.
        self.open.take_if(|open| !open.marked || id.is_none_or(|id| open.is(id)))?;
        // What has failed stays so, though the agent goes on to its end.
        let status = if self.outcome == RunOutcome::Failed { TurnStatus::Failed } else { status };
        self.outcome = status.into();
        Some(status)
    }

    /// The agent reports an error. `false`: no turn is open that could fail.
    pub(crate) fn fail(&mut self) -> bool {
        if self.open.is_some() {
            self.outcome = RunOutcome::Failed;
        }
        self.open.is_some()
    }

    /// A review is announced, in some versions before its turn begins: `true` if it begins one.
    pub(crate) fn review(&mut self, id: Option<&str>) -> bool {
        let begins = id.is_some() && !self.is_marked();
        if begins {
            self.begin(id, true);
        }
        if let Some(open) = &mut self.open {
            open.awaits_reviewer = true;
        }
        begins
    }

    /// The user speaks: `true` if that begins a turn, in versions that do not mark it.
    pub(crate) fn user_speaks(&mut self) -> bool {
        let begins = !self.is_marked();
        if begins {
            self.begin(None, false);
        }
        begins
    }

    /// Whether it matters that the user speaks.
    pub(crate) fn heeds_user(&self) -> bool {
        match &self.open {
            Some(open) => !open.marked && (self.outcome != RunOutcome::Unknown || open.awaits_reviewer),
            None => true,
        }
    }

    fn begin(&mut self, id: Option<&str>, marked: bool) {
        self.outcome = if marked { RunOutcome::Running } else { RunOutcome::Unknown };
        self.open = Some(OpenTurn { id: id.map(short), marked, awaits_reviewer: false });
    }
}

impl OpenTurn {
    fn is(&self, id: &str) -> bool {
        self.id.as_deref() == Some(&*short(id))
    }
}

fn short(id: &str) -> String {
    bounded(id, MAX_NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(marks: &[(&str, Option<&str>)]) -> RunOutcome {
        let mut run = Run::default();
        for (event, id) in marks {
            match Mark::of(event.as_bytes()) {
                Some(mark) => run.take(mark, *id),
                None => _ = run.user_speaks(),
            }
        }
        run.outcome()
    }

    #[test]
    fn the_last_turn_decides() {
        use RunOutcome::{Completed, Failed, Interrupted, Running, Unknown};
        let (a, b) = (Some("a"), Some("b"));
        assert_eq!(after(&[]), Unknown);
        assert_eq!(after(&[("task_started", a)]), Running);
        assert_eq!(after(&[("turn_started", a), ("turn_complete", a)]), Completed);
        assert_eq!(after(&[("task_started", a), ("task_complete", None)]), Completed);
        assert_eq!(after(&[("task_started", a), ("turn_aborted", a)]), Interrupted);
        assert_eq!(after(&[("task_started", a), ("error", None)]), Failed);
        assert_eq!(after(&[("task_started", a), ("error", None), ("task_complete", a)]), Failed);
        assert_eq!(after(&[("task_started", a), ("error", None), ("task_started", b)]), Running);
        assert_eq!(after(&[("task_started", a), ("task_started", b), ("task_complete", a)]), Running);
        assert_eq!(after(&[("task_started", a), ("task_complete", a), ("error", None)]), Completed);
    }

    #[test]
    fn a_reviewers_turn_belongs_to_the_one_that_asked() {
        use RunOutcome::{Completed, Running};
        let (a, b) = (Some("a"), Some("b"));
        let asked = [("entered_review_mode", a), ("task_started", b), ("task_complete", b)];
        assert_eq!(after(&asked), Running);
        assert_eq!(after(&[&asked[..], &[("task_complete", a)]].concat()), Completed);
        assert_eq!(after(&[&[("task_started", a)], &asked[..]].concat()), Running);
    }

    #[test]
    fn a_version_that_marks_no_turn_says_only_what_went_wrong() {
        use RunOutcome::{Interrupted, Unknown};
        assert_eq!(after(&[("user_message", None)]), Unknown);
        assert_eq!(after(&[("turn_aborted", None)]), Unknown, "there is no turn");
        assert_eq!(after(&[("user_message", None), ("turn_aborted", None)]), Interrupted);
        let gone_on = [("user_message", None), ("turn_aborted", None), ("user_message", None)];
        assert_eq!(after(&gone_on), Unknown);
    }

    #[test]
    fn the_users_words_matter_exactly_where_they_change_something() {
        let events =
            ["user_message", "task_started", "task_complete", "turn_aborted", "error", "entered_review_mode"];
        for n in 0..events.len().pow(4) {
            let mut run = Run::default();
            for place in 0..4 {
                match Mark::of(events[n / events.len().pow(place) % events.len()].as_bytes()) {
                    Some(mark) => run.take(mark, None),
                    None => _ = run.user_speaks(),
                }
            }
            let mut spoken = run.clone();
            spoken.user_speaks();
            assert_eq!(run.heeds_user(), spoken != run, "{run:?}");
        }
    }
}
