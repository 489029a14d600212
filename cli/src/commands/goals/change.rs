//! `goals set|pause|resume|complete|clear|account`: changes of a goal.

use async_trait::async_trait;
use jiff::Timestamp;
use threadkeep_app::dirs::Dirs;
use threadkeep_app::settings::Feature;
use threadkeep_app::{Command, Fault, FaultKind, Message, command, opening};
use threadkeep_state_goals::{
    AccountMode, Accounted, Goal, GoalError, GoalStatus, GoalStore, GoalUpdate, NewGoal, Usage,
};
use uuid::Uuid;

use super::answer::Goals;
use super::text::{of_typed, status, summary};
use crate::args::{AccountArgs, Budget, Mode, SetArgs};
use crate::command::{Answered, Context, Run};
use crate::commands::resolve::{may_exist, resolve};
use crate::commands::several::Several;
use crate::output::Screen;

/// The command.
pub(super) struct ChangeGoal<'a> {
    pub(super) ids: &'a [String],
    pub(super) change: Change<'a>,
}

/// Change of a goal.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change<'a> {
    Set(&'a SetArgs),
    Pause,
    Resume,
    Complete,
    Clear,
    Account(&'a AccountArgs),
}

#[async_trait(?Send)]
impl Run for ChangeGoal<'_> {
    fn logged(&self) -> Option<&'static str> {
        Some(match self.change {
            Change::Set(_) => "goals set",
            Change::Pause => "goals pause",
            Change::Resume => "goals resume",
            Change::Complete => "goals complete",
            Change::Clear => "goals clear",
            Change::Account(_) => "goals account",
        })
    }

    fn feature(&self) -> Option<Feature> {
        Some(Feature::Goals)
    }

    /// Databases that were named by themselves are created wherever that is.
    fn needs_some_home(&self, dirs: &Dirs) -> bool {
        dirs.sqlite_home.starts_with(&dirs.home)
    }

    async fn run(&self, Context { dirs, screen, .. }: &Context<'_>) -> Answered {
        if let Change::Account(AccountArgs { tokens: None, seconds: None, .. }) = self.change {
            let account = command("goals account")
                .arg(self.ids.first().map_or("ID", String::as_str))
                .append("--tokens N --seconds N");
            return Err(Fault::new(
                "nothing to record: give --tokens, --seconds or both",
                ("type how much: ", account),
            ));
        }
        let threads = resolve(dirs, self.ids, screen).await?;
        let done = Several::of(self.ids, threads, screen, async |thread| {
            if let Change::Set(SetArgs { force: false, .. }) = self.change {
                refuse_unknown(dirs, thread, screen).await?;
            }
            changed(dirs, thread, self.change).await.map_err(|fault| fault.about(thread))
        });
        done.await.answer()
    }
}

/// Refuses a goal for an id that no rollout and no index knows, which is mistyped.
async fn refuse_unknown(dirs: &Dirs, thread: Uuid, screen: &Screen) -> Result<(), Fault> {
    let has_goal = async || Ok::<_, Fault>(opening::goals(dirs).await?.get(thread).await?.is_some());
    if may_exist(dirs, thread, screen).await? || has_goal().await? {
        return Ok(());
    }
    let set = command("goals set").arg(thread).append("OBJECTIVE --force");
    let hint = (command("threads"), " lists the threads that exist; ", set, " sets it all the same");
    Err(Fault::new(("no thread ", thread, " in the index"), hint).of_kind(FaultKind::UnknownThread))
}

