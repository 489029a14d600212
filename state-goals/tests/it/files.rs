//! The file: when it is made, when it is not, how much a commit waits for it, and whose it is.

use threadkeep_state_goals::{
    DbError, GOALS_DB, GoalError, GoalStore, GoalUpdate, JournalMode, ListGoals, NewGoal, OpenError,
    OpenOptions,
};

use crate::common::{Lab, Result, at, open, thread, usage};

#[tokio::test]
async fn only_a_goal_makes_the_file() -> Result {
    let lab = Lab::new()?;
    let goals = &lab.goals;
    assert_eq!(goals.get(thread(1)).await?, None);
    assert_eq!(goals.get_many(&[thread(1)]).await?, []);
    assert_eq!(goals.list(&ListGoals::default()).await?, []);
    assert_eq!(goals.pause_if_active(thread(1), None, at(1)).await?, None);
    assert_eq!(goals.delete(thread(1), None).await?, None);
    let updated = goals.update(thread(1), GoalUpdate::default(), at(1)).await;
    assert!(matches!(updated, Err(GoalError::NoGoal(_))), "{updated:?}");
    let accounted = goals.account(thread(1), usage(1, 1), at(1)).await;
    assert!(matches!(accounted, Err(GoalError::NoGoal(_))), "{accounted:?}");
    let refused = goals.insert(thread(1), NewGoal::new(""), at(1)).await;
    assert!(matches!(refused, Err(GoalError::EmptyObjective)), "{refused:?}");
    goals.close().await?;
    assert_eq!(lab.files()?, Vec::<String>::new());

    goals.insert(thread(1), NewGoal::new("reach it"), at(1)).await?;
    assert!(goals.database().path().is_file());
    Ok(())
}

#[tokio::test]
async fn a_replacement_of_nothing_makes_the_file_too() -> Result {
    let lab = Lab::new()?;
    lab.goals.replace(thread(1), NewGoal::new("reach it"), at(1)).await?;
    assert!(lab.goals.database().path().is_file());
    Ok(())
}

#[tokio::test]
async fn a_closed_store_opens_again() -> Result {
    let (lab, goal) = Lab::with_budget(10).await?;
    let clone = lab.goals.clone();
    lab.goals.close().await?;
    lab.goals.close().await?;
    assert_eq!(clone.get(thread(1)).await?, Some(goal));
    Ok(())
}

#[tokio::test]
async fn a_read_only_store_reads_and_makes_nothing() -> Result {
    let lab = Lab::new()?;
    let reading = GoalStore::new(lab.folder.path(), &OpenOptions::new().read_only(true));
    assert_eq!(reading.get(thread(1)).await?, None);
    assert_eq!(reading.list(&ListGoals::default()).await?, []);
    let inserted = reading.insert(thread(1), NewGoal::new("reach it"), at(1)).await;
    assert!(matches!(inserted, Err(GoalError::Open(OpenError::Missing { .. }))), "{inserted:?}");
    let replaced = reading.replace(thread(1), NewGoal::new("reach it"), at(1)).await;
    assert!(matches!(replaced, Err(GoalError::Open(OpenError::Missing { .. }))), "{replaced:?}");
    assert_eq!(lab.files()?, Vec::<String>::new());

    let goal = lab.goals.insert(thread(1), NewGoal::new("reach it"), at(1)).await?;
    lab.goals.close().await?;
    let before = lab.files()?;
    assert_eq!(reading.get(thread(1)).await?, Some(goal));
    assert_eq!(reading.list(&ListGoals::default()).await?.len(), 1);
    for refused in [
        reading.insert(thread(2), NewGoal::new("reach it"), at(1)).await.map(drop),
        reading.update(thread(1), GoalUpdate::default(), at(1)).await.map(drop),
        reading.account(thread(1), usage(1, 1), at(1)).await.map(drop),
        reading.pause_if_active(thread(1), None, at(1)).await.map(drop),
        reading.delete(thread(1), None).await.map(drop),
    ] {
        assert!(matches!(refused, Err(GoalError::Database(DbError::ReadOnly { .. }))), "{refused:?}");
    }
    reading.close().await?;
    assert_eq!(lab.files()?, before);
    Ok(())
}

