//! Passes that are killed at any moment, and several at once: nothing is lost, doubled or left
//! behind.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use threadkeep_backfill::Ending;
use threadkeep_history::{AgentHome, HistoryStore, OpenOptions};
use uuid::Uuid;

use crate::changes::is_as_from_scratch;
use crate::common::{Fixture, Result, header, id, rollout_path, turn};

const FOLDER: &str = "THREADKEEP_HISTORY_FOLDER";

/// The child: one pass in small batches, which may wait for another's.
async fn pass(folder: &Path) -> Result {
    let home = AgentHome::open(folder.join("home"))?;
    let history = HistoryStore::new(&folder.join("sqlite"), &OpenOptions::new());
    let engine = history.ports(&home).await?.engine().with(|it| {
        (it.batch_items, it.patience) = (3, Duration::from_secs(60));
    });
    let report = engine.run(|_| ()).await?;
    assert_eq!(report.ending, Ending::Complete);
    Ok(history.close().await?)
}

fn child(test: &str, fixture: &Fixture) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--exact", test, "--nocapture", "--test-threads=1"]).env(FOLDER, fixture.folder());
    Ok(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
}

/// Writes rollouts, or makes them longer.
fn write(fixture: &Fixture, round: u64) -> Result<Vec<Uuid>> {
    let threads: Vec<Uuid> = (1..=24).map(id).collect();
    for (number, thread) in threads.iter().enumerate() {
        let turns = 1 + (number as u64 + round) % 5 + round;
        let turns =
            (0..turns).map(|n| turn(&format!("{n}"), &format!("round {round}"), "some answer", 10 * n));
        fixture.write(&rollout_path(*thread), header(*thread) + &turns.collect::<String>())?;
    }
    Ok(threads)
}

const KILLED: &str = "killed::a_pass_that_is_killed_is_finished_by_the_next";

#[tokio::test]
async fn a_pass_that_is_killed_is_finished_by_the_next() -> Result {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return pass(Path::new(&folder)).await;
    }
    let fixture = Fixture::new()?;
    write(&fixture, 0)?;
    assert!(child(KILLED, &fixture)?.wait()?.success());
    let mut interrupted = 0;
    for round in 1..=12_u64 {
        let threads = write(&fixture, round)?;
        // One file is gone, and another has moved.
        std::fs::remove_file(fixture.path(&rollout_path(id(24))))?;
        let archived = format!("archived_sessions/rollout-2026-11-22T13-23-16-{}.jsonl", id(23));
        fixture.rename(&rollout_path(id(23)), &archived)?;
        let mut killed = child(KILLED, &fixture)?;
        // The log grows with each batch.
        let log = fixture.sqlite_home().join("history_1.sqlite-wal");
        let written = || log.metadata().map_or(0, |metadata| metadata.len());
        while written() < round * 24 * 1024 && killed.try_wait()?.is_none() {
            std::thread::yield_now();
        }
        killed.kill()?;
        interrupted += usize::from(!killed.wait()?.success());
        // A dead owner's lease is free.
        let report = fixture.index().await?;
        assert_eq!((report.failed, report.pending), (0, 0));
        is_as_from_scratch(&fixture, &threads).await?;
        assert_eq!(fixture.count(&format!("\"round {round}\"")).await?, turns_of(&fixture, &threads).await?);
        assert_eq!(fixture.count(&format!("\"round {}\"", round - 1)).await?, 0);
        assert_eq!(fixture.index().await?.unchanged, 23);
    }
    assert!(interrupted > 3, "{interrupted} passes were killed");
    Ok(())
}

async fn turns_of(fixture: &Fixture, threads: &[Uuid]) -> Result<usize> {
    let mut turns = 0;
    for thread in threads {
        turns += fixture.history.figures(*thread).await?.map_or(0, |figures| figures.turns as usize);
    }
    Ok(turns)
}

const AT_ONCE: &str = "killed::passes_at_once_make_one_history";

#[tokio::test]
async fn passes_at_once_make_one_history() -> Result {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return pass(Path::new(&folder)).await;
    }
    let fixture = Fixture::new()?;
    for round in 0..3 {
        let threads = write(&fixture, round)?;
        let children: Vec<Child> = (0..4).map(|_| child(AT_ONCE, &fixture)).collect::<Result<_>>()?;
        for mut child in children {
            assert!(child.wait()?.success());
        }
        is_as_from_scratch(&fixture, &threads).await?;
    }
    Ok(())
}
