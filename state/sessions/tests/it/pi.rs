//! pi.

use std::fs;

use serde_json::{Value, json};
use threadkeep_sessions::{Environment, Outcome, Purpose, Relation, StoreError};

use crate::facts::{Example, Result, first_form};
use crate::place::{Place, commands, kinds, turns};

const ID: &str = "01a22125-bfd9-75f3-8105-6d370e565335";
const PARENT: &str = "01a22125-0000-75f3-8105-6d370e565335";

fn header() -> Value {
    json!({"type": "session", "id": ID, "timestamp": "2026-11-28T08:00:00.000Z", "cwd": "/proj"})
}

fn entry(id: &str, second: u32, kind: &str, more: Value) -> Value {
    let mut entry =
        json!({"type": kind, "id": id, "timestamp": format!("2026-11-28T08:00:{second:02}.000Z")});
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        entry[name] = value;
    }
    entry
}

fn prompt(id: &str, second: u32, text: &str) -> Value {
    entry(id, second, "message", json!({"message": {"role": "user", "content": text}}))
}

fn answer(id: &str, second: u32, stop: &str, content: Value) -> Value {
    let usage = json!({"input": 50, "output": 7, "cacheRead": 40, "cacheWrite": 10, "totalTokens": 107});
    let message = json!({"role": "assistant", "model": "m", "content": content, "usage": usage,
        "stopReason": stop, "responseId": format!("r-{id}")});
    entry(id, second, "message", json!({"message": message}))
}

fn said(text: &str) -> Value {
    json!([{"type": "text", "text": text}])
}

