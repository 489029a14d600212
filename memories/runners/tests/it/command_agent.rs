//! Agents that are real programs.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;
use threadkeep_memories::{AgentError, ConsolidationAgent, ConsolidationTask, Redactor};
use threadkeep_memory_runners::{CommandAgent, CommandError};

struct Hide;

impl Redactor for Hide {
    fn redact(&self, text: &str) -> String {
        text.replace("hunter2", "[redacted]")
    }
}

fn program(command: &[&str]) -> Result<CommandAgent, CommandError> {
    CommandAgent::new(command.iter().map(|&word| word.to_owned()).collect(), Arc::new(Hide))
}

/// An agent that is a script of a shell, with the task's paths as `$1` and `$2`.
fn script(script: &str) -> CommandAgent {
    program(&["/bin/sh", "-c", script, "agent", "{root}", "--prompt={prompt_file}"]).expect("a command")
}

fn root() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

async fn run(agent: &CommandAgent, root: &Path) -> Result<(), AgentError> {
    let prompt_file = Path::new("/the/prompt");
    agent.consolidate(ConsolidationTask { root, prompt_file, memories: &[], forgotten: &[] }).await
}

async fn failure(agent: &CommandAgent) -> String {
    run(agent, root().path()).await.expect_err("a failure").to_string()
}

/// Returns true if the process whose number is in a file lives.
fn lives(pid_file: &Path) -> bool {
    let pid = fs::read_to_string(pid_file).expect("the number of a process");
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.trim())).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with('Z'))
}

#[tokio::test]
async fn a_program_gets_root_prompt_and_a_clean_environment() {
    let root = root();
    let agent = script(r#"pwd > where; echo "$1 $2" > arguments; env > environment; cat > input"#);
    run(&agent, root.path()).await.expect("success");
    let read = |name: &str| fs::read_to_string(root.path().join(name)).expect("a file");
    let here = root.path().to_str().expect("a path").to_owned();
    assert_eq!(read("where").trim(), here);
    assert_eq!(read("arguments").trim(), format!("{here} --prompt=/the/prompt"));
    assert_eq!(read("input"), "", "stdin is closed");
    let names = |text: String| {
        text.lines().map(|line| line.split('=').next().unwrap_or_default().to_owned()).collect()
    };
    let known: Vec<String> = names(read("environment"));
    assert!(known.iter().any(|name| name == "PATH") && !known.iter().any(|name| name.starts_with("CARGO")));
    run(&agent.with_variables(["CARGO_PKG_NAME".to_owned()]), root.path()).await.expect("success");
    let known: Vec<String> = names(read("environment"));
    assert!(
        known.iter().any(|name| name == "CARGO_PKG_NAME") && !known.contains(&"CARGO_PKG_VERSION".to_owned())
    );
}

#[tokio::test]
async fn failures_name_their_reason_without_secrets() {
    let failed = failure(&script("echo password hunter2; echo stopped >&2; exit 3")).await;
    assert_eq!(failed, "the agent failed: exited with 3: password [redacted]\nstopped");
    assert_eq!(failure(&script("kill -9 $$")).await, "the agent failed: was ended by signal 9");
    let missing = failure(&program(&["/nowhere/agent"]).expect("a command")).await;
    assert_eq!(missing, "cannot start the agent: `/nowhere/agent`: No such file or directory (os error 2)");
}

#[test]
fn commands_that_depend_on_a_folder_are_refused() {
    assert!(matches!(program(&[]), Err(CommandError::Empty)));
    assert!(matches!(program(&[""]), Err(CommandError::Empty)));
    assert!(matches!(program(&["bin/agent"]), Err(CommandError::Relative { .. })));
    assert!(program(&["agent"]).is_ok());
}

/// Ignores SIGTERM and starts a child process, another that leaves the group, and an orphan.
const FAMILY: &str = r#"
    trap '' TERM
    sleep 1000 & echo $! > child
    setsid sh -c 'echo $$ > left.new; mv left.new left; exec sleep 1000' &
    (setsid sh -c 'sleep 1000 & echo $! > orphan.new; mv orphan.new orphan' &)
    while [ ! -e left ] || [ ! -e orphan ]; do sleep 0.01; done
    echo $$ > leader.new; mv leader.new leader
    wait
"#;

fn assert_gone(root: &Path) {
    for process in ["leader", "child", "left", "orphan"] {
        assert!(!lives(&root.join(process)), "{process} lives");
    }
}

#[tokio::test]
async fn a_timeout_ends_every_descendant() {
    let root = root();
    let agent = script(FAMILY).with_timeout(Duration::from_secs(2));
    let error = run(&agent, root.path()).await.expect_err("a timeout");
    assert!(matches!(error, AgentError::TimedOut { after } if after == Duration::from_secs(2)), "{error}");
    assert_gone(root.path());
}

#[tokio::test]
async fn dropping_the_future_ends_every_descendant() {
    let root = root();
    let agent = script(FAMILY);
    let leader = root.path().join("leader");
    let started = async {
        while !leader.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(["leader", "child", "left", "orphan"].iter().all(|name| lives(&root.path().join(name))));
    };
    tokio::select! {
        result = run(&agent, root.path()) => panic!("it ended: {result:?}"),
        () = started => {}
    }
    assert_gone(root.path());
}

#[tokio::test]
async fn what_a_program_leaves_behind_is_ended() {
    let root = root();
    run(&script("sleep 1000 & echo $! > child"), root.path()).await.expect("success");
    assert!(!lives(&root.path().join("child")));
}

#[tokio::test]
async fn much_output_is_no_problem() {
    let failed =
        failure(&script("head -c 100000000 /dev/zero | tr '\\0' x; echo; echo the end; exit 1")).await;
    assert_eq!(failed, "the agent failed: exited with 1: the end");
}
