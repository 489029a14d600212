//! `threads` while other programs work on the home or the index.

#![cfg(unix)]

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use rustix::process::{Pid, Signal, kill_process};
use threadkeep_backfill::Progress as _;
use threadkeep_sqlite::{Database, Durability, OpenOptions};
use threadkeep_state::STATE_DB;

use super::fixture::{Fixture, Result, files};
use super::written::{Rollout, id};

/// A list may not take longer than this, whatever another process does.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn a_run_without_an_end_goes_on_only_while_something_holds_it() -> Result {
    let fixture = Fixture::empty()?;
    let now = Timestamp::now().strftime("%Y-%m-%dT%H:%M").to_string();
    let rollout = Rollout { at: &now, ends: false, ..Rollout::default() }.write(&fixture)?;
    let outcome = || {
        Ok::<_, Box<dyn std::error::Error + Send + Sync>>(
            fixture.json(&["threads"])?["threads"][0]["run_outcome"].clone(),
        )
    };
    assert_eq!(outcome()?, "running");
    let long_ago = SystemTime::now() - Duration::from_secs(3_600);
    File::options().append(true).open(&rollout)?.set_modified(long_ago)?;
    assert_eq!(outcome()?, "interrupted");
    let copy = Fixture::empty()?;
    Rollout { ends: false, ..Rollout::default() }.write(&copy)?;
    let of_copy = copy.json(&["threads"])?["threads"][0]["run_outcome"].clone();
    assert_eq!(of_copy, "interrupted", "the file is new and its lines are old");
    let table = fixture.command(&["threads"]).env("COLUMNS", "160").output()?;
    assert!(fixture.say(table)?.stdout.contains("interrupted"));
    if cfg!(target_os = "linux") {
        let locks = fixture.home().join("thread-writer-locks");
        fs::create_dir(&locks)?;
        let lock = File::create(locks.join(format!("{}.lock", id(1))))?;
        assert_eq!(outcome()?, "interrupted");
        lock.lock()?;
        assert_eq!(outcome()?, "running");
        lock.unlock()?;
    }
    assert_eq!(outcome()?, "interrupted");
    Ok(())
}

#[tokio::test]
async fn an_indexer_that_is_stopped_keeps_nobody_waiting() -> Result {
    let fixture = Fixture::of_many(1_000)?;
    fixture.json(&["backfill"])?;
    let state = fixture.state().await?;
    let mut child =
        fixture.command(&["backfill", "--force"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
    while state.backfill_progress().state().await?.watermark.is_none() && child.try_wait()?.is_none() {
        tokio::task::yield_now().await;
    }
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::STOP)?;
    let holds = state.backfill_progress().state().await?.lease.is_some();
    let began = Instant::now();
    let said = fixture.run(&["threads", "--limit", "1"]);
    let took = began.elapsed();
    kill_process(pid, Signal::CONT)?;
    child.kill()?;
    child.wait()?;
    assert!(holds, "the run was over before it was stopped");
    let said = said?;
    assert_eq!(said.code, Some(0), "{}", said.all());
    assert!(said.stderr.contains(&child.id().to_string()), "{}", said.all());
    assert!(
        said.stderr.contains("showing what is indexed so far; the list may be incomplete"),
        "{}",
        said.all()
    );
    assert!(said.stdout.contains("1 of "), "{}", said.all());
    assert!(took < PATIENCE, "{took:?}");
    Ok(())
}

#[tokio::test]
async fn an_index_that_is_locked_is_read_as_it_is() -> Result {
    let fixture = Fixture::bundled()?;
    fixture.json(&["backfill"])?;
    let database = Database::open(&STATE_DB, &fixture.sqlite_home(), &OpenOptions::new()).await?;
    let transaction = database.begin(Durability::Usual).await?;
    let began = Instant::now();
    let said = fixture.run(&["threads", "--limit", "1"])?;
    let took = began.elapsed();
    transaction.rollback().await;
    assert_eq!(said.code, Some(0), "{}", said.all());
    let who = format!("process {}", std::process::id());
    assert!(said.stderr.contains(&who) && said.stderr.contains("has locked"), "{}", said.all());
    assert!(said.stderr.contains("showing what is indexed so far"), "{}", said.all());
    assert!(said.stdout.contains("1 of 13"), "{}", said.all());
    assert!(took < PATIENCE, "{took:?}");
    Ok(())
}

/// Moves every rollout of a folder to another.
fn move_all(from: &Path, to: &Path) -> Result {
    for path in files(from)? {
        fs::rename(&path, to.join(path.file_name().ok_or("a file has a name")?))?;
    }
    Ok(())
}

#[test]
fn a_list_during_moves_is_whole_or_says_that_it_is_not() -> Result {
    const FILES: usize = 40;
    let fixture = Fixture::empty()?;
    for n in 1..=FILES {
        Rollout { n: n.try_into()?, at: "2026-11-01T10:00", ..Rollout::default() }.write(&fixture)?;
    }
    fixture.json(&["backfill"])?;
    let (sessions, archive) =
        (fixture.home().join("sessions/2026/11/01"), fixture.home().join("archived_sessions"));
    fs::create_dir_all(&archive)?;
    let ends = AtomicBool::new(false);
    thread::scope(|scope| {
        let mover = scope.spawn(|| -> Result {
            while !ends.load(Ordering::Relaxed) {
                move_all(&sessions, &archive)?;
                move_all(&archive, &sessions)?;
            }
            Ok(())
        });
        let lists = (0..20).map(|_| fixture.run(&["--json", "threads", "--any", "--all", "--limit", "1000"]));
        let lists: Result<Vec<_>> = lists.collect();
        ends.store(true, Ordering::Relaxed);
        mover.join().map_err(|_| "the mover panicked")??;
        for said in lists? {
            let list: serde_json::Value = serde_json::from_str(&said.stdout)?;
            let number = list["threads"].as_array().map_or(0, Vec::len);
            assert!(number == FILES || list["incomplete"].is_string(), "{number} threads: {}", said.stderr);
        }
        Ok(())
    })
}