#[tokio::test]
async fn a_file_of_another_program_is_refused_untouched() -> Result {
    let lab = Lab::new()?;
    let path = lab.goals.database().path();
    let foreign = rusqlite::Connection::open(&path)?;
    foreign
        .execute_batch("CREATE TABLE thread_goals (thread_id TEXT PRIMARY KEY, objective TEXT NOT NULL);")?;
    drop(foreign);
    let before = (std::fs::read(&path)?, lab.files()?);
    for refused in [
        lab.goals.get(thread(1)).await.map(drop),
        lab.goals.list(&ListGoals::default()).await.map(drop),
        lab.goals.insert(thread(1), NewGoal::new("reach it"), at(1)).await.map(drop),
        lab.goals.account(thread(1), usage(1, 1), at(1)).await.map(drop),
        lab.goals.delete(thread(1), None).await.map(drop),
    ] {
        let error = refused.expect_err("it is not ours");
        assert!(matches!(error, GoalError::Open(OpenError::Foreign { .. })), "{error:?}");
        assert!(error.to_string().contains("goals_1.sqlite"), "{error}");
    }
    assert_eq!((std::fs::read(&path)?, lab.files()?), before);

    // With it moved away, the same store works.
    std::fs::remove_file(&path)?;
    lab.goals.insert(thread(1), NewGoal::new("reach it"), at(1)).await?;
    Ok(())
}

#[tokio::test]
async fn a_commit_waits_for_the_disk() -> Result {
    const FULL: i64 = 2;
    const EXTRA: i64 = 3;
    for (journal, level) in [(JournalMode::Wal, FULL), (JournalMode::Delete, EXTRA)] {
        let lab = Lab::new()?;
        let goals = GoalStore::new(lab.folder.path(), &OpenOptions::new().journal(journal));
        goals.insert(thread(1), NewGoal::new("reach it"), at(1)).await?;
        goals.account(thread(1), usage(1, 1), at(2)).await?;
        let mut tx = goals.database().get().await?.begin(threadkeep_sqlite::Durability::Usual).await?;
        let found: i64 =
            sqlx::query_scalar("PRAGMA synchronous").persistent(false).fetch_one(tx.conn()).await?;
        assert_eq!(found, level, "{journal:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_file_says_whose_it_is() -> Result {
    let (lab, _) = Lab::with_budget(10).await?;
    let id: u32 =
        lab.raw()?.query_row("SELECT application_id FROM pragma_application_id", [], |row| row.get(0))?;
    assert_eq!((id, id.to_be_bytes()), (GOALS_DB.application_id, *b"TKgo"));
    assert_eq!((GOALS_DB.label, GOALS_DB.file_name), ("goals", "goals_1.sqlite"));
    let mode: String = lab.raw()?.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    assert_eq!(mode, "wal");
    // Another store on the same folder sees the same goals.
    assert!(open(lab.folder.path()).get(thread(1)).await?.is_some());
    Ok(())
}

#[tokio::test]
async fn a_goal_is_replaced_and_kept_while_an_older_program_has_left_work() -> Result {
    let lab = Lab::new()?;
    lab.goals.insert(thread(1), NewGoal::new("first"), at(1)).await?;
    // An older program fires the triggers, and does not know of the file.
    lab.raw()?.execute("UPDATE thread_goals SET objective = 'theirs'", [])?;
    lab.goals.replace(thread(1), NewGoal::new("second"), at(2)).await?;
    lab.goals.close().await?;
    for name in lab.files()? {
        if !name.ends_with(".decisions") {
            std::fs::remove_file(lab.folder.path().join(name))?;
        }
    }
    let goals = open(lab.folder.path());
    assert_eq!(goals.get(thread(1)).await?.map(|goal| goal.objective), Some("second".to_owned()));
    Ok(())
}
