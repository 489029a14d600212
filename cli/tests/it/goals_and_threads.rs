//! Goals and their threads: lists, deletion, and several processes at once.

use std::fs;
use std::process::Stdio;

use super::fixture::{Fixture, Result, contents};
use super::goals::{ID, UNKNOWN, said};

#[test]
fn deletions_left_over_are_reported_once() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    fs::write(fixture.sqlite_home().join("goals_1.sqlite"), "of another program")?;
    fixture.run(&["threads", "delete", ID, "--yes"])?;
    insta::assert_snapshot!(fixture.run(&["threads", "delete", "01a2036c-e047", "--yes"])?.all(), @r"
    exit 0
    --- stdout
    01a2036c-e047-73b0-a0b8-5c88d8d44d72 is deleted from the index
      Add a changelog to the widget
    The rest will be deleted by a later command
    Its rollout stays, and `threadkeep threads restore 01a2036c-e047-73b0-a0b8-5c88d8d44d72` restores the thread without these
    rollout: sessions/2026/11/22/rollout-2026-11-22T13-23-16-01a2036c-e047-73b0-a0b8-5c88d8d44d72.jsonl
    --- stderr
    note: the goals of 2 deleted threads could not be deleted yet; a later command will do it: cannot open [tmp]/home/threadkeep/goals_1.sqlite: it is not Threadkeep's goals database: the file is not a SQLite database
    ");
    Ok(())
}

#[test]
fn a_restored_thread_whose_goals_are_out_of_reach_is_noted() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    let goals = fixture.sqlite_home().join("goals_1.sqlite");
    fs::rename(&goals, fixture.path().join("aside"))?;
    fs::write(&goals, "of another program")?;
    fixture.run(&["threads", "delete", ID, "--yes"])?;
    insta::assert_snapshot!(fixture.run(&["backfill", "--include-deleted"])?.stderr, @"note: restored threads cannot have goals yet: cannot open [tmp]/home/threadkeep/goals_1.sqlite: it is not Threadkeep's goals database: the file is not a SQLite database; a later command retries");
    fs::rename(fixture.path().join("aside"), &goals)?;
    fixture.json(&["threads"])?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    Ok(())
}

#[test]
fn goals_set_at_once_replace_each_other() -> Result {
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

#[test]
fn deleting_a_thread_deletes_its_goal() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    let deleted = fixture.json(&["threads", "delete", ID, "--yes"])?;
    assert_eq!((&deleted["deleted"], &deleted["pending"]), (&true.into(), &serde_json::json!([])));
    assert!(fixture.json(&["goals", "get", ID])?["goal"].is_null());
    fixture.json(&["backfill", "--include-deleted"])?;
    assert!(fixture.json(&["threads", "show", ID])?["thread"]["goal"].is_null());
    Ok(())
}

#[test]
fn a_goal_that_cannot_be_deleted_yet_is_said_and_deleted_later() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    assert_eq!(fixture.json(&["goals", "get", ID])?["goal"]["objective"], "Tidy the widget");
    let file = fixture.sqlite_home().join("goals_1.sqlite");
    let ours = fs::read(&file)?;
    fs::write(&file, "of another program")?;
    let said = fixture.run(&["threads", "delete", ID, "--yes"])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    insta::assert_snapshot!(said.stderr, @"note: the goal of 01a2036c-de71-77f1-a9e3-3c28701bba61 could not be deleted yet; a later command will do it: cannot open [tmp]/home/threadkeep/goals_1.sqlite: it is not Threadkeep's goals database: the file is not a SQLite database");
    fs::write(&file, ours)?;
    fixture.json(&["backfill"])?;
    assert!(fixture.json(&["goals", "get", ID])?["goal"].is_null());
    Ok(())
}

#[test]
fn the_status_counts_goals() -> Result {
    let fixture = Fixture::bundled()?;
    assert!(fixture.json(&["status"])?["goals"].is_null());
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    fixture.json(&["goals", "set", UNKNOWN, "Another", "--status", "blocked", "--force"])?;
    assert_eq!(fixture.json(&["status"])?["goals"], serde_json::json!({ "active": 1, "blocked": 1 }));
    let text = fixture.run(&["status"])?.stdout;
    assert!(text.contains("1 active, 1 blocked\n"), "{text}");
    Ok(())
}

