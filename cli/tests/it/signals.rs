//! Ctrl-C leaves a state from which the next run goes on.

#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use threadkeep_backfill::{Acquired, BackfillStatus, Finish, Progress as _, Term};
use threadkeep_state::ListThreads;
use threadkeep_state::lease_owner;

use super::fixture::{Fixture, Result};

fn interrupt(child: &Child) -> Result {
    Ok(kill_process(Pid::from_child(child), Signal::INT)?)
}

#[tokio::test]
async fn a_run_that_is_interrupted_gives_the_lease_back_and_goes_on_later() -> Result {
    let fixture = Fixture::of_many(1_000)?;
    let state = fixture.state().await?;
    let mut interrupted = false;
    // A machine may be quick enough to be done before it is asked to stop; it is asked again then.
    for _ in 0..10 {
        let mut child = fixture
            .command(&["backfill", "--force"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        // A watermark is there from the first batch to the end of the pass.
        while state.backfill_progress().state().await?.watermark.is_none() && child.try_wait()?.is_none() {
            tokio::task::yield_now().await;
        }
        if child.try_wait()?.is_none() {
            interrupt(&child)?;
        }
        let said = fixture.say(child.wait_with_output()?)?;
        if said.code == Some(2) {
            assert!(said.stderr.contains("error: interrupted; run it again to go on"), "{}", said.all());
            assert!(said.stdout.contains("to do"), "{}", said.all());
            interrupted = true;
            break;
        }
    }
    assert!(interrupted, "no run could be interrupted");
    let progress = state.backfill_progress().state().await?;
    assert_eq!((progress.status, progress.lease), (BackfillStatus::Pending, None));
    assert_eq!(fixture.json(&["backfill"])?["outcome"], "complete");
    let all = ListThreads { all: true, ..ListThreads::default() };
    assert_eq!(state.threads().count(&all).await?.total(), 1_000);
    assert_eq!(fixture.run(&["audit"])?.code, Some(0));
    Ok(())
}

#[test]
fn an_answer_that_nobody_reads_can_be_ended() -> Result {
    for (signal, code) in [(Signal::TERM, 143), (Signal::INT, 130)] {
        let fixture = Fixture::of_many(200)?;
        let arguments = ["--json", "threads", "--limit", "1000"];
        let mut child = fixture.command(&arguments).stdout(Stdio::piped()).spawn()?;
        let mut stdout = child.stdout.take().ok_or("stdout is piped")?;
        // The rest is more than a pipe holds, and from its first byte on nothing else is left to
        // do.
        stdout.read_exact(&mut [0])?;
        kill_process(Pid::from_child(&child), signal)?;
        assert_eq!(child.wait()?.code(), Some(code));
        let mut rest = Vec::new();
        stdout.read_to_end(&mut rest)?;
        assert!(serde_json::from_slice::<serde_json::Value>(&rest).is_err(), "it was not held up at all");
    }
    Ok(())
}

#[tokio::test]
async fn a_run_that_waits_can_be_interrupted() -> Result {
    let fixture = Fixture::bundled()?;
    let progress = fixture.state().await?.backfill_progress();
    let now = Timestamp::now();
    let term = Term { now, expires_at: now + Duration::from_secs(600) };
    let Acquired::Granted { lease, .. } = progress.acquire(&lease_owner(), term).await? else {
        return Err("the lease was free".into());
    };
    let mut child = fixture.command(&["backfill"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stderr = BufReader::new(child.stderr.take().ok_or("stderr is piped")?);
    let mut line = String::new();
    stderr.read_line(&mut line)?;
    let who = format!("note: another process is indexing this home ({}", lease.owner);
    assert!(line.starts_with(&who) && line.contains("its lease ends in "), "{line}");
    assert!(line.ends_with(": waiting for it\n"), "{line}");
    interrupt(&child)?;
    line.clear();
    stderr.read_line(&mut line)?;
    assert_eq!(line, "error: interrupted; run it again to go on\n");
    assert_eq!(child.wait()?.code(), Some(2));
    progress.finish(&lease, Finish::Interrupted, Timestamp::now()).await?;
    assert_eq!(fixture.json(&["backfill"])?["indexed"], 16);
    Ok(())
}
