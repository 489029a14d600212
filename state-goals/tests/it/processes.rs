//! Several processes at once, and processes that are killed.

use std::io::{BufRead as _, BufReader, Write as _};

use threadkeep_state_goals::{GoalStatus, NewGoal};

use crate::common::{Lab, Result, at, child, child_of, open, succeeded, thread, usage};

#[tokio::test]
async fn what_eight_processes_count_is_counted_exactly() -> Result {
    const NAME: &str = "processes::what_eight_processes_count_is_counted_exactly";
    const PROCESSES: i64 = 8;
    const EACH: i64 = 25;
    if let Some(folder) = child_of(NAME) {
        let goals = open(&folder);
        for _ in 0..EACH {
            let accounted = goals.account(thread(1), usage(3, 2), at(2)).await?;
            assert!(accounted.counted, "the last one of all reaches the budget");
        }
        goals.close().await?;
        return Ok(());
    }
    let (lab, _) = Lab::with_budget(PROCESSES * EACH * 3).await?;
    let children = (0..PROCESSES).map(|_| child(NAME, lab.folder.path())).collect::<Result<Vec<_>>>()?;
    for child in children {
        succeeded(child)?;
    }
    let goal = lab.goal().await?;
    assert_eq!((goal.tokens_used, goal.seconds_used), (PROCESSES * EACH * 3, PROCESSES * EACH * 2));
    assert_eq!(goal.status, GoalStatus::BudgetLimited);
    Ok(())
}

#[tokio::test]
async fn eight_processes_give_a_thread_one_goal() -> Result {
    const NAME: &str = "processes::eight_processes_give_a_thread_one_goal";
    if let Some(folder) = child_of(NAME) {
        let outcome = open(&folder).insert(thread(1), NewGoal::new("mine"), at(1)).await;
        println!("\n{}", if outcome.is_ok() { "first" } else { "second" });
        return match outcome {
            Ok(_) | Err(threadkeep_state_goals::GoalError::Exists(_)) => Ok(()),
            Err(error) => Err(error.into()),
        };
    }
    // Also the file is made by one of them.
    let lab = Lab::new()?;
    let children = (0..8).map(|_| child(NAME, lab.folder.path())).collect::<Result<Vec<_>>>()?;
    let mut first = 0;
    for child in children {
        let output = child.wait_with_output()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        first += String::from_utf8(output.stdout)?.lines().filter(|line| *line == "first").count();
    }
    assert_eq!(first, 1);
    Ok(())
}

#[tokio::test]
async fn what_was_acknowledged_before_a_kill_is_there_and_nothing_is_there_by_half() -> Result {
    const NAME: &str = "processes::what_was_acknowledged_before_a_kill_is_there_and_nothing_is_there_by_half";
    if let Some(folder) = child_of(NAME) {
        let goals = open(&folder);
        loop {
            let accounted = goals.account(thread(1), usage(1, 1), at(2)).await?;
            println!("\ncounted {}", accounted.goal.tokens_used);
            std::io::stdout().flush()?;
        }
    }
    let lab = Lab::new()?;
    lab.goals.insert(thread(1), NewGoal::new("reach it"), at(1)).await?;
    let mut total = 0;
    for round in 1..=5 {
        let mut running = child(NAME, lab.folder.path())?;
        let lines = BufReader::new(running.stdout.take().ok_or("it is piped")?).lines();
        let mut last = 0;
        for line in lines {
            if let Some(count) = line?.strip_prefix("counted ") {
                last = count.parse()?;
                if last >= total + 7 * round {
                    running.kill()?;
                }
            }
        }
        running.wait()?;
        let goal = lab.goal().await?;
        assert!(last >= total + 7 * round, "it was killed at work");
        assert!(goal.tokens_used == last || goal.tokens_used == last + 1, "{} of {last}", goal.tokens_used);
        assert_eq!(goal.seconds_used, goal.tokens_used);
        total = goal.tokens_used;
    }
    Ok(())
}
