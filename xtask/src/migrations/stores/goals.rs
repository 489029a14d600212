//! The goals of threads, as a user of the crate works with them.

use std::path::Path;

use anyhow::{Result, ensure};
use threadkeep_state_goals::{
    AccountMode, GOALS_DB, GoalCursor, GoalError, GoalStatus, GoalStore, GoalUpdate, ListGoals, NewGoal,
    OpenOptions, Usage,
};

use super::{DELETED, KEPT, Store, Work};

pub(super) const STORE: Store = Store {
    package: "threadkeep-state-goals",
    spec: &GOALS_DB,
    queues: &["decisions_due"],
    statements: threadkeep_state_goals::statements,
    exercise,
};

fn exercise(folder: &Path) -> Work<'_> {
    Box::pin(async move {
        let goals = GoalStore::new(folder, &OpenOptions::new());
        set_and_count(&goals).await?;
        read(&goals).await?;
        goals.close().await?;
        Ok(())
    })
}

async fn set_and_count(goals: &GoalStore) -> Result<()> {
    let now = "2026-11-23T00:00:00Z".parse()?;
    let new = NewGoal { token_budget: Some(10), ..NewGoal::new("Exercise") };
    let goal = goals.replace(KEPT, new, now).await?;
    let usage = Usage {
        tokens: 10,
        seconds: 1,
        mode: AccountMode::ActiveOrStopped,
        expected_goal_id: Some(goal.goal_id),
    };
    let accounted = goals.account(KEPT, usage, now).await?;
    ensure!(accounted.goal.status == GoalStatus::BudgetLimited, "a budget that is used up limits nothing");
    let unlimited =
        GoalUpdate { status: Some(GoalStatus::Active), token_budget: Some(None), ..GoalUpdate::default() };
    goals.update(KEPT, unlimited, now).await?;
    let paused = goals.pause_if_active(KEPT, None, now).await?;
    ensure!(paused.is_some_and(|goal| goal.tokens_used == 10), "an active goal was not paused");

    goals.insert(DELETED, NewGoal::new("To be deleted"), now).await?;
    let again = goals.insert(DELETED, NewGoal::new("A second one"), now).await;
    ensure!(matches!(again, Err(GoalError::Exists(_))), "a thread has two goals");
    ensure!(goals.delete(DELETED, None).await?.is_some(), "a goal that was there could not be deleted");

    ensure!(goals.deleted_threads().erase(DELETED, now).await?, "something of a deleted thread is left");
    let refused = goals.insert(DELETED, NewGoal::new("A third one"), now).await;
    ensure!(matches!(refused, Err(GoalError::ThreadDeleted(_))), "a deleted thread has a goal");
    ensure!(!goals.deleted_threads().list().await?.is_empty(), "a deleted thread has no tombstone");
    goals.deleted_threads().restore(DELETED).await?;
    Ok(())
}

async fn read(goals: &GoalStore) -> Result<()> {
    let goal = goals.get(KEPT).await?;
    ensure!(goal.is_some_and(|goal| goal.status == GoalStatus::Paused), "a paused goal is not there");
    ensure!(goals.get_many(&[DELETED, KEPT]).await?.len() == 1, "a deleted goal is there");

    for statuses in [vec![], vec![GoalStatus::Paused], vec![GoalStatus::Active, GoalStatus::Paused]] {
        let mut page = ListGoals { statuses, limit: 2, after: None };
        let mut found = 0;
        loop {
            let goals = goals.list(&page).await?;
            found += goals.iter().filter(|goal| goal.thread_id == KEPT).count();
            let Some(last) = goals.last() else { break };
            page.after = Some(GoalCursor::from(last));
        }
        ensure!(found == 1, "{page:?} has a goal {found} times");
    }
    Ok(())
}
