//! The tool's own log: it records each change, and nothing that outlives a deleted thread.

use std::fs;

use serde_json::{Value, json};
use threadkeep_sqlite::{Durability, OpenOptions};
use threadkeep_state_logs::LogStore;

use super::fixture::{Fixture, Result, files};

const ID: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";

/// Level, message, fields and thread of each row.
fn rows(fixture: &Fixture) -> Result<Vec<Value>> {
    let part = |row: Value| json!([row["level"], row["message"], row["fields"], row["thread_id"]]);
    Ok(fixture.rows(&[])?.into_iter().map(part).collect())
}

fn has_logs(fixture: &Fixture) -> bool {
    fixture.sqlite_home().join("logs_2.sqlite").exists()
}

#[test]
fn a_command_that_changes_something_leaves_one_row() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    fixture.json(&["threads", "archive", ID])?;
    fixture.json(&["threads", "close", ID])?;
    fixture.json(&["goals", "set", ID, "Tidy the widget", "--budget", "500"])?;
    fixture.json(&["audit", "--repair"])?;
    let rows = rows(&fixture)?;
    let text: Vec<String> = rows.iter().map(Value::to_string).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    ["info","backfill: complete: 16 scanned, 16 indexed, 0 failed, 0 copies, 0 gone",{"command":"backfill","exit_code":0},null]
    ["info","threads archive: archived",{"command":"threads archive","exit_code":0},"01a2036c-de71-77f1-a9e3-3c28701bba61"]
    ["info","threads close: closed 1 thread",{"command":"threads close","exit_code":0},"01a2036c-de71-77f1-a9e3-3c28701bba61"]
    ["info","goals set: active 0/500",{"command":"goals set","exit_code":0},"01a2036c-de71-77f1-a9e3-3c28701bba61"]
    ["info","audit --repair: repaired 0 differences, 0 left (0 behind), 0 threads not compared",{"command":"audit --repair","exit_code":0},null]
    "#);
    Ok(())
}

#[test]
fn a_command_that_only_reads_leaves_none() -> Result {
    let fixture = Fixture::bundled()?;
    for command in [
        &["threads"][..],
        &["threads", "show", ID],
        &["threads", "tree"],
        &["goals", "list"],
        &["status"],
        &["config", "show"],
        &["audit"],
        &["logs"],
    ] {
        let said = fixture.run(command)?;
        assert_eq!(said.code, Some(0), "{}", said.all());
        assert!(!has_logs(&fixture), "{command:?}");
    }
    Ok(())
}

#[test]
fn files_that_cannot_be_read_and_faults_are_logged() -> Result {
    let fixture = Fixture::bundled()?;
    let name = "sessions/2019/11/22/rollout-2019-11-22T10-00-00-01a2ffff-de71-77f1-a9e3-3c28701bba61.jsonl";
    let path = fixture.home().join(name);
    fs::create_dir_all(path.parent().ok_or("it is in a folder")?)?;
    fs::write(&path, "")?;
    assert_eq!(fixture.run(&["backfill"])?.code, Some(1));
    assert_eq!(fixture.run(&["goals", "pause", ID])?.code, Some(2));
    let text: Vec<String> = rows(&fixture)?.iter().map(Value::to_string).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    ["warn","cannot be read: the file is empty",{"path":"sessions/2019/11/22/rollout-2019-11-22T10-00-00-01a2ffff-de71-77f1-a9e3-3c28701bba61.jsonl"},"01a2ffff-de71-77f1-a9e3-3c28701bba61"]
    ["info","backfill: complete: 17 scanned, 16 indexed, 1 failed, 0 copies, 0 gone",{"command":"backfill","exit_code":1},null]
    ["error","goals pause: no goal was set here for thread …",{"command":"goals pause","exit_code":2},"01a2036c-de71-77f1-a9e3-3c28701bba61"]
    "#);
    Ok(())
}

#[test]
fn it_can_be_switched_off_in_three_ways() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["threads"])?;
    let config = fixture.sqlite_home().join("config.toml");
    for text in ["[features]\nlogs = false\n", "[logs]\nenabled = false\n", "[logs]\nfilter = \"off\"\n"] {
        fs::write(&config, text)?;
        fixture.json(&["backfill"])?;
        assert!(!has_logs(&fixture), "{text}");
    }
    fs::remove_file(&config)?;
    let output = fixture.command(&["backfill"]).env("THREADKEEP_LOG", "off").output()?;
    assert_eq!(fixture.say(output)?.code, Some(0));
    assert!(!has_logs(&fixture));
    fixture.json(&["backfill"])?;
    assert!(has_logs(&fixture));
    Ok(())
}

#[test]
fn what_is_kept_follows_the_settings() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["threads"])?;
    // A row alone would be longer than what is kept, unless it is cut to that.
    fs::write(fixture.sqlite_home().join("config.toml"), "[logs]\nkeep_bytes = 4096\nkeep_rows = 2\n")?;
    for name in ["a", "b", "c"] {
        fixture.json(&["threads", "rename", ID, name])?;
    }
    assert_eq!(fixture.rows(&["--thread", ID])?.len(), 2);
    Ok(())
}

#[test]
fn nothing_of_a_deleted_thread_is_left() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["threads", "rename", ID, "a name that nobody else has"])?;
    fixture.json(&["goals", "set", ID, "an objective that nobody else has"])?;
    fixture.json(&["threads", "close", ID])?;
    assert_eq!(fixture.rows(&["--thread", ID])?.len(), 3);
    fixture.json(&["threads", "delete", ID, "--yes"])?;
    assert_eq!(fixture.run(&["threads", "archive", ID])?.code, Some(2));
    assert_eq!(fixture.run(&["threads", "archive", &ID[..13]])?.code, Some(2));
    assert_eq!(fixture.run(&["goals", "clear", ID])?.code, Some(0));
    let rows = fixture.rows(&[])?;
    assert_eq!(rows.len(), 4, "{rows:?}");
    for file in files(&fixture.sqlite_home())? {
        let bytes = fs::read(&file)?;
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("nobody else has"), "{} has words of it", file.display());
    }
    Ok(())
}

