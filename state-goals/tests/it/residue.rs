//! Deleted and replaced texts are in no byte of any file.

use std::path::Path;

use threadkeep_state_goals::{GoalStore, GoalUpdate, JournalMode, NewGoal, OpenOptions};

use crate::common::{Lab, Result, at, thread, usage};

const MARKER: &str = "correct-horse-battery-staple";

/// Counts the places of a folder's files in which a text is.
pub(crate) fn places_in_all(folder: &Path, text: &str) -> Result<usize> {
    let mut places = 0;
    for entry in std::fs::read_dir(folder)? {
        let content = std::fs::read(entry?.path())?;
        places += content.windows(text.len()).filter(|bytes| *bytes == text.as_bytes()).count();
    }
    Ok(places)
}

#[tokio::test]
async fn a_deleted_goal_leaves_no_byte() -> Result {
    for journal in [JournalMode::Wal, JournalMode::Delete] {
        let lab = Lab::new()?;
        let folder = lab.folder.path();
        let goals = GoalStore::new(folder, &OpenOptions::new().journal(journal));
        for number in 1..=40 {
            // Short ones within a page, and long ones that fill pages of their own.
            let text = MARKER.repeat(if number % 2 == 0 { 1 } else { 100 });
            let goal = goals.insert(thread(number), NewGoal::new(text), at(1)).await?;
            let tells = format!("{}{MARKER}", goal.goal_id);
            assert!(places_in_all(folder, &tells)? > 0, "it is looked for where it is");
            goals.account(thread(number), usage(1, 1), at(2)).await?;
        }
        let shorter = GoalUpdate { objective: Some("short now".to_owned()), ..GoalUpdate::default() };
        goals.update(thread(39), shorter, at(3)).await?;
        goals.replace(thread(40), NewGoal::new("replaced"), at(3)).await?;
        for number in 1..=38 {
            assert!(goals.delete(thread(number), None).await?.is_some());
        }
        goals.close().await?;
        assert_eq!(places_in_all(folder, MARKER)?, 0, "{journal:?}");
        for number in 1..=40 {
            let id = thread(number).hyphenated().to_string();
            assert_eq!(places_in_all(folder, &id)? > 0, number >= 39, "{journal:?}, thread {number}");
        }
    }
    Ok(())
}
