//! `search` and `usage` while another process is indexing: what they wait for, and how a wait ends.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::Stdio;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;
use threadkeep_backfill::{Acquired, Finish, Lease, Progress, Term};
use threadkeep_rollout::AgentHome;
use threadkeep_state::{StateOptions, StateRuntime, lease_owner};

use super::fixture::{Fixture, Result};
use super::written::{Rollout, id};

/// Takes a lease for longer than any test runs.
async fn take(progress: &impl Progress) -> Result<Lease> {
    let now = Timestamp::now();
    let term = Term { now, expires_at: now + Duration::from_secs(3_600) };
    match progress.acquire(&lease_owner(), term).await? {
        Acquired::Granted { lease, .. } => Ok(lease),
        Acquired::Held { .. } => Err("the lease was free".into()),
    }
}

/// Two threads, the first of which is indexed.
fn two_samovars() -> Result<Fixture> {
    let fixture = Fixture::empty()?;
    Rollout { said: Some("Polish the samovar"), ..Rollout::default() }.write(&fixture)?;
    fixture.json(&["backfill"])?;
    Rollout { n: 2, said: Some("Sell the samovar"), ..Rollout::default() }.write(&fixture)?;
    Ok(fixture)
}

#[tokio::test]
async fn neither_waits_long_for_another_run_of_the_index() -> Result {
    let fixture = two_samovars()?;
    let state = fixture.state().await?;
    let progress = state.backfill_progress();
    let lease = take(&progress).await?;
    let searched = fixture.run(&["search", "samovar"])?;
    assert_eq!(searched.code, Some(0), "{}", searched.all());
    assert!(
        searched.stdout.contains("Polish the") && !searched.stdout.contains("Sell"),
        "{}",
        searched.all()
    );
    let used = fixture.run(&["usage", "--by", "thread"])?;
    assert_eq!(used.code, Some(0), "{}", used.all());
    for (said, what) in [(searched, "threads may be missing"), (used, "usage may be missing")] {
        assert!(said.stderr.contains("another process is indexing this home"), "{}", said.all());
        assert!(said.stderr.contains(what), "{}", said.all());
    }
    progress.finish(&lease, Finish::Interrupted, Timestamp::now()).await?;
    state.close().await?;
    assert_eq!(fixture.json(&["search", "samovar"])?["total"], 2);
    Ok(())
}

#[tokio::test]
async fn a_search_does_not_wait_for_another_run_of_the_history_and_usage_can_be_stopped() -> Result {
    let fixture = two_samovars()?;
    let state = fixture.state().await?;
    let home = AgentHome::open(fixture.home())?;
    let progress = state.history_ports(state.history(), &home).await?.progress;
    let lease = take(&progress).await?;
    let searched = fixture.run(&["--json", "search", "samovar"])?;
    assert_eq!(searched.code, Some(0), "{}", searched.all());
    let found: serde_json::Value = serde_json::from_str(&searched.stdout)?;
    assert_eq!((&found["total"], &found["threads"][0]["id"]), (&json!(1), &json!(id(1))));
    assert_eq!(found["history"]["complete"], false);
    assert!(searched.stderr.contains("another process is indexing this home"), "{}", searched.all());

    // Totals wait until they are right.
    let mut child = fixture.command(&["usage"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let mut stderr = BufReader::new(child.stderr.take().ok_or("stderr is piped")?);
    let mut line = String::new();
    stderr.read_line(&mut line)?;
    assert!(line.starts_with("note: another process is indexing this home ("), "{line}");
    assert!(line.ends_with(": waiting for it\n"), "{line}");
    kill_process(Pid::from_child(&child), Signal::INT)?;
    line.clear();
    stderr.read_to_string(&mut line)?;
    assert!(line.starts_with("error: interrupted; run it again to go on\n"), "{line}");
    let output = child.wait_with_output()?;
    assert_eq!((output.status.code(), output.stdout), (Some(2), Vec::new()), "no totals that are too low");

    progress.finish(&lease, Finish::Interrupted, Timestamp::now()).await?;
    state.close().await?;
    assert_eq!(fixture.json(&["usage"])?["total"]["total"], 200);
    Ok(())
}

#[tokio::test]
async fn usage_that_is_stopped_while_it_indexes_goes_on_later() -> Result {
    let fixture = Fixture::of_many(1_000)?;
    let mut stopped = None;
    // A machine may be quick enough to be done before it is asked to stop; it is asked again then.
    for n in 0..10 {
        let sqlite_home = format!("try-{n}");
        let usage = ["--sqlite-home", &sqlite_home, "usage"];
        fixture.json(&["--sqlite-home", &sqlite_home, "threads", "--limit", "1"])?;
        let state = StateRuntime::open(&StateOptions::new(fixture.path().join(&sqlite_home))).await?;
        let home = AgentHome::open(fixture.home())?;
        let progress = state.history_ports(state.history(), &home).await?.progress;
        let mut child = fixture.command(&usage).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        // A watermark is there from the first batch to the end of the pass.
        while progress.state().await?.watermark.is_none() && child.try_wait()?.is_none() {
            tokio::task::yield_now().await;
        }
        if child.try_wait()?.is_none() {
            kill_process(Pid::from_child(&child), Signal::INT)?;
        }
        let said = fixture.say(child.wait_with_output()?)?;
        state.close().await?;
        if said.code == Some(2) {
            assert_eq!(said.stdout, "", "{}", said.all());
            assert!(said.stderr.contains("error: interrupted; run it again to go on"), "{}", said.all());
            stopped = Some(fixture.json(&usage)?);
            break;
        }
    }
    let usage = stopped.ok_or("no run could be stopped")?;
    assert_eq!(usage["history"]["complete"], true);
    assert_eq!(fixture.json(&["--sqlite-home", "fresh", "usage"])?["total"], usage["total"]);
    Ok(())
}
