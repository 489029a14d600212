//! `logs`: found by every filter, shown in every shape, and followed until its reader goes.

use std::fs;

use super::fixture::{Fixture, Result};

const ID: &str = "01a2036c-de71-77f1-a9e3-3c28701bba61";
const OTHER: &str = "01a2036c-e047-73b0-a0b8-5c88d8d44d72";

mod parser {
    /// Log lines of one part of an agent.
    pub(super) fn fail() {
        let _span = tracing::info_span!("turn", number = 3, thread_id = super::OTHER).entered();
        tracing::error!(path = "src/main file.rs", "the parser failed");
    }
}

fn log_everything() {
    tracing::trace!("every step");
    tracing::debug!(target: "agent::model", "asked the model");
    tracing::info!("began to work");
    tracing::warn!(thread_id = ID, answer_ms = 1500, "a slow answer\n\u{1b}[31mred");
    parser::fail();
}

async fn logged() -> Result<Fixture> {
    let fixture = Fixture::bundled()?;
    fixture.log(log_everything).await?;
    Ok(fixture)
}

/// The first words of each row's message.
fn found(fixture: &Fixture, arguments: &[&str]) -> Result<Vec<String>> {
    let rows = fixture.rows(arguments)?;
    let first = |row: &serde_json::Value| {
        row["message"].as_str().map(|text| text.split('\n').next().unwrap_or(text).to_owned())
    };
    Ok(rows.iter().filter_map(first).collect())
}

#[tokio::test]
async fn levels_are_a_bound_or_exact() -> Result {
    let fixture = logged().await?;
    let all = ["every step", "asked the model", "began to work", "a slow answer", "the parser failed"];
    assert_eq!(found(&fixture, &[])?, all);
    assert_eq!(found(&fixture, &["--level", "warn"])?, all[3..]);
    assert_eq!(found(&fixture, &["-l", "ERROR"])?, all[4..]);
    assert_eq!(found(&fixture, &["--only-level", "debug"])?, all[1..2]);
    let both = fixture.run(&["logs", "--level", "warn", "--only-level", "debug"])?;
    assert_eq!(both.code, Some(2), "{}", both.all());
    Ok(())
}

