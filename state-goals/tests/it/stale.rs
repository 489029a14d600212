//! A call that expects a replaced goal fails, and changes nothing.

use threadkeep_state_goals::{Goal, GoalError, GoalStatus, GoalUpdate, NewGoal, Usage};
use uuid::Uuid;

use crate::common::{Lab, Result, at, thread, usage};

/// Takes the stale-update error apart.
fn stale<T: std::fmt::Debug>(outcome: Result<T, GoalError>) -> (Uuid, Goal, String) {
    match outcome {
        Err(error @ GoalError::Stale { .. }) => {
            let message = error.to_string();
            let GoalError::Stale { expected, current } = error else { unreachable!() };
            (expected, *current, message)
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_means_a_replaced_goal_changes_nothing() -> Result {
    let (lab, first) = Lab::with_budget(10).await?;
    let expected = Some(first.goal_id);
    let update = GoalUpdate { expected_goal_id: expected, ..GoalUpdate::default() };
    let late = Usage { expected_goal_id: expected, ..usage(5, 5) };
    assert!(lab.goals.account(thread(1), late, at(2)).await?.counted);
    lab.goals.update(thread(1), update, at(2)).await?;

    let second = lab.goals.replace(thread(1), NewGoal::new("something else"), at(3)).await?;
    let updates = [
        GoalUpdate { expected_goal_id: expected, ..GoalUpdate::default() },
        GoalUpdate {
            expected_goal_id: expected,
            objective: Some("late".to_owned()),
            status: Some(GoalStatus::Complete),
            token_budget: Some(Some(1)),
        },
        GoalUpdate { expected_goal_id: expected, status: Some(GoalStatus::Active), ..GoalUpdate::default() },
    ];
    for update in updates {
        let (meant, current, message) = stale(lab.goals.update(thread(1), update, at(4)).await);
        assert_eq!((meant, &current), (first.goal_id, &second));
        assert!(message.contains(&second.goal_id.to_string()), "{message}");
    }
    for tokens in [0, 5] {
        let late = Usage { tokens, ..late };
        let (meant, current, _) = stale(lab.goals.account(thread(1), late, at(4)).await);
        assert_eq!((meant, &current), (first.goal_id, &second));
    }
    for (meant, current, _) in [
        stale(lab.goals.pause_if_active(thread(1), expected, at(4)).await),
        stale(lab.goals.delete(thread(1), expected).await),
    ] {
        assert_eq!((meant, &current), (first.goal_id, &second));
    }
    assert_eq!(lab.goal().await?, second);
    Ok(())
}

#[tokio::test]
async fn stale_comes_before_what_else_would_be_wrong_with_the_current_goal() -> Result {
    let (lab, first) = Lab::with_budget(10).await?;
    let new = NewGoal { token_budget: Some(3), ..NewGoal::new("something else") };
    lab.goals.replace(thread(1), new, at(2)).await?;
    let second = lab.goals.account(thread(1), usage(3, 0), at(3)).await?.goal;
    assert_eq!(second.status, GoalStatus::BudgetLimited);

    let resume = GoalUpdate {
        expected_goal_id: Some(first.goal_id),
        status: Some(GoalStatus::Active),
        ..GoalUpdate::default()
    };
    assert_eq!(stale(lab.goals.update(thread(1), resume, at(4)).await).1, second);
    // A status that does not count is no reason to say nothing.
    let late = Usage { expected_goal_id: Some(first.goal_id), ..usage(1, 1) };
    assert_eq!(stale(lab.goals.account(thread(1), late, at(4)).await).1, second);
    Ok(())
}
