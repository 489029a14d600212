//! Killed at any moment, or run twice at once: nothing is lost, nothing is doubled.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::fixture::{Fixture, Result};

const FILES: usize = 300;
const ROUNDS: usize = 20;

/// Everything that the index says, and that it agrees with the rollouts.
fn index(fixture: &Fixture, sqlite_home: &str) -> Result<Value> {
    let list = [
        "--sqlite-home",
        sqlite_home,
        "threads",
        "--all",
        "--no-refresh",
        "--limit",
        "1000",
        "--sort",
        "created",
    ];
    let audit = fixture.run(&["--sqlite-home", sqlite_home, "audit"])?;
    assert_eq!(audit.code, Some(0), "{}", audit.all());
    fixture.json(&list)
}

#[test]
fn a_run_that_is_killed_anywhere_is_made_good_by_the_next() -> Result {
    let fixture = Fixture::of_many(FILES)?;
    let began = Instant::now();
    fixture.json(&["--sqlite-home", "fresh", "backfill"])?;
    let whole = began.elapsed();
    let fresh = index(&fixture, "fresh")?;
    assert_eq!(fresh["threads"].as_array().ok_or("an array")?.len(), FILES);

    let mut random = fastrand::Rng::with_seed(20_261_122);
    let mut killed = 0;
    for round in 0..ROUNDS {
        let sqlite_home = format!("killed-{}", round / 5);
        // Later rounds find an index that is whole or in part, and have everything to do again.
        let arguments = ["--sqlite-home", &sqlite_home, "backfill", "--force"];
        let mut child = fixture.command(&arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        // Where the kill falls is chance, and no result depends on it.
        let whole = u64::try_from(whole.as_micros())?;
        thread::sleep(Duration::from_micros(random.u64(0..whole)));
        child.kill()?;
        killed += usize::from(child.wait()?.code().is_none());
        if round % 5 == 4 {
            let after = fixture.json(&["--sqlite-home", &sqlite_home, "backfill"])?;
            assert_eq!((&after["scanned"], &after["failed"]), (&FILES.into(), &0.into()));
            assert_eq!(index(&fixture, &sqlite_home)?, fresh);
        }
    }
    assert!(killed > 0, "no round was cut short");
    Ok(())
}

#[test]
fn processes_that_index_at_once_make_one_index() -> Result {
    let fixture = Fixture::of_many(FILES)?;
    fixture.json(&["--sqlite-home", "fresh", "backfill"])?;
    let fresh = index(&fixture, "fresh")?;
    let children: Vec<_> = (0..3)
        .map(|_| {
            let mut command = fixture.command(&["--sqlite-home", "shared", "backfill"]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()
        })
        .collect::<std::io::Result<_>>()?;
    for child in children {
        let said = fixture.say(child.wait_with_output()?)?;
        assert_eq!(said.code, Some(0), "{}", said.all());
    }
    assert_eq!(index(&fixture, "shared")?, fresh);
    Ok(())
}
