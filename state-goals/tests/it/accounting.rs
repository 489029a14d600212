//! Recording usage: which goals count it, and the end of a budget.

use std::future::Future as _;
use std::task::Poll;

use threadkeep_state_goals::{AccountMode, GoalError, GoalStatus, GoalUpdate, NewGoal, Usage};

use crate::common::{Lab, Result, at, thread, usage};

fn budget(budget: Option<i64>) -> GoalUpdate {
    GoalUpdate { token_budget: Some(budget), ..GoalUpdate::default() }
}

fn activate(update: GoalUpdate) -> GoalUpdate {
    GoalUpdate { status: Some(GoalStatus::Active), ..update }
}

#[tokio::test]
async fn a_budget_is_reached_with_its_last_token_and_not_before() -> Result {
    let (lab, _) = Lab::with_budget(10).await?;
    let nine = lab.goals.account(thread(1), usage(9, 3), at(2)).await?;
    assert!(nine.counted);
    assert_eq!((nine.goal.tokens_used, nine.goal.seconds_used), (9, 3));
    assert_eq!((nine.goal.status, nine.goal.updated_at), (GoalStatus::Active, at(2)));

    let ten = lab.goals.account(thread(1), usage(1, 0), at(3)).await?;
    assert!(ten.counted);
    assert_eq!((ten.goal.tokens_used, ten.goal.status), (10, GoalStatus::BudgetLimited));

    // Now it is stopped, and nothing more is counted for it unless stopped goals are meant.
    let more = lab.goals.account(thread(1), usage(1, 1), at(4)).await?;
    assert_eq!((more.counted, &more.goal), (false, &ten.goal));
    assert_eq!(lab.goal().await?, ten.goal);
    Ok(())
}

#[tokio::test]
async fn a_goal_without_a_budget_is_never_limited() -> Result {
    let lab = Lab::new()?;
    lab.goals.insert(thread(1), NewGoal::new("reach it"), at(1)).await?;
    for _ in 0..3 {
        let accounted = lab.goals.account(thread(1), usage(i64::MAX, i64::MAX), at(2)).await?;
        assert_eq!((accounted.goal.tokens_used, accounted.goal.seconds_used), (i64::MAX, i64::MAX));
        assert_eq!(accounted.goal.status, GoalStatus::Active);
    }
    Ok(())
}

#[tokio::test]
async fn counters_stay_at_their_maximum_and_reach_the_largest_budget_there() -> Result {
    let (lab, _) = Lab::with_budget(i64::MAX).await?;
    let almost = lab.goals.account(thread(1), usage(i64::MAX - 1, 1), at(2)).await?;
    assert_eq!((almost.goal.tokens_used, almost.goal.status), (i64::MAX - 1, GoalStatus::Active));
    let beyond = lab.goals.account(thread(1), usage(i64::MAX, i64::MAX), at(3)).await?;
    assert_eq!((beyond.goal.tokens_used, beyond.goal.seconds_used), (i64::MAX, i64::MAX));
    assert_eq!(beyond.goal.status, GoalStatus::BudgetLimited);
    Ok(())
}

#[tokio::test]
async fn a_mode_decides_which_statuses_count() -> Result {
    use GoalStatus::{Active, Blocked, BudgetLimited, Complete, Paused, UsageLimited};
    let counts = [
        (AccountMode::ActiveOnly, vec![Active]),
        (AccountMode::ActiveOrComplete, vec![Active, Complete]),
        (AccountMode::ActiveOrStopped, vec![Active, Paused, Blocked, UsageLimited, BudgetLimited]),
    ];
    for (mode, counted) in counts {
        for status in GoalStatus::ALL {
            let lab = Lab::new()?;
            let new = NewGoal { status, token_budget: Some(10), ..NewGoal::new("reach it") };
            let before = lab.goals.insert(thread(1), new, at(1)).await?;
            let accounted = lab.goals.account(thread(1), Usage { mode, ..usage(50, 5) }, at(2)).await?;
            assert_eq!(accounted.counted, counted.contains(&status), "{mode:?}, {status}");
            if accounted.counted {
                assert_eq!((accounted.goal.tokens_used, accounted.goal.seconds_used), (50, 5));
                // Only what is active is ever stopped by its budget.
                let after = if status == Active { BudgetLimited } else { status };
                assert_eq!(accounted.goal.status, after, "{mode:?}, {status}");
            } else {
                assert_eq!(accounted.goal, before, "{mode:?}, {status}");
            }
            assert_eq!(lab.goal().await?, accounted.goal);
        }
    }
    Ok(())
}

