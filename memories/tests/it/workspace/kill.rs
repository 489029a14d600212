//! Processes that are killed at random instants.

use std::fs;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use threadkeep_memories::{Baseline, Workspace};

use super::{TestResult, Trial, git};

/// Variable with the root for [`child`].
const ROOT: &str = "WORKSPACE_KILL_ROOT";

/// Publishes and commits until it is killed, when another test starts it. Does nothing on its own.
#[test]
fn child() -> TestResult {
    let Some(root) = std::env::var_os(ROOT) else { return Ok(()) };
    let workspace = Workspace::open(root.as_ref())?;
    println!("ready");
    for round in 0_u64.. {
        let copy = tempfile::tempdir()?;
        let given = workspace.stage(copy.path())?;
        for name in ["a.md", "sub/b.md", "sub/c.md"] {
            // The first line is the user's.
            let text = fs::read_to_string(copy.path().join(name))?;
            let first = text.lines().next().unwrap_or_default();
            fs::write(copy.path().join(name), format!("{first}\nagent {round}\n"))?;
        }
        workspace.publish(copy.path(), &given, str::to_owned)?;
        workspace.commit(copy.path())?;
    }
    Ok(())
}

#[test]
fn a_kill_at_any_instant_leaves_a_baseline_and_every_edit() -> TestResult {
    let trial =
        Trial::with(&[("a.md", "a\n"), ("sub/b.md", "b\n"), ("sub/c.md", "c\n"), ("user.md", "u\n")])?;
    let copies = tempfile::tempdir()?;
    for round in 0..25_u64 {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--exact", "workspace::kill::child", "--nocapture"]);
        command.env(ROOT, trial.root()).env("TMPDIR", copies.path());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        wait_for_start(&mut child)?;
        sleep(Duration::from_micros(round * 1777));
        // The user saves while the process works, as editors do.
        let edit = format!("user {round}");
        for name in ["a.md", "user.md"] {
            let saved = trial.temp.path().join("saved");
            fs::write(&saved, format!("{edit}\n"))?;
            fs::rename(saved, trial.path(name))?;
        }
        sleep(Duration::from_micros((round * 613) % 5000));
        child.kill()?;
        child.wait()?;

        let workspace = Workspace::open(trial.root())?;
        assert_eq!(workspace.baseline()?, Baseline::Ours, "round {round}");
        assert_eq!(git(trial.root(), &["fsck", "--strict"])?, "", "round {round}");
        assert_eq!(git(trial.root(), &["rev-list", "--all", "--count"])?, "1\n");
        assert!(!trial.path(".threadkeep").exists());
        for name in ["a.md", "user.md"] {
            assert_eq!(trial.read(name)?.lines().next(), Some(&*edit), "round {round}: {name}");
        }
        let names: Vec<_> = workspace.diff()?.changes.into_iter().map(|change| change.path).collect();
        assert!(names.iter().all(|name| name.extension().is_some_and(|end| end == "md")), "{names:?}");
    }
    Ok(())
}

/// Reads until the child says that it begins.
fn wait_for_start(child: &mut std::process::Child) -> TestResult {
    use std::io::BufRead as _;
    let output = child.stdout.as_mut().ok_or("no output")?;
    for line in std::io::BufReader::new(output).lines() {
        if line?.ends_with("ready") {
            return Ok(());
        }
    }
    Err("the child ended".into())
}
