//! Goals while others work on them, and on their threads.

use std::fs;
use std::process::Stdio;

use super::fixture::{Fixture, Result};

const ID: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";

#[test]
fn what_is_left_of_several_deleted_threads_is_told_once() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    fs::write(fixture.sqlite_home().join("goals_1.sqlite"), "of another program")?;
    fixture.run(&["threads", "delete", ID, "--yes"])?;
    insta::assert_snapshot!(fixture.run(&["threads", "delete", "01a2036c-e047", "--yes"])?.all(), @r"
    exit 0
    --- stdout
    01a2036c-e047-73b0-a0b8-5c88d8d44d72 is deleted from the index
    The rest will be deleted by a later command
    Its rollout stays, and `threadkeep backfill --include-deleted` restores the thread without them
    rollout: sessions/2026/11/22/rollout-2026-11-22T13-23-16-01a2036c-e047-73b0-a0b8-5c88d8d44d72.jsonl
    --- stderr
    note: the goals of 2 deleted threads could not be deleted yet; a later command will do it: cannot open [tmp]/home/threadkeep/goals_1.sqlite: it is not Threadkeep's goals database: the file is not a SQLite database
    ");
    Ok(())
}

#[test]
fn whoever_sets_a_goal_beside_others_changes_theirs() -> Result {
    let fixture = Fixture::bundled()?;
    let start = |number: usize| {
        fixture.command(&["goals", "set", ID, &format!("Objective {number}")]).stderr(Stdio::piped()).spawn()
    };
    let running = (0..8).map(start).collect::<std::io::Result<Vec<_>>>()?;
    for process in running {
        let output = process.wait_with_output()?;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    assert!(!fixture.json(&["goals", "get", ID])?["goal"].is_null());
    Ok(())
}
