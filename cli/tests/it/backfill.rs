//! `backfill`: what it says, twice the same, and alone.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use threadkeep_backfill::{Acquired, Finish, Progress as _, Term};
use threadkeep_state::lease_owner;

use super::fixture::{Fixture, Result, Said};

/// A run's words without what differs from run to run.
fn steady(said: &Said) -> String {
    let time = |line: &str| line.starts_with("in ") && (line.contains(" ms") || line.contains(" s"));
    said.all().lines().filter(|line| !time(line)).collect::<Vec<_>>().join("\n")
}

/// A home with one file of each kind of trouble.
fn troubled() -> Result<Fixture> {
    let fixture = Fixture::bundled()?;
    let good = fixture.rollout("01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl")?;
    fs::copy(&good, fixture.home().join("sessions/rollout-copy.jsonl"))?;
    let name = "rollout-2019-11-22T10-00-00-01a20300-0000-7000-8000-000000000001.jsonl";
    fs::write(fixture.home().join("sessions").join(name), "")?;
    let torn = fixture.rollout("01a2036c-e9ec-7373-9860-e686387705da.jsonl")?;
    let text = fs::read_to_string(&torn)?;
    fs::write(&torn, format!("{}\nno JSON\n", text.trim_end()))?;
    Ok(fixture)
}

#[test]
fn a_file_that_shrank_is_named_as_such() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    let (cut, emptied) = (
        fixture.rollout("01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl")?,
        fixture.rollout("01a2036c-e9ec-7373-9860-e686387705da.jsonl")?,
    );
    let text = fs::read_to_string(&cut)?;
    fs::write(&cut, &text[..text.len() / 2])?;
    fs::write(&emptied, "")?;
    insta::assert_snapshot!(steady(&fixture.run(&["backfill"])?), @r"
    exit 1
    --- stdout
    scanned        16
    indexed         1
    unchanged      14
    copies          0
    failed          0
    shrunk          2  shorter than when last indexed
    gone            0
    lines skipped   1  the rest of these files is indexed
    history         1  read for search and usage

    files with problems
      sessions/2026/11/22/rollout-2026-11-22T13-23-16-01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl
        has 25.2 kB, and had 50.5 kB when last indexed: restore it from a backup
      sessions/2026/11/22/rollout-2026-11-22T13-23-19-01a2036c-e9ec-7373-9860-e686387705da.jsonl
        the file is empty; it will be read once its agent writes to it; is empty, and had 39.1 kB when last indexed: restore it from a backup
    ");
    for options in [&["backfill"][..], &["backfill", "--force"]] {
        let again = fixture.run(&[&["--json"], options].concat())?;
        let report: serde_json::Value = serde_json::from_str(&again.stdout)?;
        assert_eq!((again.code, &report["shrunk"], &report["failed"]), (Some(1), &2.into(), &0.into()));
        assert!(
            report["problems"][0]["reason"]
                .as_str()
                .is_some_and(|reason| reason.contains(" when last indexed"))
        );
    }
    Ok(())
}

