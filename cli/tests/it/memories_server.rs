//! Memories by a model behind HTTP and a program, end to end, and the server's faults.

#![cfg(all(feature = "responses", unix))]

#[path = "../../../memories/runners/tests/it/http.rs"]
mod http;

use serde_json::{Value, json};

use super::fixture::{Fixture, Result, Said};
use super::memories::with;
use http::{Reply, Server};

const KEY: &str = "a1b2c3d4e5f6";

/// Settings for a server that is asked by one thread at a time.
fn settings(server: &Server, more: &str) -> String {
    let url = &server.url;
    format!(
        "concurrency = 1\napi_url = {url:?}\napi_model = \"a-model\"\napi_key_variable = \"A_KEY\"\n\
         api_headers = [\"X-Team: memories\"]\napi_effort = \"low\"\n{more}"
    )
}

/// A success of the model with this text.
fn answer(text: &str) -> Reply {
    let content = json!([{ "type": "output_text", "text": text }]);
    let output = json!([{ "type": "message", "role": "assistant", "content": content }]);
    Reply::of(200, &json!({ "status": "completed", "output": output }))
}

fn memory(fact: &str) -> Reply {
    answer(
        &json!({ "rollout_summary": "It was done.", "raw_memory": fact, "rollout_slug": "build" })
            .to_string(),
    )
}

fn run(fixture: &Fixture, arguments: &[&str]) -> Result<Said> {
    fixture.say(fixture.command(&[&["memories", "run"], arguments].concat()).env("A_KEY", KEY).output()?)
}

/// Runs phase 1 of one thread with these answers.
fn failure(replies: Vec<Reply>) -> Result<(Fixture, Said)> {
    let server = Server::new(replies);
    let fixture = with(&settings(&server, "max_threads = 1\napi_timeout_seconds = 1\n"))?;
    let said = run(&fixture, &["--phase", "1"])?;
    assert!(!said.all().contains(KEY), "{}", said.all());
    Ok((fixture, said))
}

/// Replaces the time of the next try, which follows from the present.
fn timeless(said: &Said) -> String {
    let said = said.all();
    let lines = said.lines().map(|line| match line.split_once("the next try is at ") {
        Some((before, after)) => {
            format!("{before}the next try is at [time]{}", &after[after.find(", ").unwrap_or(0)..])
        }
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn threads_become_a_memory_by_a_server_and_a_program() -> Result {
    let busy = Reply::Whole(429, vec![("Retry-After", "0".to_owned())], "{}".to_owned());
    let server = Server::new(vec![busy, memory("- Use make."), answer("```json\n{}\n```"), memory("")]);
    let agent = "agent_command = [\"/bin/sh\", \"-c\", \
                 'grep \"^+- \" phase2_workspace_diff.md > memory_summary.md; test -z \"$A_KEY\"']\n";
    let fixture = with(&settings(&server, &format!("max_threads = 3\n{agent}")))?;
    let said = run(&fixture, &[])?;
    let failed = said.stdout.lines().find(|line| line.contains("does not follow")).unwrap_or_default();
    assert!(failed.starts_with("01a20371-2f5f-"), "{}", said.all());
    insta::assert_snapshot!(said.all().replace(failed, "[failed]"), @r"
    exit 1
    --- stdout
    remembered    2
    no memory     0
    failed        1
    [failed]
    10 threads left; `threadkeep memories run` goes on
    consolidated: 2 memories; 1 file changed
    ");
    let summary = fixture.run(&["memories", "inject"])?.stdout;
    assert!(summary.contains("+- Use make."), "{summary}");
    let requests = server.requests();
    assert_eq!(requests.len(), 4);
    for http::Request { head, body } in requests {
        let head = head.to_lowercase();
        assert!(head.contains(&format!("authorization: bearer {KEY}")) && head.contains("x-team: memories"));
        assert_eq!((&body["model"], &body["reasoning"]["effort"]), (&json!("a-model"), &json!("low")));
        assert!(body["input"].as_str().is_some_and(|input| input.contains("## user")), "{body}");
    }
    Ok(())
}

#[test]
fn an_unavailable_server_postpones_threads_and_retry_reads_them() -> Result {
    let busy = Reply::Whole(429, vec![("Retry-After", "7200".to_owned())], "{}".to_owned());
    let server = Server::new(vec![busy, memory("- Use make.")]);
    let fixture = with(&settings(&server, ""))?;
    let said = run(&fixture, &["--phase", "1"])?;
    insta::assert_snapshot!(timeless(&said), @r"
    exit 1
    --- stdout
    remembered    0
    no memory     0
    failed        0
    postponed     1
    the model is unavailable: status 429 Too Many Requests; the next try is at [time], `threadkeep memories run --retry` does it now
    ");
    let status = fixture.json(&["memories", "status"])?;
    assert_eq!((&status["jobs"]["failed"], &status["skipped"]["waiting"]), (&json!(1), &json!(1)));
    let text = fixture.run(&["memories", "status"])?.stdout;
    assert!(text.contains("`threadkeep memories run --retry` reads them again now"), "{text}");
    let planned = |arguments: &[&str]| -> Result<usize> {
        let plan = fixture.json(&[&["memories", "run", "--dry-run"], arguments].concat())?;
        Ok(plan["threads"].as_array().into_iter().flatten().filter(|it| it["claimed"] == true).count())
    };
    assert_eq!((planned(&[])?, planned(&["--retry"])?), (12, 13));
    Ok(())
}

#[test]
fn faults_of_a_server_are_told_apart() -> Result {
    let slow = "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{";
    let refused = Reply::of(401, &json!({ "error": { "message": format!("Incorrect key {KEY}.") } }));
    let bad = Reply::of(400, &json!({ "error": { "message": "Too long." } }));
    let once = vec![Reply::Cut(String::new()), Reply::of(500, &json!({})), memory("- Use make.")];
    for (replies, outcome, words) in [
        (once, "remembered", ""),
        (
            vec![refused],
            "postponed",
            "the model is unavailable: status 401 Unauthorized: Incorrect key [redacted].",
        ),
        (vec![Reply::Slow(slow.to_owned())], "failed", "the server did not answer in time"),
        (vec![answer("I cannot.")], "failed", "the model's answer does not follow the schema: "),
        (
            vec![Reply::Whole(200, Vec::new(), "<html>".to_owned())],
            "failed",
            "the server's answer is not a JSON object",
        ),
        (
            vec![bad],
            "failed",
            "the model refused the request: status 400 Bad Request: Too long.; no try is left, ",
        ),
    ] {
        let (fixture, said) = failure(replies)?;
        assert_eq!(said.code, Some(i32::from(outcome != "remembered")), "{}", said.all());
        assert!(said.stdout.contains(words) && said.stderr.is_empty(), "{words}: {}", said.all());
        let number = said.stdout.lines().find_map(|line| line.strip_prefix(outcome));
        assert_eq!(number.map(str::trim), Some("1"), "{outcome}: {}", said.all());
        let status: Value = fixture.json(&["memories", "status"])?;
        assert!(!status.to_string().contains(KEY), "{status}");
    }
    Ok(())
}
