//! `goals set|pause|resume|complete|clear|account`: what changes a goal.

use anyhow::Context as _;
use clap::ValueEnum as _;
use jiff::Timestamp;
use threadkeep_sqlite::OpenOptions;
use threadkeep_state_goals::{
    AccountMode, Accounted, Goal, GoalError, GoalStatus, GoalStore, GoalUpdate, NewGoal, Usage,
};
use uuid::Uuid;

use super::goal_text::{of_typed, status, summary};
use super::goals::Goals;
use super::resolve::resolve;
use crate::args::{AccountArgs, Budget, Mode, SetArgs};
use crate::exit::{About, fault};
use crate::homes::Homes;
use crate::index;
use crate::output::Screen;
use crate::output::text::shell_word;

/// What is to become of the goal of a thread.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change<'a> {
    Set(&'a SetArgs),
    Pause,
    Resume,
    Complete,
    Clear,
    Account(&'a AccountArgs),
}

pub(super) async fn change(
    homes: &Homes,
    typed: &str,
    change: Change<'_>,
    screen: &Screen,
) -> anyhow::Result<Goals> {
    if let Change::Account(AccountArgs { tokens: None, seconds: None, .. }) = change {
        return Err(fault(
            "nothing was given that was used; nothing was done",
            format!("say how much: threadkeep goals account {} --tokens N --seconds N", shell_word(typed)),
        ));
    }
    let thread = resolve(homes, typed, screen).await?;
    changed(homes, thread, change).await.context(About(thread))
}

async fn changed(homes: &Homes, thread: Uuid, change: Change<'_>) -> anyhow::Result<Goals> {
    index::need_sqlite_home(homes)?;
    let store = GoalStore::new(&homes.sqlite_home, &OpenOptions::new());
    let edit = Edit { store: &store, thread, now: Timestamp::now() };
    let mut counted = None;
    let said = match change {
        Change::Set(args) => edit.set(args).await?,
        Change::Pause => edit.pause().await?,
        Change::Resume => edit.resume().await?,
        Change::Complete => edit.complete().await?,
        Change::Clear => edit.clear().await?,
        Change::Account(args) => {
            let (said, is_counted) = edit.account(args).await?;
            counted = Some(is_counted);
            said
        }
    };
    let goal = store.get(thread).await?;
    store.close().await?;
    Ok(Goals::Done { said, thread, goal, counted })
}

struct Edit<'a> {
    store: &'a GoalStore,
    thread: Uuid,
    now: Timestamp,
}

