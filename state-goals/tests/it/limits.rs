//! Limits of a goal: those of the store, and those of the table for every program that writes.

use jiff::Timestamp;
use threadkeep_state_goals::{GoalError, GoalStatus, GoalUpdate, MAX_OBJECTIVE_CHARS, NewGoal};

use crate::common::{Lab, Result, at, thread};

#[tokio::test]
async fn an_objective_is_from_one_to_four_thousand_characters_after_trimming() -> Result {
    let lab = Lab::new()?;
    // Characters, and not bytes; and what C would take for an end is one.
    let longest = "🐌".repeat(MAX_OBJECTIVE_CHARS);
    for objective in [&longest, "x", "\0", "a\0b", "'; DROP TABLE thread_goals; --"] {
        let goal = lab.goals.replace(thread(1), NewGoal::new(format!(" {objective}\n")), at(1)).await?;
        assert_eq!(goal.objective, *objective);
        assert_eq!(lab.goal().await?, goal);
    }
    let before = lab.goal().await?;
    let update =
        |objective: &str| GoalUpdate { objective: Some(objective.to_owned()), ..GoalUpdate::default() };

    for empty in ["", " ", "\n\t\u{2003}"] {
        let errors = [
            lab.goals.insert(thread(1), NewGoal::new(empty), at(2)).await,
            lab.goals.replace(thread(1), NewGoal::new(empty), at(2)).await,
            lab.goals.update(thread(1), update(empty), at(2)).await,
        ];
        for error in errors {
            assert!(matches!(error, Err(GoalError::EmptyObjective)), "{error:?}");
        }
    }
    let too_long = longest + "x";
    let errors = [
        lab.goals.insert(thread(1), NewGoal::new(&too_long), at(2)).await,
        lab.goals.replace(thread(1), NewGoal::new(&too_long), at(2)).await,
        lab.goals.update(thread(1), update(&too_long), at(2)).await,
    ];
    for error in errors {
        assert!(matches!(error, Err(GoalError::ObjectiveTooLong(4_001))), "{error:?}");
    }
    assert_eq!(lab.goal().await?, before);
    Ok(())
}

#[tokio::test]
async fn a_budget_allows_something() -> Result {
    let (lab, before) = Lab::with_budget(1).await?;
    for bad in [0, -1, i64::MIN] {
        let new = || NewGoal { token_budget: Some(bad), ..NewGoal::new("reach it") };
        let update = GoalUpdate { token_budget: Some(Some(bad)), ..GoalUpdate::default() };
        let errors = [
            lab.goals.insert(thread(1), new(), at(2)).await,
            lab.goals.replace(thread(1), new(), at(2)).await,
            lab.goals.update(thread(1), update, at(2)).await,
        ];
        for error in errors {
            assert!(matches!(error, Err(GoalError::BadBudget(budget)) if budget == bad), "{error:?}");
        }
    }
    assert_eq!(lab.goal().await?, before);
    Ok(())
}

#[tokio::test]
async fn any_time_that_there_is_can_be_written_and_read() -> Result {
    let lab = Lab::new()?;
    for now in [Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX] {
        let goal = lab.goals.replace(thread(1), NewGoal::new("reach it"), now).await?;
        assert_eq!(goal.created_at.as_millisecond(), now.as_millisecond());
        assert_eq!(lab.goals.update(thread(1), GoalUpdate::default(), now).await?, goal);
    }
    Ok(())
}

#[tokio::test]
async fn the_table_refuses_what_is_no_goal() -> Result {
    let (lab, before) = Lab::with_budget(10).await?;
    let connection = lab.raw()?;
    let columns = [
        ("thread_id", vec!["''", "'short'", "NULL"]),
        ("goal_id", vec!["''", "NULL"]),
        ("objective", vec!["''", "NULL", "hex(zeroblob(2001))", "char(0) || hex(zeroblob(8000))"]),
        ("status", vec!["''", "'Active'", "'stopped'", "NULL"]),
        ("token_budget", vec!["0", "-1", "1.5", "'much'"]),
        ("tokens_used", vec!["-1", "NULL", "10", "9223372036854775808"]),
        ("seconds_used", vec!["-1", "NULL"]),
        ("created_at_ms", vec!["-377705023201001", "NULL", "updated_at_ms + 1"]),
        ("updated_at_ms", vec!["253402207201000", "NULL", "created_at_ms - 1"]),
    ];
    for (column, values) in columns {
        for value in values {
            let written = connection.execute(&format!("UPDATE thread_goals SET {column} = {value}"), []);
            assert!(written.is_err(), "{column} = {value}");
        }
        // It was the value, and not the statement.
        connection.execute(&format!("UPDATE thread_goals SET {column} = {column}"), [])?;
    }
    for status in GoalStatus::ALL {
        connection.execute("UPDATE thread_goals SET status = ?1", [status.as_str()])?;
        assert_eq!(lab.goal().await?.status, status);
    }
    connection.execute("UPDATE thread_goals SET status = 'active'", [])?;
    assert_eq!(lab.goal().await?, before);
    Ok(())
}

#[test]
fn each_status_has_a_word_and_errors_list_all() {
    for status in GoalStatus::ALL {
        assert_eq!(status.to_string().parse(), Ok(status));
    }
    let message = "Active".parse::<GoalStatus>().unwrap_err().to_string();
    for status in GoalStatus::ALL {
        assert!(message.contains(status.as_str()), "{status}: {message}");
    }
}