#[tokio::test]
async fn times_are_typed_in_several_ways() -> Result {
    let fixture = logged().await?;
    let count = |arguments: &[&str]| found(&fixture, arguments).map(|rows| rows.len());
    let second = jiff::Timestamp::now().as_second();
    for before in [
        format!("{}", second - 3_600),
        jiff::Timestamp::from_second(second - 3_600)?.to_string(),
        "1h".to_owned(),
    ] {
        assert_eq!((count(&["--from", &before])?, count(&["--to", &before])?), (5, 0), "{before}");
    }
    assert_eq!(count(&["--from", &format!("{}", second + 3_600)])?, 0);
    assert_eq!(count(&["--from", "1h", "--to", &format!("{}", second + 3_600)])?, 5);
    insta::assert_snapshot!(fixture.run(&["logs", "--from", "soon"])?.all(), @r"
    exit 2
    --- stderr
    error: `soon` is no value for `--from`
      hint: a time is like 2026-11-22T13:23:16Z, 2026-11-22, yesterday, 1795353796 (Unix seconds), or 15m, 2h, 3d, 2w (ago)
    ");
    assert_eq!(fixture.rows(&["--from", "yesterday"])?.len(), fixture.rows(&[])?.len());
    assert!(fixture.rows(&["--to", "yesterday"])?.is_empty());
    Ok(())
}

#[tokio::test]
async fn rows_are_found_by_module_file_text_and_thread() -> Result {
    let fixture = logged().await?;
    assert_eq!(found(&fixture, &["--module", "it::logs::parser"])?, ["the parser failed"]);
    assert_eq!(found(&fixture, &["--module", "it"])?.len(), 5);
    assert_eq!(found(&fixture, &["--module", "it::log"])?.len(), 0);
    assert_eq!(found(&fixture, &["--file", "it/logs.rs"])?.len(), 5);
    assert_eq!(found(&fixture, &["--file", "ogs.rs"])?.len(), 0);
    assert_eq!(found(&fixture, &["--search", "PARSER"])?, ["the parser failed"]);
    assert_eq!(found(&fixture, &["--search", "1500"])?, ["a slow answer"]);
    assert_eq!(found(&fixture, &["--thread", "01a2036c-de71"])?, ["a slow answer"]);
    assert_eq!(
        found(&fixture, &["--thread", ID, "--thread", OTHER])?,
        ["a slow answer", "the parser failed"]
    );
    assert_eq!(found(&fixture, &["--threadless"])?.len(), 3);
    assert_eq!(found(&fixture, &["--threadless", "--thread", ID])?.len(), 4);
    assert_eq!(found(&fixture, &["--thread", ID, "--level", "error"])?.len(), 0, "filters go together");
    assert_eq!(
        found(&fixture, &["-n", "2"])?,
        ["a slow answer", "the parser failed"],
        "the newest, in their order"
    );
    insta::assert_snapshot!(fixture.run(&["logs", "--search", "nowhere"])?.all(), @r"
    exit 0
    --- stdout
    No row matches.
    Leave out a filter to see more.
    ");
    insta::assert_snapshot!(fixture.run(&["logs", "--limit", "10001"])?.all(), @r"
    exit 2
    --- stderr
    error: --limit is a number from 1 to 10000, not 10001
      hint: give --from, --to or another filter to narrow it down
    ");
    insta::assert_snapshot!(fixture.run(&["logs", "--thread", "01a2fff"])?.all(), @r"
    exit 2
    --- stderr
    error: no thread has an id that begins or ends with `01a2fff`
      hint: `threadkeep threads` lists the threads that exist
    ");
    Ok(())
}

/// Lines with the time of each, which is new in each run, blanked.
fn timeless(text: &str) -> String {
    let digit = |c: char| if c.is_ascii_digit() { '0' } else { c };
    let line = |line: &str| {
        let end = line.find(['E', 'W', 'I', 'D', 'T']).unwrap_or(0);
        line[..end].chars().map(digit).collect::<String>() + &line[end..]
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn a_row_is_a_line_in_full_or_in_short() -> Result {
    let fixture = logged().await?;
    insta::assert_snapshot!(timeless(&fixture.run(&["logs"])?.stdout), @r#"
    0000-00-00 00:00:00.000 TRACE it::logs every step
    0000-00-00 00:00:00.000 DEBUG agent::model asked the model
    0000-00-00 00:00:00.000 INFO  it::logs began to work
    0000-00-00 00:00:00.000 WARN  it::logs 01a2036c-de71-77f1-a9e3-3c28701bba61 a slow answer ␛[31mred answer_ms=1500
    0000-00-00 00:00:00.000 ERROR it::logs::parser 01a2036c-e047-73b0-a0b8-5c88d8d44d72 turn{number=3}: the parser failed path="src/main file.rs"
    "#);
    insta::assert_snapshot!(timeless(&fixture.run(&["logs", "--compact"])?.stdout), @r"
    00:00:00.000 TRACE it::logs: every step
    00:00:00.000 DEBUG agent::model: asked the model
    00:00:00.000 INFO  it::logs: began to work
    00:00:00.000 WARN  it::logs: a slow answer ␛[31mred
    00:00:00.000 ERROR it::logs::parser: the parser failed
    ");
    let coloured = fixture.run(&["--color", "always", "logs", "--compact", "--level", "error"])?.stdout;
    assert!(coloured.contains("\u{1b}[31mERROR"), "{coloured:?}");
    let verbose = fixture.run(&["-v", "logs", "--level", "error"])?.stdout;
    assert!(verbose.contains("(cli/tests/it/logs.rs:"), "{verbose}");
    Ok(())
}

#[tokio::test]
async fn a_row_is_an_object_on_a_line() -> Result {
    let fixture = logged().await?;
    let mut row = fixture.rows(&["--level", "error"])?.remove(0);
    for name in ["id", "at", "at_ms", "process_id", "line"] {
        assert!(!row[name].is_null(), "{name}");
        row[name] = "[new]".into();
    }
    insta::assert_snapshot!(row, @r#"{"id":"[new]","at":"[new]","at_ms":"[new]","level":"error","target":"it::logs::parser","message":"the parser failed","fields":{"path":"src/main file.rs"},"spans":[{"name":"turn","fields":{"number":3}}],"thread_id":"01a2036c-e047-73b0-a0b8-5c88d8d44d72","process_id":"[new]","module":"it::logs::parser","file":"cli/tests/it/logs.rs","line":"[new]","is_cut":false}"#);
    Ok(())
}

#[test]
fn without_logs_it_says_so() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(fixture.run(&["logs"])?.all(), @r"
    exit 0
    --- stdout
    Nothing has been logged yet.
    Commands that change something leave a row.
    ");
    assert_eq!(fixture.run(&["-q", "logs"])?.all(), "exit 0");
    assert_eq!(fixture.rows(&[])?.len(), 0);
    assert!(!fixture.sqlite_home().exists(), "reading makes nothing");
    Ok(())
}

#[tokio::test]
async fn logs_can_be_switched_off() -> Result {
    let fixture = logged().await?;
    let config = fixture.sqlite_home().join("config.toml");
    fs::write(&config, "[logs]\nenabled = false\n")?;
    assert_eq!(found(&fixture, &[])?.len(), 5, "what is there can be read all the same");
    fs::write(&config, "[features]\nlogs = false\n")?;
    insta::assert_snapshot!(fixture.run(&["logs"])?.all(), @r"
    exit 2
    --- stderr
    error: logs are switched off: features.logs is false in [tmp]/home/threadkeep/config.toml:2
      hint: set it to true to switch them on; nothing was deleted
    ");
    Ok(())
}

#[test]
fn logs_of_another_program_are_left_alone() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    let file = fixture.sqlite_home().join("logs_2.sqlite");
    fs::remove_file(&file)?;
    fs::write(&file, "of another program")?;
    insta::assert_snapshot!(fixture.run(&["logs"])?.all(), @r"
    exit 2
    --- stderr
    error: [tmp]/home/threadkeep/logs_2.sqlite is not Threadkeep's logs database: the file is not a SQLite database; nothing in it was changed
      hint: move it away, or choose another folder for the databases with --sqlite-home DIR
    ");
    assert_eq!(
        fixture.run(&["threads", "archive", ID])?.code,
        Some(0),
        "what cannot be logged is done all the same"
    );
    assert_eq!(fs::read(&file)?, b"of another program");
    let status = fixture.run(&["status"])?;
    assert_eq!(status.code, Some(1), "{}", status.all());
    Ok(())
}

#[cfg(unix)]
mod following {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Child, ChildStdout, Stdio};

    use rustix::process::{Pid, Signal, kill_process};

    use super::{Fixture, ID, Result, logged};

    fn follow(fixture: &Fixture, arguments: &[&str]) -> Result<(Child, BufReader<ChildStdout>)> {
        let arguments = [&["logs", "--follow"], arguments].concat();
        let mut child = fixture.command(&arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let stdout = child.stdout.take().ok_or("stdout is piped")?;
        Ok((child, BufReader::new(stdout)))
    }

    fn line(stdout: &mut BufReader<ChildStdout>) -> Result<String> {
        let mut line = String::new();
        stdout.read_line(&mut line)?;
        Ok(line)
    }

    #[tokio::test]
    async fn rows_are_printed_as_they_come_until_an_interrupt() -> Result {
        let fixture = logged().await?;
        let (child, mut stdout) = follow(&fixture, &["--json", "--limit", "1", "--level", "warn"])?;
        assert!(line(&mut stdout)?.contains("the parser failed"));
        fixture.log(|| tracing::info!("does not match")).await?;
        fixture.log(|| tracing::warn!("one more")).await?;
        let row: serde_json::Value = serde_json::from_str(&line(&mut stdout)?)?;
        assert_eq!(row["message"], "one more");
        fixture.log(|| tracing::error!("and another")).await?;
        assert!(line(&mut stdout)?.contains("and another"));
        kill_process(Pid::from_child(&child), Signal::INT)?;
        assert_eq!(line(&mut stdout)?, "");
        let said = fixture.say(child.wait_with_output()?)?;
        assert_eq!(said.all(), "exit 0");
        Ok(())
    }

    #[tokio::test]
    async fn it_ends_when_nobody_reads_any_more() -> Result {
        let fixture = logged().await?;
        let (child, mut stdout) = follow(&fixture, &["--compact", "--thread", ID])?;
        assert!(line(&mut stdout)?.contains("a slow answer"));
        drop(stdout);
        let said = fixture.say(child.wait_with_output()?)?;
        assert_eq!(said.all(), "exit 0");
        Ok(())
    }

    #[tokio::test]
    async fn it_waits_for_logs_that_are_not_there_yet() -> Result {
        let fixture = Fixture::bundled()?;
        let (child, mut stdout) = follow(&fixture, &[])?;
        fixture.log(|| tracing::info!("the first")).await?;
        assert!(line(&mut stdout)?.ends_with("the first\n"));
        kill_process(Pid::from_child(&child), Signal::TERM)?;
        assert_eq!(fixture.say(child.wait_with_output()?)?.all(), "exit 0");
        Ok(())
    }
}
