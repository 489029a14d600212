//! Gemini CLI.

mod not_typed;

use std::fs;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use threadkeep_rollout::TurnItemKind;
use threadkeep_sessions::{LastUse, Outcome, Purpose, Relation, Retention, StoreError};

use crate::facts::{Example, Result, first_form};
use crate::place::{Place, commands, kinds, turns};

const ID: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";
const CHATS: &str = "tmp/proj/chats";

fn hash(path: &str) -> String {
    format!("{:x}", Sha256::digest(path))
}

fn header(minute: u32) -> Value {
    let time = format!("2026-11-28T08:{minute:02}:00.000Z");
    json!({"sessionId": ID, "projectHash": hash("/proj"), "startTime": time, "kind": "main"})
}

fn message(id: &str, second: u32, role: &str, content: &str) -> Value {
    let time = format!("2026-11-28T08:00:{second:02}.000Z");
    json!({"id": id, "timestamp": time, "type": role, "content": content})
}

fn answer(id: &str, second: u32, content: &str) -> Value {
    let mut answer = message(id, second, "gemini", content);
    answer["model"] = json!("m");
    answer["tokens"] =
        json!({"input": 100, "output": 5, "cached": 40, "thoughts": 2, "tool": 0, "total": 107});
    answer
}

fn lines(records: &[Value]) -> String {
    records.iter().map(|record| format!("{record}\n")).collect()
}

fn chat(records: &[Value]) -> Result<Place> {
    let place = Place::new("gemini")?;
    place.write("tmp/proj/.project_root", "/proj")?;
    place.write(format!("{CHATS}/session-2026-11-28T08-00-0f0e0d0c.jsonl"), &lines(records))?;
    Ok(place)
}

#[test]
fn every_fact_is_read() -> Result {
    Example::read("gemini", "home")?.each(first_form)
}

#[test]
fn calls_have_their_results() -> Result {
    let example = Example::read("gemini", "home")?;
    let session = &example.sessions["4fd5301e-65e5-4027-9957-8351129b11e8"];
    let done = Some("completed");
    assert_eq!(commands(session), [("ls", done, Some("a.txt")), ("echo two", done, Some("two"))]);
    assert_eq!(kinds(session), ["user", "reasoning", "agent", "command", "command", "agent"]);
    // What a terminal showed is rows of cells: the model's text is read.
    let session = &example.sessions["56600d48-8e78-4e55-a812-6aa36ab2521b"];
    let output = commands(session)[0].2.ok_or("an output")?;
    assert!(output.starts_with("Output: hi\n") && !output.contains("untrusted_context"), "{output}");
    Ok(())
}

#[test]
fn a_compaction_is_no_prompt() -> Result {
    let example = Example::read("gemini", "home")?;
    let session = &example.sessions["56600d48-8e78-4e55-a812-6aa36ab2521b"];
    assert_eq!(kinds(session).iter().filter(|&&kind| kind == "compaction").count(), 1);
    assert_eq!(session.turns.len(), 3);
    Ok(())
}

#[test]
fn a_stopped_turn_was_interrupted() -> Result {
    let example = Example::read("gemini", "home")?;
    let session = &example.sessions["32d144dd-3db5-490e-9a30-278c014651d1"];
    let outcomes: Vec<_> = session.turns.iter().map(|turn| turn.outcome).collect();
    assert_eq!(outcomes, [Outcome::Interrupted, Outcome::Completed]);
    Ok(())
}

#[test]
fn a_session_without_a_prompt_is_none() -> Result {
    let place =
        chat(&[header(0), json!({"$set": {"messages": [message("c", 0, "user", "<session_context>x")]}})])?;
    place.write(format!("{CHATS}/session-empty.jsonl"), "")?;
    place.write(format!("{CHATS}/session-half.json"), "{\"sessionId\": \"x\", \"messages\": [{\"id\"")?;
    let open = place.open()?;
    assert!(open.sessions().is_empty());
    let reasons: Vec<_> = open.skipped().iter().map(|skipped| skipped.reason.as_str()).collect();
    assert_eq!((reasons.len(), open.unread().len()), (2, 1), "{open:?}");
    assert!(
        reasons.contains(&"it has no prompt") && reasons.contains(&"it has no session id"),
        "{reasons:?}"
    );
    Ok(())
}

