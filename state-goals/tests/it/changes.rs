//! Setting, changing, pausing, replacing and deleting goals.

use threadkeep_state_goals::{GoalError, GoalStatus, GoalUpdate, NewGoal};

use crate::common::{Error, Lab, Result, at, thread, usage};

#[tokio::test]
async fn a_goal_that_was_set_is_the_goal_that_is_read() -> Result {
    let (lab, goal) = Lab::with_budget(10).await?;
    assert_eq!(goal.thread_id, thread(1));
    assert_eq!(goal.goal_id.get_version_num(), 7);
    assert_eq!(goal.objective, "reach it");
    assert_eq!(goal.status, GoalStatus::Active);
    assert_eq!((goal.token_budget, goal.tokens_used, goal.seconds_used), (Some(10), 0, 0));
    assert_eq!((goal.created_at, goal.updated_at), (at(1), at(1)));
    assert_eq!(lab.goals.get(thread(1)).await?, Some(goal));
    assert_eq!(lab.goals.get(thread(2)).await?, None);
    Ok(())
}

#[tokio::test]
async fn the_goals_of_a_page_of_threads_come_by_thread_and_without_gaps() -> Result {
    let lab = Lab::new()?;
    assert_eq!(lab.goals.get_many(&[thread(1)]).await?, []);
    for number in [5, 2, 9, 7] {
        lab.goals.insert(thread(number), NewGoal::new("reach it"), at(0)).await?;
    }
    let found = lab.goals.get_many(&[9, 4, 2, 5, 9].map(thread)).await?;
    let threads: Vec<_> = found.iter().map(|goal| goal.thread_id).collect();
    assert_eq!(threads, [2, 5, 9].map(thread));
    assert_eq!(lab.goals.get_many(&[]).await?, []);
    Ok(())
}

