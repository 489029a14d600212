//! Fold of facts into turns: decides where a turn begins and how it ends, for pages of turns and
//! for a thread's last run.

use serde::{Deserialize, Serialize};

use super::run_outcome::RunOutcome;
use crate::format::fact::Fact;
use crate::format::item::{TurnItemKind, TurnStatus};
use crate::text::{MAX_NAME, bounded};

/// Effect of a fact on the turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// The open turn goes on, if there is one.
    None,
    /// A turn begins, and the open one ends.
    Begin,
    /// The open turn ends.
    End(TurnStatus),
    /// The open turn has failed; its end may still come.
    Fail,
}

/// State of the last turn, after the facts so far.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Run {
    outcome: RunOutcome,
    /// The turn that has not ended yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    open: Option<OpenTurn>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
struct OpenTurn {
    /// The agent's id of the turn, bounded.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// True if the agent marked its beginning, and will mark its end.
    marked: bool,
    /// True if a reviewer's own turn comes next, which belongs to this one.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    awaits_reviewer: bool,
}

impl Run {
    pub(crate) fn outcome(&self) -> RunOutcome {
        self.outcome
    }

    /// Returns true if a turn is open whose beginning the agent marked, so that it will mark its
    /// end. Only without such a turn a user's message begins one.
    pub(crate) fn is_marked(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.marked)
    }

    /// Takes a fact, and returns its effect on the turns.
    pub(crate) fn take(&mut self, fact: &Fact<'_>) -> Step {
        let begin = |begins| if begins { Step::Begin } else { Step::None };
        match fact {
            Fact::TurnStarted { turn_id, .. } => begin(self.start(turn_id.as_deref())),
            Fact::TurnEnded { turn_id, status, .. } => self.end(turn_id.as_deref(), *status),
            Fact::TurnFailed { .. } => self.fail(),
            Fact::UserMessage { message, .. } => {
                let is_tools = message.is_bare_image() && self.open.is_some();
                begin(!message.injected && !is_tools && self.user_speaks())
            }
            Fact::TurnItem { turn_id, item } if matches!(item.kind, TurnItemKind::EnteredReview { .. }) => {
                begin(self.review(turn_id.as_deref()))
            }
            _ => Step::None,
        }
    }

    /// Starts a turn, unless it is a reviewer's own within the turn that asked for the review.
    fn start(&mut self, id: Option<&str>) -> bool {
        if self.open.as_mut().is_some_and(|open| std::mem::take(&mut open.awaits_reviewer)) {
            return false;
        }
        self.begin(id, true);
        true
    }

    /// Ends the open turn, unless another is meant: the end of a turn that another interrupted is
    /// not the other's.
    fn end(&mut self, id: Option<&str>, status: TurnStatus) -> Step {
        let is_meant = |open: &mut OpenTurn| !open.marked || id.is_none_or(|id| open.is(id));
        if self.open.take_if(is_meant).is_none() {
            return Step::None;
        }
        // A failed turn stays failed, though the agent goes on to its end.
        let status = if self.outcome == RunOutcome::Failed { TurnStatus::Failed } else { status };
        self.outcome = status.into();
        Step::End(status)
    }

    fn fail(&mut self) -> Step {
        if self.open.is_none() {
            return Step::None;
        }
        self.outcome = RunOutcome::Failed;
        Step::Fail
    }

    /// Notes the announcement of a review, in some versions before its turn begins: then it begins
    /// one.
    fn review(&mut self, id: Option<&str>) -> bool {
        let begins = id.is_some() && !self.is_marked();
        if begins {
            self.begin(id, true);
        }
        if let Some(open) = &mut self.open {
            open.awaits_reviewer = true;
        }
        begins
    }

    /// Starts a turn with a user's message, in versions that do not mark turns.
    fn user_speaks(&mut self) -> bool {
        let begins = !self.is_marked();
        if begins {
            self.begin(None, false);
        }
        begins
    }

    /// Goes back to the end of an earlier turn.
    pub(crate) fn roll_back(&mut self, outcome: RunOutcome) {
        (self.outcome, self.open) = (outcome, None);
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
