//! Random operations in random order: the store does the same as a model of a few lines.

use std::collections::BTreeMap;

use proptest::prelude::*;
use threadkeep_state_goals::{
    AccountMode, Goal, GoalError, GoalStatus, GoalStore, GoalUpdate, ListGoals, NewGoal, Usage,
};
use uuid::Uuid;

use crate::common::{Lab, at, thread};

/// A goal of the model, which says only what the crate's documentation says.
#[derive(Clone, Debug, PartialEq)]
struct Model {
    goal_id: Uuid,
    objective: String,
    status: GoalStatus,
    budget: Option<i64>,
    tokens: i64,
    seconds: i64,
    created: i64,
    updated: i64,
}

/// An operation on a thread's goal.
#[derive(Clone, Debug)]
enum Deed {
    Insert(NewGoal),
    Replace(NewGoal),
    Update { of: Meant, objective: Option<u8>, status: Option<GoalStatus>, budget: Option<Option<i64>> },
    Account { of: Meant, tokens: i64, seconds: i64, mode: AccountMode },
    Pause,
    Delete,
}

/// The goal that the caller expects.
#[derive(Clone, Copy, Debug)]
enum Meant {
    Any,
    /// The present goal.
    Current,
    /// An earlier goal.
    Earlier,
}

/// Result of an operation, without values that only the store can know.
#[derive(Debug, PartialEq)]
enum Outcome {
    Goal(Model),
    NotCounted(Model),
    Nothing,
    Deleted(bool),
    NoGoal,
    Exists(Model),
    Stale(Model),
    UsedUp(i64, Model),
    Negative,
}

type Goals = BTreeMap<u128, Model>;

fn used_up(budget: Option<i64>, tokens: i64) -> bool {
    budget.is_some_and(|budget| tokens >= budget)
}

/// Does a deed to the model. `fresh` is the id that the store gave to a goal that it made.
fn model(goals: &mut Goals, number: u128, deed: &Deed, now: i64, fresh: Uuid) -> Outcome {
    let current = goals.get_mut(&number);
    match (deed, current) {
        (Deed::Insert(_), Some(current)) => Outcome::Exists(current.clone()),
        (Deed::Insert(new) | Deed::Replace(new), _) => {
            let goal = Model {
                goal_id: fresh,
                objective: new.objective.clone(),
                status: new.status,
                budget: new.token_budget,
                tokens: 0,
                seconds: 0,
                created: now,
                updated: now,
            };
            goals.insert(number, goal.clone());
            Outcome::Goal(goal)
        }
        (Deed::Delete, _) => Outcome::Deleted(goals.remove(&number).is_some()),
        (Deed::Pause, Some(goal)) if goal.status == GoalStatus::Active => {
            (goal.status, goal.updated) = (GoalStatus::Paused, goal.updated.max(now));
            Outcome::Goal(goal.clone())
        }
        (Deed::Pause, _) => Outcome::Nothing,
        (Deed::Account { tokens, seconds, .. }, _) if *tokens < 0 || *seconds < 0 => Outcome::Negative,
        (Deed::Update { .. } | Deed::Account { .. }, None) => Outcome::NoGoal,
        (Deed::Update { of: Meant::Earlier, .. } | Deed::Account { of: Meant::Earlier, .. }, Some(goal)) => {
            Outcome::Stale(goal.clone())
        }
        (Deed::Update { objective, status, budget, .. }, Some(goal)) => {
            let budget = budget.unwrap_or(goal.budget);
            let is_used_up = used_up(budget, goal.tokens);
            if *status == Some(GoalStatus::Active) && is_used_up {
                return Outcome::UsedUp(budget.expect("it is used up"), goal.clone());
            }
            if let Some(objective) = objective {
                goal.objective = format!("objective {objective}");
            }
            goal.budget = budget;
            goal.status = match status.unwrap_or(goal.status) {
                GoalStatus::Active if is_used_up => GoalStatus::BudgetLimited,
                other => other,
            };
            goal.updated = goal.updated.max(now);
            Outcome::Goal(goal.clone())
        }
        (Deed::Account { tokens, seconds, mode, .. }, Some(goal)) => {
            let counts = match mode {
                AccountMode::ActiveOnly => goal.status == GoalStatus::Active,
                AccountMode::ActiveOrComplete => {
                    matches!(goal.status, GoalStatus::Active | GoalStatus::Complete)
                }
                _ => goal.status != GoalStatus::Complete,
            };
            if !counts {
                return Outcome::NotCounted(goal.clone());
            }
            goal.tokens = goal.tokens.saturating_add(*tokens);
            goal.seconds = goal.seconds.saturating_add(*seconds);
            if goal.status == GoalStatus::Active && used_up(goal.budget, goal.tokens) {
                goal.status = GoalStatus::BudgetLimited;
            }
            goal.updated = goal.updated.max(now);
            Outcome::Goal(goal.clone())
        }
    }
}