#[tokio::test]
async fn a_second_goal_is_refused_with_the_first() -> Result {
    let (lab, first) = Lab::with_budget(10).await?;
    match lab.goals.insert(thread(1), NewGoal::new("something else"), at(2)).await {
        Err(error @ GoalError::Exists(_)) => {
            assert!(error.to_string().contains("already has a goal"), "{error}");
            let GoalError::Exists(current) = error else { unreachable!() };
            assert_eq!(*current, first);
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(lab.goal().await?, first);
    Ok(())
}

#[tokio::test]
async fn a_replacement_is_another_goal_and_has_used_nothing() -> Result {
    let (lab, first) = Lab::with_budget(10).await?;
    lab.goals.account(thread(1), usage(7, 8), at(2)).await?;
    // The clock may have been set back.
    let second = lab.goals.replace(thread(1), NewGoal::new("something else"), at(-5)).await?;
    assert_ne!(second.goal_id, first.goal_id);
    assert_eq!((second.objective.as_str(), second.token_budget), ("something else", None));
    assert_eq!((second.tokens_used, second.seconds_used), (0, 0));
    assert_eq!((second.created_at, second.updated_at), (at(-5), at(-5)));
    assert_eq!(lab.goal().await?, second);

    let paused = NewGoal { status: GoalStatus::Paused, ..NewGoal::new("where there was none") };
    let other = lab.goals.replace(thread(2), paused, at(0)).await?;
    assert_eq!(lab.goals.get(thread(2)).await?, Some(other));
    Ok(())
}

#[tokio::test]
async fn an_update_changes_what_it_names() -> Result {
    let (lab, first) = Lab::with_budget(10).await?;
    let goal = lab.goals.update(thread(1), GoalUpdate::default(), at(2)).await?;
    assert_eq!(goal, {
        let mut same = first.clone();
        same.updated_at = at(2);
        same
    });

    let objective = GoalUpdate { objective: Some(" another \n".to_owned()), ..GoalUpdate::default() };
    let goal = lab.goals.update(thread(1), objective, at(3)).await?;
    assert_eq!(
        (goal.objective.as_str(), goal.token_budget, goal.status),
        ("another", Some(10), GoalStatus::Active)
    );

    let status = GoalUpdate { status: Some(GoalStatus::Blocked), ..GoalUpdate::default() };
    let goal = lab.goals.update(thread(1), status, at(4)).await?;
    assert_eq!(
        (goal.objective.as_str(), goal.token_budget, goal.status),
        ("another", Some(10), GoalStatus::Blocked)
    );

    let no_budget = GoalUpdate { token_budget: Some(None), ..GoalUpdate::default() };
    let goal = lab.goals.update(thread(1), no_budget, at(5)).await?;
    assert_eq!(
        (goal.objective.as_str(), goal.token_budget, goal.status),
        ("another", None, GoalStatus::Blocked)
    );
    assert_eq!((goal.goal_id, goal.created_at, goal.updated_at), (first.goal_id, at(1), at(5)));

    // A clock that was set back takes no goal back in a list.
    let goal = lab.goals.update(thread(1), GoalUpdate::default(), at(-9)).await?;
    assert_eq!(goal.updated_at, at(5));
    assert_eq!(lab.goal().await?, goal);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn updates_at_once_keep_each_others_fields() -> Result {
    let (lab, _) = Lab::with_budget(10).await?;
    for round in 1..=20_i64 {
        let updates = [
            GoalUpdate { objective: Some(format!("round {round}")), ..GoalUpdate::default() },
            GoalUpdate { token_budget: Some(Some(round)), ..GoalUpdate::default() },
            GoalUpdate {
                status: Some([GoalStatus::Paused, GoalStatus::Active][round as usize % 2]),
                ..GoalUpdate::default()
            },
        ];
        let tasks = updates.map(|update| {
            let goals = lab.goals.clone();
            tokio::spawn(async move { goals.update(thread(1), update, at(round)).await })
        });
        for task in tasks {
            task.await??;
        }
        let goal = lab.goal().await?;
        assert_eq!((goal.objective, goal.token_budget), (format!("round {round}"), Some(round)));
        assert_eq!(goal.status == GoalStatus::Active, round % 2 == 1);
    }
    Ok(())
}

#[tokio::test]
async fn only_an_active_goal_is_paused() -> Result {
    let (lab, _) = Lab::with_budget(10).await?;
    for status in GoalStatus::ALL {
        let update = GoalUpdate { status: Some(status), ..GoalUpdate::default() };
        let before = lab.goals.update(thread(1), update, at(2)).await?;
        let paused = lab.goals.pause_if_active(thread(1), None, at(3)).await?;
        match status {
            GoalStatus::Active => {
                let paused = paused.ok_or("it was active")?;
                assert_eq!((paused.status, paused.updated_at), (GoalStatus::Paused, at(3)));
                assert_eq!(lab.goal().await?, paused);
            }
            _ => {
                assert_eq!(paused, None, "{status}");
                assert_eq!(lab.goal().await?, before, "{status}");
            }
        }
    }
    assert_eq!(lab.goals.pause_if_active(thread(2), None, at(3)).await?, None);
    Ok(())
}

#[tokio::test]
async fn a_deleted_goal_is_gone_and_the_thread_can_have_another() -> Result {
    let (lab, first) = Lab::with_budget(10).await?;
    lab.goals.insert(thread(2), NewGoal::new("stays"), at(1)).await?;
    assert!(lab.goals.delete(thread(1), None).await?.is_some());
    assert_eq!(lab.goals.delete(thread(1), None).await?, None);
    assert_eq!(lab.goals.get(thread(1)).await?, None);
    assert!(lab.goals.get(thread(2)).await?.is_some());

    let gone = |error: GoalError| match error {
        GoalError::NoGoal(of) if of == thread(1) => Ok::<_, Error>(()),
        other => Err(other.into()),
    };
    gone(lab.goals.update(thread(1), GoalUpdate::default(), at(2)).await.expect_err("no goal"))?;
    gone(lab.goals.account(thread(1), usage(1, 1), at(2)).await.expect_err("no goal"))?;
    let second = lab.goals.insert(thread(1), NewGoal::new("again"), at(2)).await?;
    assert_ne!(second.goal_id, first.goal_id);
    Ok(())
}