async fn changed(dirs: &Dirs, thread: Uuid, change: Change<'_>) -> Result<Goals, Fault> {
    opening::need_sqlite_home(dirs)?;
    let stores = opening::stores(dirs);
    let store = stores.thread_goals();
    let edit = Edit { store, thread, now: Timestamp::now() };
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
    async fn set(&self, args: &SetArgs) -> Result<Message, Fault> {
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
                let next = if budget.is_some() { self.after_budget(&goal) } else { Message::default() };
                let changed = format!("the goal of {} was changed: {}", self.thread, summary(&goal));
                Ok(Message::from(changed).append(next))
            }
            (None, None) => Err(GoalError::NoGoal(self.thread).into()),
            (current, objective) => {
                let new = NewGoal {
                    objective: objective.unwrap_or_default(),
                    status: status.unwrap_or(GoalStatus::Active),
                    token_budget: budget.flatten(),
                };
                let goal = match current {
                    Some(_) => self.store.replace(self.thread, new, self.now).await?,
                    None => match self.store.insert(self.thread, new, self.now).await {
                        // Another process has just set one: change that one, as this command would
                        // a moment later.
                        Err(GoalError::Exists(_)) => return Box::pin(self.set(args)).await,
                        inserted => inserted?,
                    },
                };
                Ok(format!("{} has a new goal: {}", self.thread, summary(&goal)).into())
            }
        }
    }

    /// Says how a goal continues that another budget has not made active again.
    fn after_budget(&self, goal: &Goal) -> Message {
        if goal.status != GoalStatus::BudgetLimited {
            return Message::default();
        }
        if goal.token_budget.is_none_or(|budget| goal.tokens_used < budget) {
            ("; ", self.resume_with(), " continues it").into()
        } else {
            "; this budget is used up, too".into()
        }
    }

    async fn pause(&self) -> Result<Message, Fault> {
        let goal = self.current().await?;
        if goal.status != GoalStatus::Active {
            let status = status(goal.status);
            return Ok(format!("the goal of {} is {status}, not active; nothing to do", self.thread).into());
        }
        let paused = self.store.pause_if_active(self.thread, Some(goal.goal_id), self.now).await?;
        if paused.is_none() {
            return Ok(format!("the goal of {} is no longer active; nothing was changed", self.thread).into());
        }
        Ok((format!("the goal of {} is paused; ", self.thread), self.resume_with(), " continues it").into())
    }

    async fn resume(&self) -> Result<Message, Fault> {
        let goal = self.current().await?;
        if goal.status == GoalStatus::Active {
            return Ok(format!("the goal of {} is active already; nothing to do", self.thread).into());
        }
        self.become_status(&goal, GoalStatus::Active).await?;
        let said = format!("the goal of {} was {} and is active again", self.thread, status(goal.status));
        if goal.status != GoalStatus::Complete {
            return Ok(said.into());
        }
        let new = command("goals set").arg(self.thread).arg("OBJECTIVE").arg("--new");
        Ok((said, "; ", new, " begins another").into())
    }

    async fn complete(&self) -> Result<Message, Fault> {
        let goal = self.current().await?;
        if goal.status == GoalStatus::Complete {
            return Ok(format!("the goal of {} is complete already; nothing to do", self.thread).into());
        }
        self.become_status(&goal, GoalStatus::Complete).await?;
        Ok(format!("the goal of {} is complete", self.thread).into())
    }

    async fn clear(&self) -> Result<Message, Fault> {
        let thread = self.thread;
        Ok(match self.store.delete(thread, None).await? {
            Some(_) => ("the goal of ", thread, " was cleared").into(),
            None => ("no goal was set here for thread ", thread, "; nothing to do").into(),
        })
    }

    /// Records usage. Also returns true if it was recorded.
    async fn account(&self, args: &AccountArgs) -> Result<(Message, bool), Fault> {
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
            let needed = match goal.status {
                GoalStatus::Complete => "active-or-complete",
                _ => "active-or-stopped",
            };
            let status = status(goal.status);
            format!(
                "not recorded: the goal of {} is {status}; `--mode {needed}` records it anyway",
                self.thread
            )
        };
        Ok((said.into(), counted))
    }

    fn resume_with(&self) -> Command {
        command("goals resume").arg(self.thread)
    }

    async fn current(&self) -> Result<Goal, Fault> {
        Ok(self.store.get(self.thread).await?.ok_or(GoalError::NoGoal(self.thread))?)
    }

    /// Sets the status of the goal that was read, and of no other that has replaced it since.
    async fn become_status(&self, goal: &Goal, status: GoalStatus) -> Result<(), Fault> {
        let update = GoalUpdate {
            expected_goal_id: Some(goal.goal_id),
            status: Some(status),
            ..GoalUpdate::default()
        };
        self.store.update(self.thread, update, self.now).await?;
        Ok(())
    }
}