#[test]
fn a_clean_home_is_indexed_in_silence() -> Result {
    let fixture = Fixture::bundled()?;
    insta::assert_snapshot!(steady(&fixture.run(&["backfill"])?), @r"
    exit 0
    --- stdout
    scanned        16
    indexed        16
    unchanged       0
    copies          0
    failed          0
    gone            0
    lines skipped   0
    history        16  read for search and usage
    ");
    insta::assert_snapshot!(steady(&fixture.run(&["backfill"])?), @r"
    exit 0
    --- stdout
    scanned        16
    indexed         0
    unchanged      16
    copies          0
    failed          0
    gone            0
    lines skipped   0
    ");
    insta::assert_snapshot!(steady(&fixture.run(&["backfill", "--force"])?), @r"
    exit 0
    --- stdout
    scanned        16
    indexed        16
    unchanged       0
    copies          0
    failed          0
    gone            0
    lines skipped   0
    history        16  read for search and usage
    ");
    Ok(())
}

#[test]
fn trouble_is_told_as_long_as_it_lasts() -> Result {
    let fixture = troubled()?;
    let first = fixture.run(&["backfill"])?;
    insta::assert_snapshot!(steady(&first), @r"
    exit 1
    --- stdout
    scanned        18
    indexed        16
    unchanged       0
    copies          1  another file has the same thread
    failed          1  could not be read
    gone            0
    lines skipped   1  the rest of these files is indexed
    history        16  read for search and usage

    files with problems
      sessions/2026/11/22/rollout-2026-11-22T13-23-19-01a2036c-e9ec-7373-9860-e686387705da.jsonl
        1 line skipped, line 20 (byte 39095): not a JSON object
      sessions/rollout-2019-11-22T10-00-00-01a20300-0000-7000-8000-000000000001.jsonl
        the file is empty; it will be read once its agent writes to it
      sessions/rollout-copy.jsonl
        has the same thread id as sessions/2026/11/22/rollout-2026-11-22T13-23-16-01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl; is not named rollout-YYYY-MM-DDThh-mm-ss-<uuid>.jsonl
    ");
    let second = fixture.run(&["backfill"])?;
    let problems =
        |said: &Said| said.stdout.split_once("files with problems").map(|(_, problems)| problems.to_owned());
    assert_eq!(second.code, Some(1));
    assert_eq!(problems(&second), problems(&first));
    let told = problems(&first).unwrap_or_default();
    for command in ["status", "audit"] {
        let said = fixture.run(&[command])?.stdout;
        for line in told.lines() {
            assert!(said.contains(line), "{command} does not say `{line}`: {said}");
        }
    }
    assert!(fixture.run(&["status"])?.stdout.contains(", 3 with problems"));
    Ok(())
}

#[test]
fn a_name_that_is_no_rollouts_is_reported_and_no_failure() -> Result {
    let fixture = Fixture::bundled()?;
    let rollout = fixture.rollout("01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl")?;
    fs::rename(&rollout, rollout.with_file_name("rollout-renamed.jsonl"))?;
    let said = fixture.run(&["backfill"])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stdout.contains("is not named rollout-"), "{}", said.all());
    Ok(())
}

#[test]
fn skipped_lines_alone_are_no_failure() -> Result {
    let fixture = Fixture::bundled()?;
    let rollout = fixture.rollout("01a2036c-e9ec-7373-9860-e686387705da.jsonl")?;
    let mut bytes = fs::read(&rollout)?;
    bytes.extend_from_slice(b"{\"torn\": \xff");
    fs::write(&rollout, bytes)?;
    let said = fixture.run(&["backfill"])?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stdout.contains("lines skipped   1"), "{}", said.all());
    Ok(())
}

#[test]
fn a_vanished_rollout_takes_its_thread_out_of_the_list() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    fs::remove_file(fixture.rollout("01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl")?)?;
    assert_eq!(fixture.json(&["backfill"])?["gone"], 1);
    let list = fixture.json(&["threads", "--all"])?;
    assert_eq!(list["threads"].as_array().ok_or("an array")?.len(), 14);
    let sheet = fixture.run(&["threads", "show", "01a2036c-de71"])?.stdout;
    assert!(sheet.contains("its rollout is missing"), "{sheet}");
    Ok(())
}

#[test]
fn a_rollout_that_its_agent_archives_is_not_gone() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    let rollout = fixture.rollout("01a2036c-de71-77f1-a9e3-3c28701bba61.jsonl")?;
    let name = rollout.file_name().ok_or("a rollout has a name")?;
    fs::rename(&rollout, fixture.home().join("archived_sessions").join(name))?;
    assert_eq!(fixture.json(&["backfill"])?["gone"], 0);
    assert_eq!(fixture.json(&["threads", "--archived"])?["threads"].as_array().ok_or("an array")?.len(), 2);
    Ok(())
}

#[tokio::test]
async fn while_another_process_indexes_a_list_says_that_it_may_be_incomplete() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    let progress = fixture.state().await?.backfill_progress();
    let now = Timestamp::now();
    let term = Term { now, expires_at: now + Duration::from_secs(600) };
    let owner = lease_owner();
    let Acquired::Granted { lease, .. } = progress.acquire(&owner, term).await? else {
        return Err("the lease was free".into());
    };

    let said = fixture.run(&["threads", "--limit", "1"])?;
    assert_eq!(said.code, Some(0));
    let note = format!("note: another process is indexing this home ({owner}; its lease ends in ");
    assert!(said.stderr.starts_with(&note), "{}", said.all());
    assert!(
        said.stderr.ends_with(
            " unless it is renewed); showing what is indexed so far; the list may be incomplete\n"
        ),
        "{}",
        said.all()
    );
    let said = fixture.run(&["--json", "-q", "threads", "--limit", "1"])?;
    assert!(said.stdout.contains("\"incomplete\":\"another process is indexing"), "{}", said.all());

    let said = fixture.run(&["backfill", "--no-wait"])?;
    assert_eq!(said.code, Some(2));
    assert!(said.stderr.contains("leave out --no-wait"), "{}", said.all());

    let status = fixture.run(&["status"])?;
    assert!(status.stdout.contains(&format!("running: {owner}, lease ends in ")), "{}", status.all());

    let mut waiting = fixture.command(&["backfill"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stderr = BufReader::new(waiting.stderr.take().ok_or("stderr is piped")?);
    let mut line = String::new();
    stderr.read_line(&mut line)?;
    let note = format!("note: another process is indexing this home ({owner}; its lease ends in ");
    assert!(line.starts_with(&note) && line.ends_with(" unless it is renewed): waiting for it\n"), "{line}");
    progress.finish(&lease, Finish::Complete, Timestamp::now()).await?;
    let said = fixture.say(waiting.wait_with_output()?)?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    Ok(())
}

#[tokio::test]
async fn a_run_whose_process_is_gone_is_interrupted_and_not_running() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    let progress = fixture.state().await?.backfill_progress();
    let now = Timestamp::now();
    let term = Term { now, expires_at: now + Duration::from_secs(600) };
    let mut child = std::process::Command::new("true").spawn()?;
    let owner = lease_owner().replace(&std::process::id().to_string(), &child.id().to_string());
    child.wait()?;
    progress.acquire(&owner, term).await?;
    let status = fixture.run(&["status"])?.stdout;
    let said = format!("interrupted: {owner} has ended; `threadkeep backfill` continues it");
    assert!(status.contains(&said), "{status}");
    Ok(())
}
