//! Several processes on the same memories, and processes that end in the middle.

#![cfg(unix)]

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::fixture::{Fixture, Result, Said};
use super::memories::{ID, with};

/// An agent that says that it works, and waits for the test before it goes on.
const AGENT: &str = r#"agent_variables = ["PIPES"]
agent_command = ["/bin/sh", "-c", 'echo > "$PIPES/began"; read line < "$PIPES/go"; echo remembered > memory_summary.md']
"#;

/// A home whose agent waits for the test.
struct Waiting(Fixture);

/// Run whose agent works.
struct Working(Child);

impl Waiting {
    fn new() -> Result<Waiting> {
        let waiting = Waiting(with(AGENT)?);
        for pipe in [waiting.pipe("began"), waiting.pipe("go")] {
            assert!(Command::new("mkfifo").arg(pipe).status()?.success());
        }
        fs::create_dir(waiting.copies())?;
        Ok(waiting)
    }

    /// Folder for the copies on which agents work.
    fn copies(&self) -> PathBuf {
        self.0.path().join("copies")
    }

    fn pipe(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Starts a run, and returns when its agent works.
    fn begin(&self) -> Result<Working> {
        let mut command = self.0.command(&["memories", "run"]);
        command.env("PIPES", self.0.path()).env("TMPDIR", self.copies());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn()?;
        // A pipe is opened when both sides are there.
        fs::read(self.pipe("began"))?;
        Ok(Working(child))
    }

    /// Lets the agent go on.
    fn go_on(&self) -> Result {
        Ok(fs::write(self.pipe("go"), "go\n")?)
    }

    fn end(&self, Working(child): Working) -> Result<Said> {
        self.0.say(child.wait_with_output()?)
    }

    fn consolidation(&self) -> Result<Value> {
        Ok(self.0.json(&["memories", "status"])?["consolidation"].clone())
    }

    fn has_summary(&self) -> bool {
        self.0.home().join("memories/memory_summary.md").exists()
    }
}

impl Working {
    fn signal(&self, signal: Signal) -> Result {
        Ok(kill_process(Pid::from_child(&self.0), signal)?)
    }
}

#[test]
fn two_processes_are_one_consolidation_and_nothing_disturbs_it() -> Result {
    let waiting = Waiting::new()?;
    let fixture = &waiting.0;
    let first = waiting.begin()?;
    let owner = waiting.consolidation()?["owner"].as_str().unwrap_or_default().to_owned();
    assert!(owner.starts_with(&format!("pid {} on ", first.0.id())), "{owner}");

    let second = fixture.run(&["memories", "run", "--force"])?;
    assert_eq!(second.code, Some(0), "{}", second.all());
    assert!(second.stdout.ends_with(&format!("not consolidated: {owner} does it now\n")), "{}", second.all());
    let held = fixture.json(&["memories", "run", "--phase", "2"])?["consolidation"].clone();
    assert_eq!((&held["ending"], &held["owner"]), (&"held".into(), &owner.as_str().into()));
    for (verb, arguments) in [("rebuild", &["rebuild"][..]), ("clear", &["clear", "--yes"])] {
        let refused = fixture.run(&[&["memories"], arguments].concat())?;
        let said =
            format!("error: a consolidation runs now ({owner})\n  hint: wait for its end, then {verb}\n");
        assert_eq!((refused.code, refused.stderr), (Some(2), said));
    }
    let forgotten = fixture.run(&["memories", "forget", ID])?;
    assert_eq!(forgotten.code, Some(0), "{}", forgotten.all());
    assert!(forgotten.stderr.contains(&format!("a consolidation runs ({owner})")), "{}", forgotten.all());

    waiting.go_on()?;
    let ended = waiting.end(first)?;
    assert!(ended.code == Some(0) && ended.stdout.contains("\nconsolidated: 13 memories"), "{}", ended.all());
    assert_eq!(fixture.run(&["memories", "inject"])?.stdout, "remembered\n");
    let state = waiting.consolidation()?;
    assert_eq!((&state["owner"], &state["forgotten"]), (&Value::Null, &serde_json::json!([ID])));
    Ok(())
}

#[test]
fn a_killed_consolidation_is_taken_over_at_once() -> Result {
    let waiting = Waiting::new()?;
    let killed = waiting.begin()?;
    killed.signal(Signal::KILL)?;
    waiting.end(killed)?;
    // Its agent has lost the process that would end it.
    waiting.go_on()?;
    assert!(!waiting.has_summary());
    let left = fs::read_dir(waiting.copies())?.count();
    let next = waiting.begin()?;
    assert_eq!((left, fs::read_dir(waiting.copies())?.count()), (1, 1), "the killed one's copy is gone");
    waiting.go_on()?;
    let ended = waiting.end(next)?;
    assert!(ended.code == Some(0) && ended.stdout.contains("\nconsolidated: "), "{}", ended.all());
    assert!(waiting.has_summary());
    assert_eq!(fs::read_dir(waiting.copies())?.count(), 0);
    Ok(())
}

#[test]
fn an_interrupted_consolidation_ends_its_agent_and_gives_the_lock_back() -> Result {
    let waiting = Waiting::new()?;
    let interrupted = waiting.begin()?;
    interrupted.signal(Signal::INT)?;
    let ended = waiting.end(interrupted)?;
    assert_eq!(ended.code, Some(2), "{}", ended.all());
    assert!(ended.stderr.contains("error: interrupted; run it again to go on"), "{}", ended.all());
    assert!(!waiting.has_summary());
    let state = waiting.consolidation()?;
    assert_eq!((&state["owner"], &state["failed_step"]), (&Value::Null, &Value::Null));
    let next = waiting.begin()?;
    waiting.go_on()?;
    assert_eq!(waiting.end(next)?.code, Some(0));
    Ok(())
}
