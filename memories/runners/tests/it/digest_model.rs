//! The digest of a session.

use serde_json::Value;
use threadkeep_memories::{
    ExtractionRequest, MemoryItem, StageOneModel, StageOneOutput, ThreadFacts, ThreadText, read_answer,
};
use threadkeep_memory_runners::DigestModel;

use crate::kit::{agent, command, files, thread, user};

async fn digest_of(thread: &ThreadFacts, text: &ThreadText) -> Option<StageOneOutput> {
    let request = ExtractionRequest { thread, instructions: "", input: "", text, schema: &Value::Null };
    let answer = DigestModel.extract(request).await.expect("a digest");
    read_answer(&answer).expect("an answer of the contract")
}

async fn digest(head: Vec<MemoryItem>) -> StageOneOutput {
    let text = ThreadText { head, ..ThreadText::default() };
    digest_of(&thread(1), &text).await.expect("an output")
}

#[tokio::test]
async fn a_session_becomes_a_summary_and_lessons() {
    let output = digest(vec![
        user("Add a --json flag to the list command.\n\nAlways run cargo fmt before you finish."),
        command("bash -lc 'rg -n list src'", 1, ""),
        command(
            "bash -lc 'cargo test'",
            101,
            "   Compiling x\nerror[E0432]: unresolved import `serde`\nmore",
        ),
        command("bash -lc 'cargo test'", 101, "error: could not compile"),
        command("pytest -q", 127, "bash: pytest: command not found"),
        files(&["/home/me/project/src/list.rs", "/home/me/project/Cargo.toml"]),
        command("bash -lc 'cargo test --features json'", 0, "ok"),
        agent("I added the flag with a hand-written writer."),
        user("No, use serde_json."),
        files(&["/home/me/project/src/list.rs", "/etc/hosts"]),
        command("uv run pytest -q", 0, "3 passed"),
        command("make docs", 2, "make: *** No rule to make target 'docs'.  Stop."),
        user("and the README?"),
        agent("Done.\n\n- `list --json` prints one object a line\n- the README says so"),
    ])
    .await;
    insta::assert_snapshot!(output.rollout_summary, @r"
    # Thread 1

    ## Asked

    - Add a --json flag to the list command. Always run cargo fmt before you finish.
    - and the README?

    ## Corrections

    - No, use serde_json.

    ## Files

    - `src/list.rs`, 2 changes
    - `Cargo.toml`
    - `/etc/hosts`

    ## Commands

    - `cargo test` failed 2 times (exit 101: error: could not compile); `cargo test --features json` worked
    - `pytest -q` failed (exit 127: bash: pytest: command not found); `uv run pytest -q` worked
    - `make docs` failed (exit 2: make: *** No rule to make target 'docs'. Stop.)

    ## Last answer

    > Done.
    >
    > - `list --json` prints one object a line
    > - the README says so
    ");
    insta::assert_snapshot!(output.raw_memory, @r"
    ### Preferences

    - Always run cargo fmt before you finish.
    - No, use serde_json.

    ### Commands

    - `cargo test` failed 2 times (exit 101: error: could not compile); `cargo test --features json` worked
    - `pytest -q` failed (exit 127: bash: pytest: command not found); `uv run pytest -q` worked

    ### Files

    - `src/list.rs`
    ");
    assert_eq!(output.slug.as_deref(), Some("thread_1"));
}

#[tokio::test]
async fn nothing_durable_gives_no_memory() {
    let output = digest(vec![user("hi"), agent("Hello!")]).await;
    assert_eq!(output.raw_memory, "");
    insta::assert_snapshot!(output.rollout_summary, @r"
    # Thread 1

    ## Asked

    - hi

    ## Last answer

    > Hello!
    ");
}

#[tokio::test]
async fn an_empty_session_has_no_output() {
    let empty = digest_of(&thread(1), &ThreadText::default()).await;
    assert_eq!(empty, None);
}

#[tokio::test]
async fn a_command_that_worked_later_as_it_was_is_no_lesson() {
    let output = digest(vec![command("cargo test", 101, "error: x"), command("cargo test", 0, "")]).await;
    assert_eq!(output.raw_memory, "");
    assert!(output.rollout_summary.contains("`cargo test` failed (exit 101: error: x); it worked later"));
}

#[tokio::test]
async fn repeated_messages_count_once() {
    let output =
        digest(vec![user("Fix it"), user("Fix it"), user("No, that one."), user("No, that one.")]).await;
    assert_eq!(output.rollout_summary.matches("Fix it").count(), 1);
    assert_eq!(output.rollout_summary.matches("No, that one.").count(), 1);
}

#[tokio::test]
async fn huge_sessions_stay_within_the_bounds() {
    let long = "wörter ".repeat(5_000);
    let mut head = Vec::new();
    for n in 0..500 {
        head.push(user(&format!("{n} {long}")));
        head.push(user(&format!("No, {n} is wrong")));
        head.push(command(&format!("tool{n} {long}"), 1, &long));
        head.push(command(&format!("tool{n} ok"), 0, ""));
        head.push(files(&[&format!("{n}/{}", "a".repeat(5_000)), "b"]));
        head.push(agent(&long));
    }
    let text = ThreadText { tail: vec![user("the end")], omitted: 7, head };
    let thread = ThreadFacts { title: Some(long), ..thread(1) };
    let output = digest_of(&thread, &text).await.expect("an output");
    assert!(output.rollout_summary.len() <= 8_000, "{}", output.rollout_summary.len());
    assert!(output.raw_memory.len() <= 3_000, "{}", output.raw_memory.len());
    assert!(output.rollout_summary.contains("the end"), "the last message counts more than those before");
}