/// A document in the hash's folder, its copy after an upgrade, and the lines after a resume, in the
/// form in which 0.20.0 and 0.61.0 wrote them.
#[test]
fn copies_of_an_upgrade_are_one_session() -> Result {
    let (first, mut second) = (message("p1", 1, "user", "one"), answer("a1", 2, "first"));
    let output = json!([{"functionResponse": {"id": "c", "response": {"output": "a.txt b.txt"}}}]);
    second["toolCalls"] = json!([{"id": "c", "name": "list_directory", "args": {"paths": ["."]},
        "status": "success", "result": output, "resultDisplay": "Listed 2 items"}]);
    let third = answer("a2", 3, "done");
    let mut document = header(0);
    document["messages"] = json!([first, second, third]);
    let name = "session-2026-11-28T08-00-0f0e0d0c";
    let place = Place::new("gemini")?;
    let write = |folder: &str, extension: &str, text: &str| {
        place.write(format!("tmp/{folder}/chats/{name}.{extension}"), text)
    };
    write(&hash("/proj"), "json", &serde_json::to_string_pretty(&document)?)?;
    let session = place.session()?;
    assert_eq!(session.cwd, None, "no file says it");
    assert_eq!((&session.title, turns(&session)), (&None, vec![("one", Outcome::Completed)]));
    let call = session.turns[0].items.iter().find_map(|item| match &item.kind {
        TurnItemKind::ToolCall { arguments, output, .. } => Some((arguments.as_str(), output.as_deref())),
        _ => None,
    });
    let arguments = r#"{"paths": ["."]}"#;
    assert_eq!(call, Some((arguments, Some("a.txt b.txt"))), "on one line, and not the summary");

    let before = place.open()?.sessions().to_vec();
    place.write("projects.json", r#"{"projects": {"/other": "other", "/proj": "proj"}}"#)?;
    assert_ne!(place.open()?.sessions(), before, "the map is part of the fingerprint");
    assert_eq!(place.session()?.cwd.as_deref(), Some("/proj"));
    document["summary"] = json!("A title");
    write("proj", "json", &serde_json::to_string_pretty(&document)?)?;

    let mut old = header(0);
    old.as_object_mut().ok_or("an object")?.remove("kind");
    let mut retyped = message("a1", 9, "user", "");
    retyped["content"] = output;
    let all = json!([message("c0", 9, "user", "<session_context>x"), first, second, retyped, third]);
    let set = json!({"$set": {"messages": all, "lastUpdated": "2026-11-28T08:00:09Z"}});
    write("proj", "jsonl", &lines(&[old, first, second, third, set, message("p2", 10, "user", "two")]))?;
    let context = json!({"$set": {"messages": [message("c0", 9, "user", "<session_context>x")]}});
    place.write(format!("{CHATS}/session-2026-11-28T08-01-0f0e0d0c.jsonl"), &lines(&[header(1), context]))?;
    let session = place.session()?;
    assert_eq!(turns(&session), [("one", Outcome::Completed), ("two", Outcome::Unfinished)]);
    assert_eq!(kinds(&session), ["user", "agent", "call", "agent", "user"], "nothing was compacted");
    assert_eq!(session.title.as_ref().map(|title| title.text.as_str()), Some("A title"));
    let tokens = session.tokens(Purpose::Conversation, false);
    assert_eq!((tokens.input, tokens.cached_input, tokens.output, tokens.reasoning), (200, 80, 14, Some(4)));
    assert_eq!(session.created_at, Some("2026-11-28T08:00:00Z".parse()?));
    assert_eq!(session.updated_at, Some("2026-11-28T08:00:10Z".parse()?));
    assert_eq!(place.open()?.sessions()[0].files.len(), 5, "four copies and the map");
    Ok(())
}

#[test]
fn files_are_read_in_the_order_of_their_headers() -> Result {
    let place = Place::new("gemini")?;
    let write = |name: &str, minute: u32, prompt: Value| {
        place.write(format!("{CHATS}/session-{name}.jsonl"), &lines(&[header(minute), prompt]))
    };
    write("a", 9, message("p2", 50, "user", "two"))?;
    write("b", 0, message("p1", 40, "user", "one"))?;
    assert_eq!(
        place.session()?.turns.iter().filter_map(|turn| turn.prompt()).collect::<Vec<_>>(),
        ["one", "two"]
    );
    Ok(())
}

#[test]
fn a_resume_without_a_word_changes_no_time() -> Result {
    let session = chat(&[header(0), message("p", 1, "user", "one"), header(5)])?.session()?;
    assert_eq!(session.updated_at, Some("2026-11-28T08:00:01Z".parse()?));
    Ok(())
}

/// A compaction before the answer drops the prompt from the list, too.
#[test]
fn a_compaction_takes_no_prompt_back() -> Result {
    let summary = json!({"$set": {"messages": [message("s", 2, "user", "<state_snapshot>")]}});
    let session = chat(&[header(0), message("p", 1, "user", "one"), summary.clone(), summary])?.session()?;
    assert_eq!(turns(&session), [("one", Outcome::Unfinished)]);
    assert_eq!(kinds(&session), ["user", "compaction"], "once, though the list is written twice");
    Ok(())
}

#[test]
fn the_agent_deletes_sessions_at_any_time() -> Result {
    let place = chat(&[header(0), message("p", 1, "user", "one")])?;
    let open = place.open()?;
    for path in &open.sessions()[0].files {
        fs::remove_file(path)?;
    }
    let error = open.read(&open.sessions()[0]).err().ok_or("an error")?;
    assert!(matches!(&error, StoreError::Gone { native_id } if native_id == ID), "{error}");
    Ok(())
}

#[test]
fn a_resume_takes_no_prompt_back() -> Result {
    let context = json!({"$set": {"messages": [message("c", 0, "user", "<session_context>x")]}});
    let place =
        chat(&[header(0), context.clone(), message("p", 1, "user", "one"), header(1), context.clone()])?;
    assert_eq!(turns(&place.session()?), [("one", Outcome::Unfinished)]);
    assert!(place.store.resume(&place.session()?).is_some());
    let place = chat(&[header(0), context.clone(), message("p", 1, "user", "one"), context])?;
    let session = place.session()?;
    assert_eq!(turns(&session), [("one", Outcome::Withdrawn)]);
    assert_eq!(place.store.resume(&session), None, "the agent has nothing to resume");
    Ok(())
}

#[test]
fn a_rewind_takes_turns_back() -> Result {
    let mut records = vec![header(0)];
    for (n, text) in ["one", "two", "three"].into_iter().enumerate() {
        records.push(message(&format!("p{n}"), 1, "user", text));
        records.push(answer(&format!("a{n}"), 2, "done"));
    }
    records.extend([json!({"$rewindTo": "p1"}), message("p3", 9, "user", "again")]);
    let session = chat(&records)?.session()?;
    let outcomes: Vec<_> = session.turns.iter().map(|turn| turn.outcome).collect();
    assert_eq!(outcomes, [Outcome::Completed, Outcome::Withdrawn, Outcome::Withdrawn, Outcome::Unfinished]);
    assert_eq!(session.requests.len(), 3, "they were paid for");
    Ok(())
}

#[test]
fn an_answer_is_written_again_with_more() -> Result {
    let mut bare = answer("a", 2, "I look.");
    bare["tokens"] = Value::Null;
    let mut called = answer("a", 2, "I look.");
    called["toolCalls"] = json!([{"id": "c", "name": "run_shell_command", "args": {"command": "ls"},
        "status": "error", "result": [{"functionResponse": {"id": "c", "response": {"error": "no ls"}}}]}]);
    let result = json!({"id": "r", "type": "user", "content": [{"functionResponse": {"id": "c",
        "response": {"output": "cut for the model"}}}]});
    let records = [header(0), message("p", 1, "user", "one"), bare, called, result];
    let session = chat(&records)?.session()?;
    assert_eq!(kinds(&session), ["user", "agent", "command"]);
    assert_eq!(commands(&session), [("ls", Some("failed"), Some("no ls"))]);
    assert_eq!((session.requests.len(), session.requests[0].tokens.input), (1, 100));
    assert_eq!(session.outcome(), Some(Outcome::Unfinished), "no answer came after the call");
    Ok(())
}

#[test]
fn a_stopped_call_interrupts_and_an_error_fails() -> Result {
    let mut called = answer("a", 2, "");
    called["toolCalls"] = json!([{"id": "c", "name": "write_file", "status": "cancelled",
        "args": {"file_path": "/a", "content": "x"}}]);
    let prompt = message("p", 1, "user", "one");
    let session = chat(&[header(0), prompt.clone(), called])?.session()?;
    assert_eq!((kinds(&session), session.outcome()), (vec!["user", "change"], Some(Outcome::Interrupted)));
    let session = chat(&[header(0), prompt, message("e", 2, "error", "[API Error: quota]")])?.session()?;
    assert_eq!(session.outcome(), Some(Outcome::Failed));
    assert_eq!(session.turns[0].error.as_deref(), Some("[API Error: quota]"));
    Ok(())
}

#[test]
fn files_that_a_prompt_names_are_not_typed() -> Result {
    let mut prompt = message("p", 1, "user", "");
    prompt["content"] = json!([{"text": "Read @a.txt"}, {"text": "\n--- Content from referenced files ---"},
        {"text": "\nContent from @a.txt:\n"}, {"text": "secret"}, {"inlineData": {"data": ""}}]);
    assert_eq!(chat(&[header(0), prompt])?.session()?.first_prompt(), Some("Read @a.txt"));
    Ok(())
}

#[test]
fn odd_records_lose_nothing_else() -> Result {
    let mut odd = answer("a", 2, "done");
    (odd["timestamp"], odd["toolCalls"], odd["thoughts"]) =
        (json!(7), json!("none"), json!([1, {"subject": "s"}]));
    odd["tokens"]["thoughts"] = json!("many");
    let text = lines(&[header(0), json!({"$unknown": 1}), json!([1]), message("p", 1, "user", "one"), odd]);
    let huge = format!("{{\"id\":\"h\",\"type\":\"user\",\"content\":\"{}\"}}\n", "x".repeat(17 << 20));
    let half = &message("p2", 4, "user", "half").to_string()[..40];
    let place = Place::new("gemini")?;
    place.write("tmp/proj/chats/session-1.jsonl", &format!("{text}{huge}{{\"broken\n{half}"))?;
    place.write("tmp/proj/chats/notes.jsonl", "{}")?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(place.path(), place.path().join("tmp/loop"))?;
    let session = place.session()?;
    assert_eq!(turns(&session), [("one", Outcome::Completed)]);
    assert_eq!(session.requests[0].tokens.reasoning, None);
    assert_eq!(session.skipped_lines, 4, "a list, the huge line, the broken and the half one");
    Ok(())
}

#[test]
fn sub_agents_have_their_parent() -> Result {
    let place = chat(&[header(0), message("p", 1, "user", "one")])?;
    let child = json!({"sessionId": "child", "projectHash": hash("/proj"), "kind": "subagent",
        "startTime": "2026-11-28T08:00:01Z", "directories": ["/proj", "/more"]});
    place.write(format!("{CHATS}/{ID}/child.jsonl"), &lines(&[child, message("p", 1, "user", "task")]))?;
    let sessions = place.sessions()?;
    let child = &sessions[1];
    let parent = child.parent.as_ref().ok_or("a parent")?;
    assert_eq!((parent.native_id.as_str(), parent.relation), (ID, Relation::Subagent));
    assert_eq!(child.cwds, ["/proj"]);
    assert_eq!(place.store.resume(child), None);
    assert_eq!(
        place.store.resume(&sessions[0]).map(|resume| resume.arguments),
        Some(vec!["--resume".into(), ID.into()])
    );
    Ok(())
}

#[test]
fn places_and_retention_are_the_agents_own() -> Result {
    let place = Place::new("gemini")?;
    assert!(place.sessions()?.is_empty(), "no folder is no error");
    // The file's own times do not count.
    let of = |days| Retention { days, after: LastUse::Said };
    assert_eq!(place.store.retention(&place.path()), Some(of(30)));
    for (settings, days) in [
        (r#"{"general": {"sessionRetention": {"maxAge": "2w"}}}"#, Some(14)),
        (r#"{"general": {"sessionRetention": {"enabled": false}}}"#, None),
        (r#"{"ui": {}}"#, Some(30)),
    ] {
        place.write("settings.json", settings)?;
        assert_eq!(place.store.retention(&place.path()), days.map(of), "{settings}");
    }
    let environment = threadkeep_sessions::Environment::new("/home").with("GEMINI_CLI_HOME", "/g");
    assert_eq!(place.store.places(&environment), [std::path::Path::new("/g/.gemini")]);
    Ok(())
}
