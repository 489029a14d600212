//! Lists, in pages that can be gone on with whatever happens between them.

use std::collections::BTreeSet;

use threadkeep_state_goals::{Goal, GoalCursor, GoalStatus, GoalStore, ListGoals, NewGoal};
use uuid::Uuid;

use crate::common::{Lab, Result, at, thread, usage};

/// Goals of every status, several of one millisecond, in no order.
async fn fill(lab: &Lab, count: u128) -> Result<Vec<Goal>> {
    let mut goals = Vec::new();
    for number in 0..count {
        let status = GoalStatus::ALL[number as usize % 6];
        let now = at(number as i64 * 7 % 10);
        let new = NewGoal { status, ..NewGoal::new(format!("goal {number}")) };
        goals.push(lab.goals.insert(thread(number), new, now).await?);
    }
    goals.sort_by_key(|goal| std::cmp::Reverse((goal.updated_at, goal.thread_id)));
    Ok(goals)
}

/// Lists page by page to the end.
async fn pages(goals: &GoalStore, statuses: &[GoalStatus], limit: u32) -> Result<Vec<Goal>> {
    let mut query = ListGoals { statuses: statuses.to_vec(), limit, after: None };
    let mut all = Vec::new();
    loop {
        let page = goals.list(&query).await?;
        query.after = page.last().map(GoalCursor::from);
        let is_last = page.len() < limit as usize;
        all.extend(page);
        if is_last {
            return Ok(all);
        }
    }
}

#[tokio::test]
async fn every_selection_comes_newest_first_in_pages_of_any_size() -> Result {
    let lab = Lab::new()?;
    let all = fill(&lab, 40).await?;
    for selection in 0..64_usize {
        let mut statuses: Vec<_> =
            (0..6).filter(|bit| selection >> bit & 1 == 1).map(|bit| GoalStatus::ALL[bit]).collect();
        let wanted: Vec<Goal> = all
            .iter()
            .filter(|goal| statuses.is_empty() || statuses.contains(&goal.status))
            .cloned()
            .collect();
        // Naming one twice gives it once.
        statuses.extend(statuses.clone());
        for limit in [1, 3, 100] {
            assert_eq!(pages(&lab.goals, &statuses, limit).await?, wanted, "{statuses:?} by {limit}");
        }
    }
    assert_eq!(lab.goals.list(&ListGoals { limit: 0, ..ListGoals::default() }).await?, []);
    assert_eq!(lab.goals.list(&ListGoals { limit: u32::MAX, ..ListGoals::default() }).await?, all);
    Ok(())
}

#[tokio::test]
async fn the_default_is_a_hundred_of_all() -> Result {
    let lab = Lab::new()?;
    let all = fill(&lab, 103).await?;
    assert_eq!(lab.goals.list(&ListGoals::default()).await?, all[..100]);
    Ok(())
}

#[tokio::test]
async fn what_happens_between_two_pages_loses_and_doubles_nothing_else() -> Result {
    let lab = Lab::new()?;
    let all = fill(&lab, 30).await?;
    let first = lab.goals.list(&ListGoals { limit: 10, ..ListGoals::default() }).await?;
    assert_eq!(first, all[..10]);

    // The goal of the cursor goes, a later one becomes the newest, one comes.
    let deleted = first[9].thread_id;
    lab.goals.delete(deleted, None).await?;
    let changed = all[10..].iter().find(|goal| goal.status == GoalStatus::Active).ok_or("one is active")?;
    lab.goals.account(changed.thread_id, usage(1, 1), at(100)).await?;
    lab.goals.insert(thread(99), NewGoal::new("new"), at(101)).await?;

    let rest = ListGoals { after: first.last().map(GoalCursor::from), ..ListGoals::default() };
    let rest: BTreeSet<Uuid> = lab.goals.list(&rest).await?.iter().map(|goal| goal.thread_id).collect();
    let wanted = all[10..].iter().map(|goal| goal.thread_id).filter(|id| *id != changed.thread_id).collect();
    assert_eq!(rest, wanted);
    let newest: Vec<Uuid> = lab
        .goals
        .list(&ListGoals { limit: 2, ..ListGoals::default() })
        .await?
        .iter()
        .map(|goal| goal.thread_id)
        .collect();
    assert_eq!(newest, [thread(99), changed.thread_id]);
    Ok(())
}
