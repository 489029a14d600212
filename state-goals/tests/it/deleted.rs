//! Threads that were deleted: nothing of them is left in any file, and they get no goal.

use std::sync::Arc;

use threadkeep_state_goals::{GoalError, NewGoal};
use tokio::task::JoinSet;

use crate::common::{Lab, Result, at, thread, usage};
use crate::residue::places_in_all;

const MARKER: &str = "correct-horse-battery-staple";

#[tokio::test]
async fn a_deleted_thread_gets_no_goal_until_it_is_restored() -> Result {
    let Lab { goals, folder: _folder } = Lab::new()?;
    let new = || NewGoal::new("reach it");
    // Also where there was no goal before, and no file.
    assert!(goals.deleted_threads().erase(thread(1), at(1)).await?);
    goals.insert(thread(2), new(), at(1)).await?;
    assert!(goals.deleted_threads().erase(thread(2), at(2)).await?);
    assert!(goals.deleted_threads().erase(thread(2), at(3)).await?, "it can be done again");
    for number in [1, 2] {
        let thread = thread(number);
        assert_eq!(goals.get(thread).await?, None);
        for refused in [goals.insert(thread, new(), at(4)).await, goals.replace(thread, new(), at(4)).await] {
            let error = refused.expect_err("it was deleted");
            assert!(matches!(error, GoalError::ThreadDeleted(named) if named == thread), "{error}");
        }
        assert!(matches!(goals.account(thread, usage(1, 1), at(4)).await, Err(GoalError::NoGoal(_))));
    }
    let times: Vec<i64> =
        goals.deleted_threads().list().await?.iter().map(|stone| stone.deleted_at.as_millisecond()).collect();
    assert_eq!(times.iter().copied().max(), Some(at(2).as_millisecond()), "the first time counts");
    goals.insert(thread(3), new(), at(4)).await?;
    goals.deleted_threads().restore(thread(1)).await?;
    goals.insert(thread(1), new(), at(5)).await?;
    assert!(goals.replace(thread(2), new(), at(5)).await.is_err(), "the other is still deleted");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn goals_set_meanwhile_leave_no_trace() -> Result {
    let lab = Arc::new(Lab::new()?);
    let mut setters = JoinSet::new();
    for task in 0..8 {
        let lab = Arc::clone(&lab);
        setters.spawn(async move {
            for turn in 0.. {
                let new = NewGoal::new(format!("{MARKER} {task} {turn}"));
                match lab.goals.replace(thread(1), new, at(turn)).await {
                    Ok(_) => {}
                    Err(GoalError::ThreadDeleted(_)) => return,
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    while lab.goals.get(thread(1)).await?.is_none() {}
    lab.goals.deleted_threads().erase(thread(1), at(0)).await?;
    while let Some(done) = setters.join_next().await {
        done?;
    }
    assert_eq!(lab.goals.get(thread(1)).await?, None);
    lab.goals.close().await?;
    assert_eq!(places_in_all(lab.folder.path(), MARKER)?, 0);
    Ok(())
}

#[tokio::test]
async fn a_snapshot_from_before_an_upgrade_loses_it_too() -> Result {
    let lab = Lab::new()?;
    let folder = lab.folder.path();
    lab.goals.insert(thread(1), NewGoal::new(MARKER), at(1)).await?;
    lab.goals.insert(thread(2), NewGoal::new("stays"), at(1)).await?;
    lab.goals.close().await?;
    std::fs::copy(folder.join("goals_1.sqlite"), folder.join("goals_1.sqlite.before-v2"))?;

    assert!(lab.goals.get(thread(1)).await?.is_some());
    assert!(places_in_all(folder, MARKER)? > 1, "the snapshot has it");
    assert!(lab.goals.deleted_threads().erase(thread(1), at(1)).await?);
    assert_eq!(places_in_all(folder, MARKER)?, 0);
    assert!(places_in_all(folder, "stays")? > 1, "the other one is in both");
    Ok(())
}
