//! Recorded lines stay, even if the process is killed.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::json;
use threadkeep_rollout::{AgentHome, Change, ExtractError, NewThread, RecordError, Recorder, RunOutcome};

use crate::{Result, extract, rollouts};

const US: &str = "recorder-test";

fn user(text: &str) -> serde_json::Value {
    json!({"type": "user_message", "message": text})
}

#[test]
fn what_is_recorded_is_found_and_read() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    let thread = NewThread::new(US, "1.0", "/w");
    let mut recorder = Recorder::create(&home, &thread)?;
    let start = recorder.end();
    let said = recorder.append("event_msg", &user("hello"))?;
    assert_eq!(said.offset, start);
    assert!(matches!(said.change, Change::Metadata(_)), "{:?}", said.change);
    let other = recorder.append("response_item", &json!({"type": "reasoning"}))?;
    assert_eq!(other.offset, said.offset + said.len);
    assert!(matches!(other.change, Change::Touch(_)), "{:?}", other.change);
    recorder.sync()?;
    assert_eq!(fs::metadata(recorder.path())?.len(), recorder.end());
    let found = home.discover();
    assert_eq!(found.problems, []);
    let extraction = extract(&home, &found.files[0])?;
    assert!(extraction.skipped.is_empty());
    assert_eq!((extraction.lines, extraction.checkpoint.offset()), (3, recorder.end()));
    let metadata = extraction.metadata;
    assert_eq!((metadata.thread_id, metadata.created_at), (thread.id, Some(thread.timestamp)));
    assert_eq!((metadata.title.as_deref(), metadata.cwd.as_deref()), (Some("hello"), Some("/w")));
    assert_eq!(metadata.cli_version.as_deref(), Some("1.0"));
    assert!(matches!(Recorder::create(&home, &thread), Err(RecordError::Exists { .. })));
    Ok(())
}

#[test]
fn what_a_recorder_says_of_its_thread_is_what_a_reader_finds() -> Result {
    // Every line of every rollout, through a recorder: after each it agrees with an extraction of
    // the file.
    for (file, bytes) in rollouts()? {
        let folder = tempfile::tempdir()?;
        let home = AgentHome::open(folder.path())?;
        let mut recorder = Recorder::create(&home, &NewThread::new(US, "1.0", "/w"))?;
        let mut known = recorder.metadata().clone();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).take(60) {
            let line: serde_json::Value = serde_json::from_slice(line)?;
            let Some(line_type) = line["type"].as_str().filter(|_| line.get("payload").is_some()) else {
                continue;
            };
            let appended = recorder.append(line_type, &line["payload"])?;
            match appended.change {
                Change::Metadata(metadata) => known = *metadata,
                Change::Touch(touch) => {
                    assert_eq!(touch.thread_id, known.thread_id);
                    known.updated_at = Some(touch.updated_at);
                    known.own_tokens = touch.own_tokens;
                    known.run_outcome = touch.run_outcome;
                }
                other => return Err(format!("{other:?}").into()),
            }
            assert_eq!(&known, recorder.metadata(), "{}", file.path);
            assert_eq!(
                known,
                extract(&home, &home.discover().files[0])?.metadata,
                "{}: {line_type}",
                file.path
            );
        }
        let path = recorder.path().to_owned();
        drop(recorder);
        assert_eq!(&known, Recorder::reopen(&path, US)?.metadata(), "{}: reopened", file.path);
    }
    Ok(())
}

#[test]
fn few_lines_change_what_a_thread_is() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    let mut recorder = Recorder::create(&home, &NewThread::new(US, "1.0", "/w"))?;
    let context = |model: &str| json!({"cwd": "/w", "model": model, "approval_policy": "never"});
    let tokens =
        |total: u64| json!({"type": "token_count", "info": {"total_token_usage": {"total_tokens": total}}});
    let mut metadata = Vec::new();
    for turn in 0..3 {
        let lines = [
            ("event_msg", json!({"type": "task_started", "turn_id": turn.to_string()})),
            ("turn_context", context(if turn == 2 { "another" } else { "mock" })),
            ("event_msg", user("hello")),
            ("response_item", json!({"type": "reasoning"})),
            ("event_msg", tokens(100 * (turn + 1))),
            ("event_msg", json!({"type": "task_complete", "turn_id": turn.to_string()})),
        ];
        for (number, (line_type, payload)) in lines.iter().enumerate() {
            match recorder.append(line_type, payload)?.change {
                Change::Metadata(_) => metadata.push((turn, number)),
                Change::Touch(touch) if number == 5 => {
                    assert_eq!(touch.run_outcome, RunOutcome::Completed);
                    assert_eq!(touch.own_tokens, Some(100 * (turn as i64 + 1)));
                }
                _ => {}
            }
        }
    }
    let wanted = [(0, 0), (0, 1), (0, 2), (2, 1)];
    assert_eq!(metadata, wanted, "the first turn, context and words, and the other model");
    Ok(())
}

