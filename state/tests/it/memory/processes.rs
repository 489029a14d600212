//! Sixteen processes that claim at once.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use jiff::Timestamp;
use threadkeep_memories::StageOneJobs;
use threadkeep_state::{StateOptions, StateRuntime};

use super::{request, threads};
use crate::common::{Fixture, Result};

const NAME: &str = "memory::processes::sixteen_processes_claim_sixty_four_jobs";
const FOLDER: &str = "THREADKEEP_TEST_CLAIMS";

/// The child: claims ten jobs, reports their number, and holds them until its input ends.
async fn claim(folder: &Path) -> Result {
    let state = StateRuntime::open(&StateOptions::new(folder)).await?;
    let mut ask = request(Timestamp::now());
    (ask.owner, ask.limit) = (threadkeep_state::lease_owner(), 10);
    let claims = StageOneJobs::claim(&state.memories(), &ask).await?;
    writeln!(std::io::stderr(), "claimed {}", claims.len())?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(state.close().await?)
}

/// Reads the number of jobs that a child claimed.
fn claimed(child: &mut Child) -> Result<usize> {
    let mut lines = BufReader::new(child.stderr.take().ok_or("a pipe")?).lines();
    let line = lines.find_map(|line| Some(line.ok()?.strip_prefix("claimed ")?.to_owned()));
    Ok(line.ok_or("the child claims")?.parse()?)
}

#[tokio::test]
async fn sixteen_processes_claim_sixty_four_jobs() -> Result {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return claim(Path::new(&folder)).await;
    }
    let fixture = Fixture::empty().await?;
    threads(&fixture, 0..200, Timestamp::now(), 20).await?;
    let children: std::io::Result<Vec<Child>> = (0..16)
        .map(|_| {
            Command::new(std::env::current_exe()?)
                .args(["--exact", NAME, "--nocapture", "--test-threads=1"])
                .env(FOLDER, fixture.sqlite_home())
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::piped())
                .spawn()
        })
        .collect();
    let mut children = children?;
    let mut total = 0;
    for child in &mut children {
        total += claimed(child)?;
    }
    assert_eq!(total, 64);
    // A killed process holds nothing.
    for child in &mut children {
        child.kill()?;
        child.wait()?;
    }
    let claims = StageOneJobs::claim(&fixture.state.memories(), &request(Timestamp::now())).await?;
    assert_eq!(claims.len(), 64);
    Ok(())
}