fn text(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn path(folder: &str) -> String {
    format!("sessions/{folder}/2026-11-28T08-00-00-000Z_{ID}.jsonl")
}

fn chat(lines: &[Value]) -> Result<Place> {
    let place = Place::new("pi")?;
    place.write(path("--proj--"), &text(lines))?;
    Ok(place)
}

#[test]
fn every_fact_is_read() -> Result {
    Example::read("pi", "home")?.each(first_form)
}

#[test]
fn calls_have_their_results() -> Result {
    let example = Example::read("pi", "home")?;
    let session = &example.sessions["01a22125-d51a-7542-9c35-61bc75462b41"];
    let done = Some("completed");
    assert_eq!(commands(session), [("ls", done, Some("a.txt\n")), ("echo two", done, Some("two\n"))]);
    let killed = &example.sessions["01a22126-6ece-7226-b880-750208d78d99"];
    assert_eq!(commands(killed), [("timeout 20 tail -f /dev/null", None, None)]);
    Ok(())
}

#[test]
fn each_turn_has_its_end() -> Result {
    let example = Example::read("pi", "home")?;
    let session = &example.sessions["01a22127-d59a-7463-8713-45e271409c6b"];
    let outcomes: Vec<_> = session.turns.iter().map(|turn| turn.outcome).collect();
    let done = Outcome::Completed;
    assert_eq!(outcomes, [done, done, Outcome::Interrupted, done]);
    assert_eq!(session.turns[2].error, None, "the user stopped it");
    assert_eq!(commands(session), [("echo hi", Some("completed"), Some("hi\n"))], "the user's own");
    assert!(kinds(session).contains(&"compaction"));
    let failed = &example.sessions["01a22126-bfb2-7037-84ff-aef36a0c6bc9"];
    assert_eq!(failed.turns[0].error.as_deref(), Some("500 mock error 500"));
    assert!(failed.requests.is_empty(), "zeros are no tokens");
    Ok(())
}

#[test]
fn a_fork_has_its_parents_turns_as_inherited() -> Result {
    let mut forked = header();
    forked["parentSession"] =
        json!(format!("C:\\pi\\sessions\\--proj--\\2026-11-27T00-00-00-000Z_{PARENT}.jsonl"));
    let mut old = [prompt("p1", 0, "one"), answer("a1", 0, "stop", said("first"))];
    for line in &mut old {
        line["timestamp"] = json!("2026-11-27T08:00:00.000Z");
    }
    let own = [prompt("p2", 1, "two"), answer("a2", 2, "stop", said("second"))];
    let session = chat(&[&[forked][..], &old, &own].concat())?.session()?;
    let parent = session.parent.as_ref().ok_or("a parent")?;
    assert_eq!((parent.native_id.as_str(), parent.relation), (PARENT, Relation::Fork));
    assert_eq!(session.turns.iter().map(|turn| turn.inherited).collect::<Vec<_>>(), [true, false]);
    assert_eq!(session.tokens(Purpose::Conversation, false).input, 100);
    assert_eq!(session.tokens(Purpose::Conversation, true).input, 100);
    assert_eq!(session.created_at, Some("2026-11-28T08:00:00Z".parse()?));
    let session = chat(&[&[header()][..], &old, &own].concat())?.session()?;
    assert!(session.turns.iter().all(|turn| !turn.inherited), "a session with an odd clock is no fork");
    Ok(())
}

/// A fork from the first prompt has an id that is not in its file's name.
#[test]
fn a_parent_is_the_session_in_the_file_that_is_named() -> Result {
    let other = "01a22125-1111-75f3-8105-6d370e565335";
    let (mut first, mut forked) = (header(), header());
    first["id"] = json!(PARENT);
    let place = chat(&[])?;
    let name = format!("sessions/--proj--/2026-11-27T00-00-00-000Z_{other}.jsonl");
    let file = place.write(name, &text(&[first, prompt("p", 1, "one")]))?;
    forked["parentSession"] = json!(file);
    place.write(path("--proj--"), &text(&[forked, prompt("q", 2, "two")]))?;
    let parent = || -> Result<_> {
        let mut sessions = place.sessions()?;
        sessions.retain(|session| session.native_id == ID);
        Ok(sessions.pop().and_then(|fork| fork.parent).map(|parent| parent.native_id))
    };
    assert_eq!(parent()?.as_deref(), Some(PARENT));
    fs::remove_file(file)?;
    assert_eq!(parent()?.as_deref(), Some(other), "all that is left");
    Ok(())
}

#[test]
fn titles_can_be_taken_away() -> Result {
    let name = |id: &str, name: &str| entry(id, 9, "session_info", json!({"name": name}));
    let lines = [header(), prompt("p", 1, "one"), name("n1", "Old"), name("n2", "New"), name("n3", "")];
    let session = chat(&lines[..4])?.session()?;
    assert_eq!(session.title.map(|title| title.text).as_deref(), Some("New"));
    assert_eq!(session.updated_at, Some("2026-11-28T08:00:01Z".parse()?), "nobody said a title");
    assert_eq!(chat(&lines)?.session()?.title, None);
    Ok(())
}

/// The agent gets what is typed while it works together with the next results.
#[test]
fn what_is_typed_while_the_agent_works_is_in_its_turn() -> Result {
    let at = |mut line: Value, ms: u32| {
        line["message"]["timestamp"] = json!(ms);
        line
    };
    let call = json!([{"type": "toolCall", "id": "c", "name": "bash", "arguments": {"command": "ls"}}]);
    let result = json!({"message": {"role": "toolResult", "toolCallId": "c", "content": said("a.txt")}});
    let lines = [
        header(),
        at(prompt("p1", 1, "one"), 1000),
        at(answer("a1", 2, "toolUse", call), 2000),
        at(entry("r", 4, "message", result), 4000),
        at(prompt("p2", 4, "and this"), 3000),
        at(prompt("p3", 4, "and that"), 3500),
        at(answer("a2", 5, "stop", said("done")), 4001),
        at(prompt("p4", 5, "afterwards"), 3600),
    ];
    let session = chat(&lines)?.session()?;
    assert_eq!(turns(&session), [("one", Outcome::Completed), ("afterwards", Outcome::Unfinished)]);
    assert_eq!(kinds(&session), ["user", "command", "user", "user", "agent", "user"]);
    // A prompt after the agent was killed.
    let killed = [&lines[..4], &[at(prompt("p5", 9, "again"), 9000)]].concat();
    assert_eq!(chat(&killed)?.session()?.turns.len(), 2);
    Ok(())
}

#[test]
fn a_command_before_the_first_prompt_is_in_its_turn() -> Result {
    let command =
        json!({"message": {"role": "bashExecution", "command": "a \"b\"", "output": "no", "exitCode": 2}});
    let lines = [header(), entry("b", 1, "message", command), prompt("p", 2, "one")];
    let session = chat(&lines)?.session()?;
    assert_eq!(turns(&session), [("one", Outcome::Unfinished)]);
    assert_eq!(commands(&session), [("a \"b\"", Some("failed"), Some("no"))]);
    Ok(())
}

#[test]
fn requests_without_an_answer_are_hidden() -> Result {
    let usage = json!({"usage": {"input": 5, "output": 1}});
    let nested = json!({"message": {"role": "toolResult", "toolCallId": "c", "usage": {"input": 3}}});
    let call = json!([{"type": "toolCall", "id": "c", "name": "read", "arguments": {"path": "/a"}}]);
    let session = chat(&[
        header(),
        prompt("p", 1, "one"),
        answer("a", 2, "toolUse", call),
        entry("r", 3, "message", nested),
        entry("c", 4, "compaction", usage),
    ])?
    .session()?;
    assert_eq!(kinds(&session), ["user", "call", "compaction"]);
    assert_eq!(session.outcome(), Some(Outcome::Unfinished));
    assert_eq!(session.tokens(Purpose::Hidden, false).input, 5);
    assert_eq!(session.tokens(Purpose::Subagent, false).input, 3);
    let own = session.tokens(Purpose::Conversation, false);
    assert_eq!((own.input, own.cached_input, own.cache_write, own.reasoning), (100, 40, 10, None));
    Ok(())
}

#[test]
fn odd_lines_lose_nothing_else() -> Result {
    let mut odd = answer("a", 2, "stop", said("done"));
    (odd["timestamp"], odd["message"]["responseId"], odd["message"]["errorMessage"]) =
        (json!(7), json!([]), json!({}));
    let lines = [header(), json!({"type": "label", "id": "l"}), prompt("p", 1, "one"), odd.clone(), odd];
    let place = Place::new("pi")?;
    assert!(place.sessions()?.is_empty(), "no folder is no error");
    let half = &prompt("p2", 4, "half").to_string()[..60];
    place.write(path("--proj--"), &format!("{}{{\"broken\n{half}", text(&lines)))?;
    place.write(path("--copy--"), &text(&lines[..3]))?;
    place.write("sessions/--proj--/empty.jsonl", "")?;
    place.write("sessions/--proj--/bare.jsonl", &text(&[header()]))?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(place.path(), place.path().join("sessions/loop"))?;
    let session = place.session()?;
    assert_eq!(turns(&session), [("one", Outcome::Completed)], "the longer of the copies");
    assert_eq!((session.requests.len(), session.skipped_lines), (1, 2));
    let open = place.open()?;
    let reasons: Vec<_> = open.skipped().iter().map(|skipped| skipped.reason.as_str()).collect();
    assert_eq!(reasons, ["it has no prompt", "it does not begin with a session"]);
    fs::remove_file(place.path().join(path("--proj--")))?;
    assert!(matches!(open.read(&open.sessions()[0]), Err(StoreError::Gone { .. })));
    Ok(())
}

#[test]
fn a_version_of_the_format_is_a_whole_number() -> Result {
    for (version, format) in [
        (json!(4), Some("4")),
        (json!("4"), Some("4")),
        (json!(3.5), None),
        (json!("3.5"), None),
        (json!(-1), None),
        (json!({}), None),
    ] {
        let mut header = header();
        header["version"] = version.clone();
        let session = chat(&[header, prompt("p", 1, "one")])?.session()?;
        assert_eq!(session.format.as_deref(), format, "{version}");
    }
    Ok(())
}

#[test]
fn old_files_without_ids_are_read() -> Result {
    let mut lines =
        vec![json!({"type": "session", "id": ID, "timestamp": "2026-11-28T08:00:00Z", "cwd": "/proj"})];
    for second in [1, 3] {
        lines.push(prompt("", second, "again"));
        lines.push(answer("", second + 1, "stop", said("done")));
        lines.push(entry(
            "",
            second + 1,
            "message",
            json!({"message": {"role": "hookMessage", "content": "x"}}),
        ));
    }
    for (n, line) in lines.iter_mut().enumerate().skip(1) {
        line.as_object_mut().ok_or("an object")?.remove("id");
        line["message"]["responseId"] = Value::Null;
        line["message"]["timestamp"] = json!(1_795_852_800_000_i64 + i64::try_from(n)?);
    }
    let session = chat(&lines)?.session()?;
    assert_eq!((session.turns.len(), session.requests.len()), (2, 2));
    Ok(())
}

#[test]
fn places_are_the_agents_own() -> Result {
    let place = chat(&[header(), prompt("p", 1, "one")])?;
    let resume = place.store.resume(&place.session()?).ok_or("a command")?;
    assert_eq!((resume.program, resume.arguments), ("pi", vec!["--session".to_owned(), ID.to_owned()]));
    assert_eq!(resume.cwd.as_deref(), Some("/proj"));
    let environment = Environment::new("/home").with("PI_CODING_AGENT_SESSION_DIR", "/s");
    let places = place.store.places(&environment);
    assert_eq!(places, [std::path::Path::new("/home/.pi/agent"), std::path::Path::new("/s")]);
    let flat = place.path().join("flat");
    fs::create_dir(&flat)?;
    fs::copy(place.path().join(path("--proj--")), flat.join("a.jsonl"))?;
    assert_eq!(place.store.open(&flat)?.sessions().len(), 1, "a folder of that variable has no folders");
    Ok(())
}