#[test]
fn a_payload_of_several_lines_is_refused_and_nothing_written() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    let mut recorder = Recorder::create(&home, &NewThread::new(US, "1.0", "/w"))?;
    let before = fs::read(recorder.path())?;
    let pretty = serde_json::value::RawValue::from_string("{\n  \"type\": \"x\"\n}".to_owned())?;
    assert!(matches!(recorder.append("event_msg", &pretty), Err(RecordError::NotOneLine)));
    assert_eq!((fs::read(recorder.path())?, recorder.end()), (before.clone(), before.len() as u64));
    let appended = recorder.append("event_msg", &user("one\ntwo"))?;
    assert_eq!(appended.offset, before.len() as u64);
    assert_eq!(extract(&home, &home.discover().files[0])?.lines, 2);
    Ok(())
}

#[test]
fn a_torn_line_is_ended_first() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    let mut recorder = Recorder::create(&home, &NewThread::new(US, "1.0", "/w"))?;
    recorder.append("event_msg", &user("one"))?;
    let path = recorder.path().to_owned();
    drop(recorder);
    let whole = fs::read(&path)?;
    let second = whole.iter().position(|byte| *byte == b'\n').ok_or("two lines")? + 1;
    for cut in second..whole.len() {
        fs::write(&path, &whole[..cut])?;
        let mut recorder = Recorder::reopen(&path, US)?;
        let appended = recorder.append("event_msg", &user("two"))?;
        drop(recorder);
        let extraction = extract(&home, &home.discover().files[0])?;
        // Only a line that lacked nothing but its newline was complete.
        let (complete, title) = if cut == whole.len() - 1 { (true, "one") } else { (false, "two") };
        assert_eq!(extraction.metadata.title.as_deref(), Some(title), "cut at {cut}");
        assert_eq!(extraction.skipped.is_empty(), complete || cut == second, "cut at {cut}");
        assert_eq!(extraction.checkpoint.offset(), appended.offset + appended.len);
    }
    Ok(())
}

#[test]
fn a_rollout_that_is_not_ours_is_never_written_to() -> Result {
    let folder = tempfile::tempdir()?;
    for (file, bytes) in rollouts()? {
        let path = folder.path().join(file.path.rsplit('/').next().unwrap_or_default());
        fs::write(&path, &bytes[..bytes.len() - 1])?;
        assert!(matches!(Recorder::reopen(&path, US), Err(RecordError::NotOurs { .. })));
        assert_eq!(fs::read(&path)?, bytes[..bytes.len() - 1], "not a byte is changed");
    }
    let path = folder.path().join("x.jsonl.zst");
    fs::write(&path, "")?;
    assert!(matches!(Recorder::reopen(&path, US), Err(RecordError::Compressed)));
    let path = folder.path().join("empty.jsonl");
    fs::write(&path, "")?;
    assert!(matches!(Recorder::reopen(&path, US), Err(RecordError::NotOurs { .. })));
    assert!(matches!(Recorder::reopen(folder.path().join("none"), US), Err(RecordError::Io(_))));
    Ok(())
}

#[test]
fn one_recorder_at_a_time() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    let recorder = Recorder::create(&home, &NewThread::new(US, "1.0", "/w"))?;
    let path = recorder.path().to_owned();
    assert!(matches!(Recorder::reopen(&path, US), Err(RecordError::Locked)));
    drop(recorder);
    assert!(Recorder::reopen(&path, US).is_ok());
    Ok(())
}

/// Folder in which the child process records.
const CHILD_HOME: &str = "THREADKEEP_TEST_RECORDER_HOME";

/// Runs only as the child process of the next test: appends until it is killed, and says what it
/// has appended.
#[test]
fn child_that_is_killed() -> Result {
    let Some(home) = std::env::var_os(CHILD_HOME) else { return Ok(()) };
    let home = AgentHome::open(home)?;
    let mut recorder = match home.discover().files.first() {
        Some(file) => Recorder::reopen(home.absolute(&file.path), US)?,
        None => Recorder::create(&home, &NewThread::new(US, "1.0", "/w"))?,
    };
    let mut out = OpenOptions::new().create(true).append(true).open(home.root().join("done"))?;
    loop {
        let appended = recorder.append("event_msg", &user(&"x".repeat(5_000)))?;
        writeln!(out, "{}", appended.offset + appended.len)?;
    }
}

#[test]
fn a_killed_recorder_loses_nothing_it_has_reported() -> Result {
    let folder = tempfile::tempdir()?;
    let home = AgentHome::open(folder.path())?;
    for round in 0..5_u64 {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--exact", "recorder::child_that_is_killed"])
            .env(CHILD_HOME, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        // Killed once it has got on a little: at another moment in each round.
        let done = || fs::read_to_string(folder.path().join("done")).unwrap_or_default();
        let goal = done().lines().count() as u64 + 20 + round * 37;
        while (done().lines().count() as u64) < goal && child.try_wait()?.is_none() {
            std::thread::yield_now();
        }
        child.kill()?;
        child.wait()?;
        let reported = done();
        let last =
            reported.lines().filter_map(|line| line.parse::<u64>().ok()).next_back().ok_or("it got on")?;
        let extraction = match extract(&home, &home.discover().files[0]) {
            Err(error) if error.downcast_ref::<ExtractError>().is_some() => return Err(error),
            other => other?,
        };
        assert!(extraction.checkpoint.offset() >= last);
        assert!(extraction.lines > reported.lines().count() as u64);
        assert!(extraction.skipped.count <= round + 1, "at most one torn line a kill");
    }
    Ok(())
}