#[tokio::test]
async fn logs_that_are_locked_keep_no_command_from_its_work() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    let store = LogStore::new(&fixture.sqlite_home(), &OpenOptions::new());
    let held = store.database().get().await?.begin(Durability::Usual).await?;
    let said = fixture.run(&["threads", "archive", ID])?;
    assert_eq!((said.code, said.stderr.as_str()), (Some(0), ""), "{}", said.all());
    drop(held);
    assert_eq!(fixture.json(&["threads", "show", ID])?["thread"]["archived"], true);
    Ok(())
}

#[test]
fn what_the_databases_report_is_logged_when_it_is_asked_for() -> Result {
    let fixture = Fixture::bundled()?;
    let filter = "info,threadkeep::telemetry=debug";
    let output = fixture.command(&["backfill"]).env("THREADKEEP_LOG", filter).output()?;
    assert_eq!(fixture.say(output)?.code, Some(0));
    let rows = fixture.rows(&["--only-level", "debug"])?;
    assert!(rows.iter().all(|row| row["target"] == "threadkeep::telemetry"), "{rows:?}");
    assert_eq!(
        (&rows[0]["message"], &rows[0]["fields"]["status"]),
        (&"threadkeep.process.start".into(), &"ok".into())
    );
    let opened = |row: &&Value| {
        row["message"] == "threadkeep.db.open"
            && row["fields"]["db"] == "state"
            && row["fields"]["phase"] == "done"
    };
    assert!(rows.iter().any(|row| opened(&row)), "{rows:?}");
    Ok(())
}

#[test]
fn a_filter_that_is_none_is_refused() -> Result {
    let fixture = Fixture::bundled()?;
    let output = fixture.command(&["backfill"]).env("THREADKEEP_LOG", "inof").output()?;
    insta::assert_snapshot!(fixture.say(output)?.all(), @r#"
    exit 2
    --- stderr
    error: THREADKEEP_LOG overrides `logs.filter` and is not a filter: unknown level `inof` (error, warn, info, debug, trace, off); for a target write `inof=trace`
      hint: set it to "info", "off" or "info,sqlx=warn", or unset it
    "#);
    fs::create_dir(fixture.sqlite_home())?;
    fs::write(fixture.sqlite_home().join("config.toml"), "[logs]\nfilter = \"info,sqlx=loud\"\n")?;
    insta::assert_snapshot!(fixture.run(&["backfill"])?.all(), @r#"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/config.toml:2:10: `logs.filter` is not a log filter: unknown level after the last `=` in `sqlx=loud` (error, warn, info, debug, trace, off)
      hint: correct it, or remove the line for the default, "info,sqlx=warn"
    "#);
    Ok(())
}

#[test]
fn the_status_tells_what_is_logged() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    let logs = &fixture.json(&["status"])?["logs"];
    assert_eq!((&logs["rows"], &logs["dropped_rows"]), (&1.into(), &0.into()));
    assert!(logs["logged_bytes"].as_u64() > Some(0) && !logs["oldest_at_ms"].is_null(), "{logs}");
    let text = fixture.run(&["status"])?.stdout;
    for label in ["rows ", "ever logged ", "oldest ", "newest "] {
        assert!(text.lines().any(|line| line.starts_with(label)), "{label}: {text}");
    }
    Ok(())
}

#[test]
fn a_failure_is_logged_with_its_thread_unless_that_was_deleted() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    for refused in [
        &["threads", "rename", "01a2036c-de71", "two\nlines"][..],
        &["threads", "delete", ID],
        &["goals", "set", ID, " "],
    ] {
        assert_eq!(fixture.run(refused)?.code, Some(2), "{refused:?}");
    }
    let verbose = fixture.run(&["-v", "goals", "set", "01a2036c-de71", " "])?;
    assert!(!verbose.stderr.contains("because: thread"), "{}", verbose.stderr);
    let text: Vec<String> = rows(&fixture)?.iter().skip(1).map(Value::to_string).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    ["error","threads rename: the name contains a control character, U+000A; nothing was changed",{"command":"threads rename","exit_code":2},"01a2036c-de71-77f1-a9e3-3c28701bba61"]
    ["error","threads delete: not deleted: it needs a confirmation, and stdin is not a terminal",{"command":"threads delete","exit_code":2},"01a2036c-de71-77f1-a9e3-3c28701bba61"]
    ["error","goals set: the objective is empty",{"command":"goals set","exit_code":2},"01a2036c-de71-77f1-a9e3-3c28701bba61"]
    ["error","goals set: the objective is empty",{"command":"goals set","exit_code":2},"01a2036c-de71-77f1-a9e3-3c28701bba61"]
    "#);
    fixture.json(&["threads", "delete", ID, "--yes"])?;
    assert_eq!(fixture.run(&["goals", "set", ID, "x"])?.code, Some(2));
    let text: Vec<String> = rows(&fixture)?.iter().skip(1).map(Value::to_string).collect();
    insta::assert_snapshot!(text.join("\n"), @r#"
    ["info","threads delete: deleted",{"command":"threads delete","exit_code":0},null]
    ["error","goals set: thread … was deleted and cannot have a goal",{"command":"goals set","exit_code":2},null]
    "#);
    Ok(())
}