#[tokio::test]
async fn usage_is_never_counted_down() -> Result {
    let (lab, before) = Lab::with_budget(10).await?;
    for (tokens, seconds) in [(-1, 0), (0, -1), (i64::MIN, i64::MAX)] {
        match lab.goals.account(thread(1), usage(tokens, seconds), at(2)).await {
            Err(GoalError::NegativeUsage { tokens: t, seconds: s }) => assert_eq!((t, s), (tokens, seconds)),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(lab.goal().await?, before);
    Ok(())
}

#[tokio::test]
async fn an_active_goal_that_gets_a_budget_it_has_used_up_is_limited_at_once() -> Result {
    for (allowed, status) in
        [(6, GoalStatus::BudgetLimited), (7, GoalStatus::BudgetLimited), (8, GoalStatus::Active)]
    {
        let (lab, _) = Lab::with_budget(10).await?;
        lab.goals.account(thread(1), usage(7, 0), at(2)).await?;
        let goal = lab.goals.update(thread(1), budget(Some(allowed)), at(3)).await?;
        assert_eq!((goal.token_budget, goal.status), (Some(allowed), status));
    }
    // Other goals keep their status, and cannot become active with this budget.
    let (lab, _) = Lab::with_budget(10).await?;
    lab.goals.account(thread(1), usage(7, 0), at(2)).await?;
    let paused = GoalUpdate { status: Some(GoalStatus::Paused), ..budget(Some(7)) };
    let goal = lab.goals.update(thread(1), paused, at(3)).await?;
    assert_eq!(goal.status, GoalStatus::Paused);
    let resumed = lab.goals.update(thread(1), activate(GoalUpdate::default()), at(4)).await;
    assert!(matches!(resumed, Err(GoalError::BudgetUsedUp { budget: 7, .. })), "{resumed:?}");
    Ok(())
}

#[tokio::test]
async fn a_limited_goal_goes_on_when_it_is_asked_to_and_has_the_means() -> Result {
    for means in [Some(13), None] {
        let (lab, _) = Lab::with_budget(10).await?;
        let limited = lab.goals.account(thread(1), usage(12, 0), at(2)).await?.goal;
        let errors = [
            (activate(GoalUpdate::default()), 10),
            (activate(budget(Some(11))), 11),
            (activate(budget(Some(12))), 12),
        ];
        for (update, would_be) in errors {
            match lab.goals.update(thread(1), update, at(3)).await {
                Err(error @ GoalError::BudgetUsedUp { .. }) => {
                    assert!(error.to_string().contains("cannot become active"), "{error}");
                    let GoalError::BudgetUsedUp { budget, current } = error else { unreachable!() };
                    assert_eq!((budget, &*current), (would_be, &limited));
                }
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(lab.goal().await?, limited, "what was refused changed nothing");

        let raised = lab.goals.update(thread(1), budget(means), at(4)).await?;
        assert_eq!((raised.status, raised.token_budget), (GoalStatus::BudgetLimited, means));
        let active = lab.goals.update(thread(1), activate(GoalUpdate::default()), at(5)).await?;
        assert_eq!((active.status, active.tokens_used), (GoalStatus::Active, 12));
    }
    let (lab, _) = Lab::with_budget(10).await?;
    lab.goals.account(thread(1), usage(12, 0), at(2)).await?;
    let active = lab.goals.update(thread(1), activate(budget(Some(13))), at(3)).await?;
    assert_eq!((active.status, active.token_budget), (GoalStatus::Active, Some(13)));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_tasks_are_counted_exactly_and_one_of_them_reaches_the_budget() -> Result {
    const TASKS: i64 = 100;
    const EACH: i64 = 5;
    let (lab, _) = Lab::with_budget(TASKS * EACH * 3).await?;
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let goals = lab.goals.clone();
            tokio::spawn(async move {
                let mut limited = 0;
                for _ in 0..EACH {
                    let accounted = goals.account(thread(1), usage(3, 2), at(2)).await?;
                    assert!(accounted.counted, "the last one of all reaches the budget");
                    limited += i64::from(accounted.goal.status == GoalStatus::BudgetLimited);
                }
                Ok::<_, GoalError>(limited)
            })
        })
        .collect();
    let mut limited = 0;
    for task in tasks {
        limited += task.await??;
    }
    let goal = lab.goal().await?;
    assert_eq!((goal.tokens_used, goal.seconds_used), (TASKS * EACH * 3, TASKS * EACH * 2));
    assert_eq!((goal.status, limited), (GoalStatus::BudgetLimited, 1));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_is_dropped_was_done_whole_or_not_at_all() -> Result {
    let (lab, _) = Lab::with_budget(i64::MAX).await?;
    let mut done = 0;
    for round in 1..=200_i64 {
        let mut call = Box::pin(lab.goals.account(thread(1), usage(1, 1), at(2)));
        for _ in 0..round % 25 {
            let polled = std::future::poll_fn(|context| Poll::Ready(call.as_mut().poll(context))).await;
            if let Poll::Ready(accounted) = polled {
                done += i64::from(accounted?.counted);
                break;
            }
            std::thread::yield_now();
            tokio::task::yield_now().await;
        }
        drop(call);
        let goal = lab.goal().await?;
        assert_eq!(goal.tokens_used, goal.seconds_used);
        assert!(
            done <= goal.tokens_used && goal.tokens_used <= round,
            "{done}, {}, {round}",
            goal.tokens_used
        );
    }
    assert!(done < 200, "some were dropped before they were done");
    // A commit that was under way when its call was dropped is done before the next write begins.
    let first = lab.goals.account(thread(1), usage(1, 1), at(3)).await?.goal;
    let second = lab.goals.account(thread(1), usage(1, 1), at(3)).await?.goal;
    assert_eq!(second.tokens_used, first.tokens_used + 1);
    assert!(done < first.tokens_used && first.tokens_used <= 201, "{done}, {}", first.tokens_used);
    assert_eq!(lab.goal().await?, second);
    Ok(())
}
