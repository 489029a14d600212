//! Where no file can grow, as on a full disk: what is there is read, and what cannot be written
//! says why.

#![cfg(unix)]

use std::fs;

use super::fixture::{Fixture, Result, Said};

const ID: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";

/// Runs the binary where files can be made, and no file can become larger than a kilobyte: what
/// SQLite meets on a full disk, without a disk to fill.
fn run(fixture: &Fixture, arguments: &[&str]) -> Result<Said> {
    // The signal would end the program; ignored, it lets the write fail.
    let limited = "trap '' XFSZ; ulimit -f 1; exec \"$0\" \"$@\"";
    let shell = ["-c", limited, env!("CARGO_BIN_EXE_threadkeep")];
    fixture.say(fixture.command_of("/bin/sh".as_ref(), &[&shell, arguments].concat()).output()?)
}

#[test]
fn what_is_there_is_read_as_it_is() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    let said = run(&fixture, &["threads", "--limit", "3"])?;
    assert_eq!((said.code, said.stdout.lines().count()), (Some(0), 6), "{}", said.all());
    insta::assert_snapshot!(said.stderr, @"note: no space is left for [tmp]/home/threadkeep/state_5.sqlite: the index was not brought up to date; the list may be incomplete");
    let shown = run(&fixture, &["threads", "show", ID])?;
    assert!(shown.code == Some(0) && shown.stdout.contains("Tidy the widget"), "{}", shown.all());
    let goal = run(&fixture, &["goals", "get", ID])?;
    assert!(goal.code == Some(0) && goal.stdout.contains("Tidy the widget"), "{}", goal.all());
    let logs = run(&fixture, &["logs", "--compact"])?;
    assert_eq!((logs.code, logs.stdout.lines().count()), (Some(0), 2), "{}", logs.all());
    assert_eq!(run(&fixture, &["status"])?.code, Some(0));
    Ok(())
}

#[test]
fn what_cannot_be_written_says_why_and_loses_nothing() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    fixture.json(&["goals", "set", ID, "Tidy the widget"])?;
    let before = fs::read(fixture.database())?;
    insta::assert_snapshot!(run(&fixture, &["threads", "rename", ID, "Widget"])?.all(), @r"
    exit 2
    --- stderr
    error: cannot write to [tmp]/home/threadkeep/state_5.sqlite: no space is left: disk I/O error
      hint: make room and try again; the database is unchanged
    ");
    insta::assert_snapshot!(run(&fixture, &["goals", "account", ID, "--tokens", "1"])?.all(), @r"
    exit 2
    --- stderr
    error: cannot write to [tmp]/home/threadkeep/goals_1.sqlite: no space is left: disk I/O error
      hint: make room and try again; the database is unchanged
    ");
    assert_eq!(fs::read(fixture.database())?, before);
    assert_eq!(run(&fixture, &["threads", "delete", ID, "--yes"])?.code, Some(2));
    assert_eq!(fixture.json(&["goals", "get", ID])?["goal"]["objective"], "Tidy the widget");
    fixture.json(&["threads", "rename", ID, "Widget"])?;
    Ok(())
}

#[test]
fn a_first_start_says_what_is_wrong() -> Result {
    let fixture = Fixture::bundled()?;
    let said = run(&fixture, &["backfill"])?;
    assert_eq!(said.code, Some(2));
    insta::assert_snapshot!(said.stderr, @r"
    error: cannot use [tmp]/home/threadkeep/state_5.sqlite: disk I/O error
      hint: run it again; `threadkeep status` shows the state of each database
    ");
    fixture.json(&["backfill"])?;
    Ok(())
}
