//! Sixteen processes at once on one home.

use std::path::Path;
use std::process::{Command, Stdio};

use threadkeep_rollout::{AgentHome, NewThread, Recorder};
use threadkeep_state::{StateOptions, StateRuntime};

use crate::common::{Fixture, Result};
use crate::live::{US, turn};

const NAME: &str = "processes::sixteen_sessions_at_once_meet_no_locked_database";
const PROCESSES: usize = 16;

/// The child: a session of its own, which also names its thread now and then.
async fn session(folder: &Path) -> Result {
    let state = StateRuntime::open(&StateOptions::new(folder.join("sqlite"))).await?;
    let home = AgentHome::open(folder.join("home"))?;
    let mut recorder = Recorder::create(&home, &NewThread::new(US, "1.0", "/w"))?;
    let live = state.threads().follow(&home, &recorder).await?;
    let id = recorder.metadata().thread_id;
    for number in 0..10 {
        for (line_type, payload) in turn(number, 15) {
            live.appended(&recorder.append(line_type, &payload)?).await?;
        }
        state.threads().rename(id, Some(&format!("after {number}")), jiff::Timestamp::now()).await?;
    }
    live.finish().await?;
    state.close().await?;
    Ok(())
}

#[tokio::test]
async fn sixteen_sessions_at_once_meet_no_locked_database() -> Result {
    if let Some(folder) = std::env::var_os("THREADKEEP_TEST_SESSIONS") {
        return session(Path::new(&folder)).await;
    }
    let fixture = Fixture::empty().await?;
    let folder = fixture.path("..");
    let children: std::io::Result<Vec<_>> = (0..PROCESSES)
        .map(|_| {
            Command::new(std::env::current_exe()?)
                .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
                .env("THREADKEEP_TEST_SESSIONS", &folder)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
        })
        .collect();
    for child in children? {
        let output = child.wait_with_output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", output.status);
    }
    let threads = fixture.threads().await?;
    assert_eq!(threads.len(), PROCESSES);
    for thread in threads {
        assert_eq!((thread.name.as_deref(), thread.own_tokens), (Some("after 9"), Some(149_000)));
    }
    assert!(fixture.state.audit(&fixture.home()?, |_, _| ()).await?.differences.is_empty());
    Ok(())
}
