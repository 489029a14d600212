//! `keep`, killed at any moment: each copy is whole, and the next run completes the rest.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use threadkeep_sessions::{Vault, store};

use crate::agents::{shared, user, with_claude};
use crate::fixture::{Result, files};

const ROUNDS: usize = 12;

#[test]
fn a_killed_run_leaves_whole_copies_alone() -> Result {
    let fixture = with_claude()?;
    fixture.json(&["agents", "add", "claude"])?;
    let began = Instant::now();
    fixture.json(&["keep", "--all", "--yes"])?;
    let (whole, claude) = (began.elapsed(), store("claude").ok_or("claude")?);
    let vault = Vault::new(shared(&fixture).join("kept"));
    let mut random = fastrand::Rng::with_seed(20_261_130);
    let mut killed = 0;
    for _ in 0..ROUNDS {
        // All sessions have grown: each has an older copy by now.
        for path in files(&user(&fixture).join(".claude/projects"))? {
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                let grown = [fs::read(&path)?, b"{}\n".to_vec()].concat();
                fs::write(&path, grown)?;
            }
        }
        let mut child = fixture.command(&["keep", "--all", "--yes"]);
        let mut child = child.stdout(Stdio::null()).stderr(Stdio::null()).spawn()?;
        // Where the kill falls is chance, and no result depends on it.
        thread::sleep(Duration::from_micros(random.u64(0..u64::try_from(whole.as_micros())?)));
        child.kill()?;
        killed += usize::from(child.wait()?.code().is_none());
        let contents = vault.contents()?;
        assert_eq!((contents.kept.len(), contents.damaged.len()), (34, 0));
        for kept in &contents.kept {
            let (open, found) = vault.open(claude, kept)?;
            open.read(&found)?;
        }
    }
    assert!(killed > 0, "no round was cut short");
    fixture.json(&["keep", "--all", "--yes"])?;
    let again = fixture.json(&["keep", "--all", "--yes"])?;
    let results = again["results"].as_array().ok_or("results")?;
    assert!(results.iter().all(|result| result["outcome"] == "unchanged"), "{again}");
    let names: usize = vault.contents()?.kept.iter().map(|kept| kept.files.len() + 1).sum();
    assert_eq!(files(vault.folder())?.len(), names + 1, "only copies, their descriptions and the lock");
    Ok(())
}