/// Does a deed to the store.
async fn store(
    goals: &GoalStore,
    number: u128,
    deed: &Deed,
    now: i64,
    known: Option<Uuid>,
) -> Result<Outcome, GoalError> {
    let (id, time) = (thread(number), at(now));
    let expected = |of: &Meant| match of {
        Meant::Any => None,
        Meant::Current => known,
        Meant::Earlier => Some(Uuid::nil()),
    };
    let outcome = match deed.clone() {
        Deed::Insert(new) => goals.insert(id, new, time).await.map(|goal| Outcome::Goal(seen(&goal))),
        Deed::Replace(new) => goals.replace(id, new, time).await.map(|goal| Outcome::Goal(seen(&goal))),
        Deed::Update { of, objective, status, budget } => {
            let update = GoalUpdate {
                expected_goal_id: expected(&of),
                objective: objective.map(|number| format!("objective {number}")),
                status,
                token_budget: budget,
            };
            goals.update(id, update, time).await.map(|goal| Outcome::Goal(seen(&goal)))
        }
        Deed::Account { of, tokens, seconds, mode } => {
            let usage = Usage { tokens, seconds, mode, expected_goal_id: expected(&of) };
            goals.account(id, usage, time).await.map(|accounted| match accounted.counted {
                true => Outcome::Goal(seen(&accounted.goal)),
                false => Outcome::NotCounted(seen(&accounted.goal)),
            })
        }
        Deed::Pause => {
            let paused = goals.pause_if_active(id, None, time).await;
            paused.map(|goal| goal.map_or(Outcome::Nothing, |goal| Outcome::Goal(seen(&goal))))
        }
        Deed::Delete => goals.delete(id, None).await.map(|deleted| Outcome::Deleted(deleted.is_some())),
    };
    match outcome {
        Err(GoalError::NoGoal(_)) => Ok(Outcome::NoGoal),
        Err(GoalError::Exists(current)) => Ok(Outcome::Exists(seen(&current))),
        Err(GoalError::Stale { current, .. }) => Ok(Outcome::Stale(seen(&current))),
        Err(GoalError::BudgetUsedUp { budget, current }) => Ok(Outcome::UsedUp(budget, seen(&current))),
        Err(GoalError::NegativeUsage { .. }) => Ok(Outcome::Negative),
        other => other,
    }
}

/// A goal of the store, as the model has it.
fn seen(goal: &Goal) -> Model {
    let ms = |time: jiff::Timestamp| time.as_millisecond() - at(0).as_millisecond();
    Model {
        goal_id: goal.goal_id,
        objective: goal.objective.clone(),
        status: goal.status,
        budget: goal.token_budget,
        tokens: goal.tokens_used,
        seconds: goal.seconds_used,
        created: ms(goal.created_at),
        updated: ms(goal.updated_at),
    }
}

/// Small numbers, that meet each other often, and the largest.
fn count() -> impl Strategy<Value = i64> {
    prop_oneof![8 => 0_i64..6, 1 => i64::MAX - 3..=i64::MAX, 1 => -2_i64..0]
}

fn budget() -> impl Strategy<Value = Option<i64>> {
    proptest::option::of(prop_oneof![4 => 1_i64..12, 1 => i64::MAX - 3..=i64::MAX])
}

fn status() -> impl Strategy<Value = GoalStatus> {
    prop_oneof![2 => Just(GoalStatus::Active), 3 => proptest::sample::select(&GoalStatus::ALL[..])]
}

fn new_goal() -> impl Strategy<Value = NewGoal> {
    (0_u8..9, status(), budget()).prop_map(|(number, status, token_budget)| NewGoal {
        objective: format!("objective {number}"),
        status,
        token_budget,
    })
}

fn meant() -> impl Strategy<Value = Meant> {
    prop_oneof![3 => Just(Meant::Any), 3 => Just(Meant::Current), 1 => Just(Meant::Earlier)]
}

fn mode() -> impl Strategy<Value = AccountMode> {
    proptest::sample::select(vec![
        AccountMode::ActiveOnly,
        AccountMode::ActiveOrComplete,
        AccountMode::ActiveOrStopped,
    ])
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        3 => new_goal().prop_map(Deed::Insert),
        1 => new_goal().prop_map(Deed::Replace),
        6 => (meant(), proptest::option::of(0_u8..9), proptest::option::of(status()), proptest::option::of(budget()))
            .prop_map(|(of, objective, status, budget)| Deed::Update { of, objective, status, budget }),
        9 => (meant(), count(), count(), mode())
            .prop_map(|(of, tokens, seconds, mode)| Deed::Account { of, tokens, seconds, mode }),
        1 => Just(Deed::Pause),
        1 => Just(Deed::Delete),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_store_does_what_the_model_does(
        deeds in proptest::collection::vec((0_u128..3, deed(), 0_i64..50), 1..60),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
        runtime.block_on(async {
            let lab = Lab::new().expect("a folder");
            let mut goals = Goals::new();
            for (number, deed, now) in deeds {
                let known = goals.get(&number).map(|goal| goal.goal_id);
                let done = store(&lab.goals, number, &deed, now, known).await.expect("nothing else can go wrong");
                let fresh = match &done {
                    Outcome::Goal(goal) => goal.goal_id,
                    _ => Uuid::nil(),
                };
                if matches!(&deed, Deed::Insert(_) | Deed::Replace(_)) {
                    prop_assert_ne!(Some(fresh), known);
                }
                prop_assert_eq!(done, model(&mut goals, number, &deed, now, fresh), "{:?}", deed);
            }
            let listed = lab.goals.list(&ListGoals::default()).await.expect("a list");
            let mut wanted: Vec<_> = goals.iter().map(|(number, goal)| (goal.updated, *number, goal.clone())).collect();
            wanted.sort_by_key(|(updated, number, _)| std::cmp::Reverse((*updated, *number)));
            let wanted: Vec<_> = wanted.into_iter().map(|(_, number, goal)| (thread(number), goal)).collect();
            let listed: Vec<_> = listed.iter().map(|goal| (goal.thread_id, seen(goal))).collect();
            prop_assert_eq!(listed, wanted);
            Ok(())
        })?;
    }
}