impl Edit<'_> {
    async fn set(&self, args: &SetArgs) -> anyhow::Result<String> {
        let current = self.store.get(self.thread).await?;
        let budget = args.budget.map(|budget| match budget {
            Budget::Tokens(tokens) => Some(tokens),
            Budget::None => None,
        });
        let status = args.status.map(of_typed);
        match (current, args.objective.clone()) {
            (Some(current), objective) if !args.new => {
                let update = GoalUpdate {
                    expected_goal_id: Some(args.goal_id.unwrap_or(current.goal_id)),
                    objective,
                    status,
                    token_budget: budget,
                };
                let goal = self.store.update(self.thread, update, self.now).await?;
                let next = if budget.is_some() { self.after_budget(&goal) } else { String::new() };
                Ok(format!("the goal of {} is changed: {}{next}", self.thread, summary(&goal)))
            }
            (None, None) => Err(fault(
                format!("{} has no goal that could be changed; nothing was done", self.thread),
                format!("give it one: threadkeep goals set {} OBJECTIVE", self.thread),
            )),
            (current, objective) => {
                let new = NewGoal {
                    objective: objective.unwrap_or_default(),
                    status: status.unwrap_or(GoalStatus::Active),
                    token_budget: budget.flatten(),
                };
                let goal = match current {
                    Some(_) => self.store.replace(self.thread, new, self.now).await?,
                    None => match self.store.insert(self.thread, new, self.now).await {
                        // Somebody has just set one: then this one changes it, as it would have a moment later.
                        Err(GoalError::Exists { .. }) => return Box::pin(self.set(args)).await,
                        inserted => inserted?,
                    },
                };
                Ok(format!("{} has a new goal: {}", self.thread, summary(&goal)))
            }
        }
    }

    /// What is to be done for a goal to go on that another budget has not made active again.
    fn after_budget(&self, goal: &Goal) -> String {
        if goal.status != GoalStatus::BudgetLimited {
            return String::new();
        }
        match goal.token_budget.is_none_or(|budget| goal.tokens_used < budget) {
            true => format!("; `threadkeep goals resume {}` goes on", self.thread),
            false => "; that is used up, too".to_owned(),
        }
    }

    async fn pause(&self) -> anyhow::Result<String> {
        let goal = self.current().await?;
        if goal.status != GoalStatus::Active {
            let status = status(goal.status);
            return Ok(format!("the goal of {} is {status}, not active; nothing to do", self.thread));
        }
        let paused = self.store.pause_if_active(self.thread, Some(goal.goal_id), self.now).await?;
        if paused.is_none() {
            return Ok(format!("the goal of {} is not active any more; nothing was done", self.thread));
        }
        Ok(format!("the goal of {0} is paused; `threadkeep goals resume {0}` goes on", self.thread))
    }

    async fn resume(&self) -> anyhow::Result<String> {
        let goal = self.current().await?;
        if goal.status == GoalStatus::Active {
            return Ok(format!("the goal of {} is active already; nothing to do", self.thread));
        }
        self.become_status(&goal, GoalStatus::Active).await?;
        let another = match goal.status {
            GoalStatus::Complete => {
                format!("; another is begun by `threadkeep goals set {} OBJECTIVE --new`", self.thread)
            }
            _ => String::new(),
        };
        Ok(format!("the goal of {} was {} and is active again{another}", self.thread, status(goal.status)))
    }

    async fn complete(&self) -> anyhow::Result<String> {
        let goal = self.current().await?;
        if goal.status == GoalStatus::Complete {
            return Ok(format!("the goal of {} is complete already; nothing to do", self.thread));
        }
        self.become_status(&goal, GoalStatus::Complete).await?;
        Ok(format!("the goal of {} is complete", self.thread))
    }

    async fn clear(&self) -> anyhow::Result<String> {
        Ok(match self.store.delete(self.thread, None).await?.is_some() {
            true => format!("{} has no goal any more", self.thread),
            false => format!("{} has no goal; nothing to do", self.thread),
        })
    }

    /// Counts what was used; also says whether it counts.
    async fn account(&self, args: &AccountArgs) -> anyhow::Result<(String, bool)> {
        let mode = match args.mode {
            Mode::Active => AccountMode::ActiveOnly,
            Mode::ActiveOrComplete => AccountMode::ActiveOrComplete,
            Mode::ActiveOrStopped => AccountMode::ActiveOrStopped,
        };
        let (tokens, seconds) = (args.tokens.unwrap_or(0), args.seconds.unwrap_or(0));
        let usage = Usage { tokens, seconds, mode, expected_goal_id: args.goal_id };
        let Accounted { goal, counted, .. } = self.store.account(self.thread, usage, self.now).await?;
        let said = if counted {
            format!("used for the goal of {}: {}", self.thread, summary(&goal))
        } else {
            let mode = args.mode.to_possible_value();
            format!(
                "not counted: the goal of {} is {}, and what is used counts for {} ones",
                self.thread,
                status(goal.status),
                mode.as_ref()
                    .map_or("other", |mode| mode.get_name())
                    .replace("-or-", " and ")
                    .replace('-', " ")
            )
        };
        Ok((said, counted))
    }

    async fn current(&self) -> anyhow::Result<Goal> {
        Ok(self.store.get(self.thread).await?.ok_or(GoalError::NoGoal { thread: self.thread })?)
    }

    /// Sets the status of the goal that was looked at, and of no other that has taken its place since.
    async fn become_status(&self, goal: &Goal, status: GoalStatus) -> anyhow::Result<()> {
        let update = GoalUpdate {
            expected_goal_id: Some(goal.goal_id),
            status: Some(status),
            ..GoalUpdate::default()
        };
        self.store.update(self.thread, update, self.now).await?;
        Ok(())
    }
}
