//! A lost mirror: kept sessions that their agents have deleted are read again from their copies.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use threadkeep_sessions::Mirror;

use crate::agents::{SESSION, ids, shared, user};
use crate::fixture::Result;
use crate::kept::{PROJECT, added, kept, session};

const ROUNDS: usize = 12;

#[test]
fn a_lost_session_is_read_and_found_again() -> Result {
    let fixture = added()?;
    fixture.json(&["keep", SESSION, "--yes"])?;
    let before = fixture.json(&["threads", "read", SESSION])?;
    fixture.json(&["threads", "rename", SESSION, "A name of mine"])?;
    fs::remove_file(session(&fixture))?;
    assert_eq!(kept(&fixture)?[0]["agent_has_it"], false);
    fs::remove_dir_all(shared(&fixture).join("agents"))?;
    let read = fixture.run(&["threads", "read", SESSION])?;
    assert!(read.stdout.contains("a.txt"), "{}", read.all());
    assert!(read.stderr.contains("read again from kept copies: 1 lost session of claude"), "{}", read.all());
    assert_eq!(fixture.json(&["threads", "read", SESSION])?["turns"], before["turns"]);
    let shown = fixture.json(&["threads", "show", SESSION])?;
    assert_eq!(shown["thread"]["name"], "A name of mine");
    assert!(shown["gone_since"].is_string(), "{shown}");
    let found = fixture.json(&["search", "a.txt", "--agent", "claude", "--all"])?;
    assert!(found.to_string().contains(SESSION), "{found}");
    assert_eq!(kept(&fixture)?[0]["agent_has_it"], false);
    let again = fixture.run(&["threads", "read", SESSION])?;
    assert!(!again.stderr.contains("kept"), "{}", again.all());

    // Deleted by the user, it does not come back.
    fixture.json(&["threads", "delete", SESSION, "--yes"])?;
    fs::remove_dir_all(shared(&fixture).join("agents"))?;
    assert!(!ids(&fixture.json(&["threads", "--all", "--limit", "100"])?).contains(&SESSION));
    Ok(())
}

#[test]
fn a_session_of_a_removed_agent_is_read_from_its_copy() -> Result {
    let fixture = added()?;
    fixture.json(&["keep", SESSION, "--yes"])?;
    fixture.json(&["agents", "remove", "claude"])?;
    fs::remove_dir_all(user(&fixture).join(".claude"))?;
    fs::remove_dir_all(shared(&fixture).join("agents"))?;
    let read = fixture.run(&["threads", "read", SESSION])?;
    assert!(read.stdout.contains("a.txt"), "{}", read.all());
    assert_eq!(kept(&fixture)?[0]["agent_has_it"], false);
    fixture.json(&["agents", "remove", "claude", "--forget", "--yes"])?;
    assert!(!ids(&fixture.json(&["threads", "--all", "--limit", "100"])?).contains(&SESSION));
    Ok(())
}

#[test]
fn a_killed_run_recovers_the_rest_later() -> Result {
    let fixture = added()?;
    fixture.json(&["keep", "--all", "--yes"])?;
    let every = ["--json", "threads", "--agent", "claude", "--all", "--limit", "100"];
    // Sessions that are read again are a note.
    let count = || -> Result<usize> {
        let said = fixture.run(&every)?;
        Ok(ids(&serde_json::from_str(&said.stdout)?).len())
    };
    let read = |id: &str| fixture.json(&["threads", "read", id]);
    let before = read(SESSION)?["turns"].clone();
    fs::remove_dir_all(user(&fixture).join(PROJECT))?;
    let all = count()?;
    let mirror = shared(&fixture).join("agents");
    let began = Instant::now();
    fs::remove_dir_all(&mirror)?;
    assert_eq!(count()?, all);
    let (whole, mut random, mut killed) = (began.elapsed(), fastrand::Rng::with_seed(20_261_130), 0);
    for _ in 0..ROUNDS {
        fs::remove_dir_all(&mirror)?;
        let mut child = fixture.command(&every);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        // Where the kill falls is chance, and no result depends on it.
        thread::sleep(Duration::from_micros(random.u64(0..u64::try_from(whole.as_micros())?)));
        child.kill()?;
        killed += usize::from(child.wait()?.code().is_none());
        assert_eq!(count()?, all);
        assert_eq!(read(SESSION)?["turns"], before);
    }
    assert!(killed > 0, "no round was cut short");
    let gone = Mirror::new(&mirror).sessions("claude")?;
    let gone =
        gone.iter().filter(|known| known.gone_since.is_some() && known.thread_id.to_string() == SESSION);
    assert_eq!(gone.count(), 1);
    Ok(())
}
