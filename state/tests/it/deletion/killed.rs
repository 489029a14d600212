//! A deletion whose process is killed.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use threadkeep_sqlite::telemetry::{Tags, names};
use threadkeep_sqlite::{DbTelemetry, install_telemetry};
use threadkeep_state::{StateOptions, StateRuntime};

use super::{MARKER, log, no_residue, no_residue_in, now, only_the_second_is_left, two_threads};
use crate::common::{Result, id, remember, rollout_path, session};

/// Stops the process, without ending it, at one step of a deletion.
struct StopAt {
    step: usize,
    seen: AtomicUsize,
}

impl DbTelemetry for StopAt {
    fn counter(&self, name: &'static str, _value: u64, _tags: Tags<'_>) {
        if name == names::CLEANUP && self.seen.fetch_add(1, Ordering::SeqCst) == self.step {
            let _ = std::io::stdout().write_all(b"\nSTOPPED\n").and_then(|()| std::io::stdout().flush());
            loop {
                std::thread::park();
            }
        }
    }

    fn duration(&self, _name: &'static str, _duration: Duration, _tags: Tags<'_>) {}
}

const KILLED: &str = "deletion::killed::a_kill_between_any_two_steps_is_finished_at_the_next_open";

/// The child: deletes threads, and stops at a step.
async fn delete_and_stop(folder: &Path) -> Result {
    let step = std::env::var("THREADKEEP_TEST_STEP")?.parse()?;
    let sink = StopAt { step, seen: AtomicUsize::new(0) };
    install_telemetry(Arc::new(sink))?;
    let state = StateRuntime::open(&StateOptions::new(folder)).await?;
    let threads = std::env::var("THREADKEEP_TEST_THREADS")?;
    let threads: Vec<_> =
        threads.split(' ').map(str::parse::<u128>).collect::<std::result::Result<_, _>>()?;
    state.delete_threads(&threads.into_iter().map(id).collect::<Vec<_>>(), now()).await?;
    Err("it did not stop".into())
}

#[tokio::test]
async fn a_kill_between_any_two_steps_is_finished_at_the_next_open() -> Result {
    if let Some(folder) = std::env::var_os("THREADKEEP_TEST_FOLDER") {
        return delete_and_stop(Path::new(&folder)).await;
    }
    // The thread is removed from the index. Then its goal is deleted, and the record of that work
    // is removed; then its logs, and its content in the index's snapshots.
    let steps = (0..7).map(|step| (step, "1")).chain((0..11).map(|step| (step, "1 3 4")));
    for (step, threads) in steps {
        let fixture = two_threads().await?;
        if threads != "1" {
            for number in [3, 4] {
                fixture.write(&rollout_path(id(number)), session(id(number), MARKER))?;
            }
            fixture.index().await?;
            fixture.index_history().await?;
            for number in [3, 4] {
                remember(&fixture.state, id(number), MARKER).await?;
                log(&fixture.state, id(number), MARKER).await?;
            }
        }
        let folder = fixture.sqlite_home();
        fixture.state.clone().close().await?;
        let mut child = Command::new(std::env::current_exe()?)
            .args(["--exact", KILLED, "--nocapture", "--test-threads=1"])
            .env("THREADKEEP_TEST_FOLDER", &folder)
            .env("THREADKEEP_TEST_STEP", step.to_string())
            .env("THREADKEEP_TEST_THREADS", threads)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let stdout = BufReader::new(child.stdout.take().ok_or("a pipe")?);
        let stopped = stdout.lines().map_while(std::result::Result::ok).any(|line| line == "STOPPED");
        child.kill()?;
        child.wait()?;
        assert!(stopped, "step {step} of {threads} was never reached");

        let state = StateRuntime::open(&StateOptions::new(&folder)).await?;
        // The next one may be killed, too, and no process closes what only a deletion has opened.
        no_residue_in(&folder, |name| !name.starts_with("state_5.sqlite") || name.contains(".before-v"))?;
        only_the_second_is_left(&state).await?;
        assert_eq!(state.threads().get_many(&[id(3), id(4)]).await?, []);
        state.close().await?;
        no_residue(&folder)?;
    }
    Ok(())
}