#[test]
fn a_list_shows_goals_only_where_there_are_any() -> Result {
    let fixture = Fixture::bundled()?;
    let list =
        |fixture: &Fixture| fixture.run(&["threads", "--limit", "3", "-q", "--sort", "created", "--asc"]);
    assert!(!list(&fixture)?.stdout.contains("GOAL"));
    fixture.json(&["goals", "set", ID, "Tidy the widget", "--budget", "50000"])?;
    fixture.json(&["goals", "account", ID, "--tokens", "12000"])?;
    insta::assert_snapshot!(list(&fixture)?.all(), @r"
    exit 0
    --- stdout
    ID             CREATED      THREAD                            GOAL            FOLDER
    01a2036c-de71  22 Nov 2019  Please list the files here        active 12k/50k  /tmp/project/plain
    01a2036c-e047  22 Nov 2019  Add a changelog to the widget                     /tmp/project/widget
    01a2036c-e9ec  22 Nov 2019  Привет! 请列出文件 🚀 — naïve c…                  …/данные ünï 日本
    ");
    let show = fixture.run(&["threads", "show", ID])?.stdout;
    let section: Vec<&str> = show.lines().skip_while(|line| *line != "goal").collect();
    insta::assert_snapshot!(section.join("\n"), @r"
    goal
    objective      Tidy the widget
    status         active
    tokens used    12,000 of 50,000
    time used      0 s

    where
    folder         /tmp/project/plain

    how
    model          mock-model (provider mock)
    tokens         40,633
    source         exec
    kind           user
    approval       never
    sandbox        managed, restricted: read /; network restricted
    memories       enabled
    agent version  0.169.0
    ");
    let page = fixture.json(&["threads"])?;
    let goals: Vec<_> =
        page["threads"].as_array().ok_or("an array")?.iter().map(|thread| &thread["goal"]).collect();
    assert_eq!(goals.iter().filter(|goal| !goal.is_null()).count(), 1);
    assert_eq!(fixture.json(&["threads", "show", ID])?["thread"]["goal"]["tokens_used"], 12_000);
    Ok(())
}

#[test]
fn setting_a_goal_does_not_touch_the_thread() -> Result {
    let fixture = Fixture::bundled()?;
    let thread = |fixture: &Fixture| -> Result<serde_json::Value> {
        let mut thread = fixture.json(&["threads", "show", ID])?["thread"].clone();
        thread["goal"] = serde_json::Value::Null;
        Ok(thread)
    };
    let (before, row) = (thread(&fixture)?, fs::read(fixture.database())?);
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    fixture.json(&["goals", "account", ID, "--tokens", "12000"])?;
    assert_eq!(fs::read(fixture.database())?, row, "the index was written to");
    assert_eq!(thread(&fixture)?, before);
    Ok(())
}

#[test]
fn goals_can_be_switched_off() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    fs::write(fixture.sqlite_home().join("config.toml"), "[features]\ngoals = false\n")?;
    for arguments in [&["goals", "list"][..], &["goals", "set", ID, "Another"]] {
        let said = said(&fixture, arguments)?;
        insta::allow_duplicates! {
            insta::assert_snapshot!(said, @r"
            exit 2
            --- stderr
            error: goals are switched off: features.goals is false in [tmp]/home/threadkeep/config.toml:2
              hint: set it to true to switch them on; nothing was deleted
            ");
        }
    }
    assert!(!fixture.run(&["threads"])?.stdout.contains("GOAL"));
    assert!(fixture.json(&["threads", "show", ID])?["thread"]["goal"].is_null());
    Ok(())
}

#[test]
fn goals_of_another_program_are_left_alone_and_threads_are_listed() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    // A SQLite database without our mark, as the agent itself keeps under this name.
    let mut bytes = fs::read(fixture.database())?;
    bytes[68..72].copy_from_slice(&0_u32.to_be_bytes());
    let file = fixture.sqlite_home().join("goals_1.sqlite");
    fs::write(&file, &bytes)?;
    let before = contents(&fixture.sqlite_home())?;
    let list = fixture.run(&["threads", "--limit", "1"])?;
    assert_eq!(list.code, Some(0), "{}", list.all());
    insta::assert_snapshot!(list.stderr, @"note: goals are not shown: [tmp]/home/threadkeep/goals_1.sqlite is not Threadkeep's goals database: a SQLite database without an application id; nothing in it was changed; move it away, or choose another folder for the databases with --sqlite-home DIR");
    insta::assert_snapshot!(said(&fixture, &["goals", "list"])?, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/goals_1.sqlite is not Threadkeep's goals database: a SQLite database without an application id; nothing in it was changed
      hint: move it away, or choose another folder for the databases with --sqlite-home DIR
    ");
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "x"])?, @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/goals_1.sqlite is not Threadkeep's goals database: a SQLite database without an application id; nothing in it was changed
      hint: move it away, or choose another folder for the databases with --sqlite-home DIR
    ");
    let after: Vec<_> =
        contents(&fixture.sqlite_home())?.into_iter().filter(|(path, _)| *path == file).collect();
    assert!(before.contains(&after[0]), "not a byte of it was changed");
    Ok(())
}

#[test]
fn a_deleted_thread_gets_no_goal_until_it_is_back() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["threads", "delete", "--yes", ID])?;
    insta::assert_snapshot!(said(&fixture, &["goals", "set", ID, "x"])?, @r"
    exit 2
    --- stderr
    error: thread 01a2036c-de71-77f1-a9e3-3c28701bba61 was deleted and cannot have a goal
      hint: `threadkeep threads restore 01a2036c-de71-77f1-a9e3-3c28701bba61` restores it
    ");
    fixture.json(&["backfill", "--include-deleted"])?;
    fixture.json(&["goals", "set", ID, "x"])?;
    Ok(())
}
