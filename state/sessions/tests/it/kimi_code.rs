//! Kimi Code.

use serde_json::{Value, json};
use threadkeep_sessions::{Environment, Outcome, Purpose, Relation, store};

use crate::facts::{Example, Result, same, same_status, same_title, second_form, tokens};
use crate::place::{Place, commands, kinds, turns};

#[test]
fn every_fact_is_read() -> Result {
    Example::read("kimi-code", ".")?.each(|fact, session| {
        second_form(fact, session, false)?;
        same_status(fact, session)?;
        same_title(session, &fact["title"])?;
        let mut beside = fact["beside"].clone();
        beside["reasoning"] = Value::Null;
        same("beside", &tokens(session.tokens(Purpose::Hidden, false), &beside), &beside)
    })
}

#[test]
fn commands_have_their_results() -> Result {
    let example = Example::read("kimi-code", ".")?;
    let session = &example.sessions["session_e00cdd04-872f-4ccd-b6bd-e52c6281f255"];
    let outputs: Vec<_> = commands(session).iter().map(|(command, status, _)| (*command, *status)).collect();
    assert_eq!(outputs, [("ls", Some("completed")), ("echo two", Some("completed"))]);
    assert_eq!(
        kinds(session),
        ["user", "agent", "command", "compaction", "agent", "command", "compaction", "agent"]
    );
    let failed = &example.sessions["session_f33f9229-7b5c-4996-acaf-3fbea3b27c5b"].turns[0];
    assert_eq!(failed.error.as_deref(), Some("400 mock error 400"));
    Ok(())
}

const FOLDER: &str = "sessions/wd_work_0123456789ab/session_1";

fn lines(lines: &[Value]) -> String {
    let head = json!({ "type": "metadata", "protocol_version": "1.5", "created_at": 1000 });
    std::iter::once(&head).chain(lines).map(|line| format!("{line}\n")).collect()
}

fn prompt(id: &str, text: &str, origin: &str, time: u32) -> Value {
    let input = json!([{ "type": "text", "text": text }]);
    json!({ "type": "turn.prompt", "input": input, "origin": { "kind": origin }, "promptId": id, "time": time })
}

fn usage(scope: &str, time: u32) -> Value {
    let usage = json!({ "inputOther": 10, "output": 3, "inputCacheRead": 5, "inputCacheCreation": 2 });
    json!({ "type": "usage.record", "model": "alias", "usage": usage, "usageScope": scope, "time": time })
}

#[test]
fn only_what_the_user_typed_is_a_prompt() -> Result {
    let place = Place::new("kimi-code")?;
    let ended = |reason: &str| json!({ "type": "turn.ended", "reason": reason, "time": 5000 });
    let request = json!({ "type": "llm.request", "kind": "loop", "model": "real", "time": 3000 });
    let injected = json!({ "role": "user", "content": [{ "type": "text", "text": "a reminder" }] });
    let all = [
        prompt("p1", "one", "user", 2000),
        json!({ "type": "context.append_message", "message": injected, "time": 2001 }),
        prompt("p2", "a job", "cron_job", 2500),
        request,
        usage("turn", 3001),
        usage("turn", 3001),
        usage("session", 3001),
        ended("completed"),
        prompt("p3", "two", "user", 1500),
        ended("cancelled"),
        json!({ "type": "context.undo", "count": 1, "time": 6000 }),
        prompt("p4", "three", "user", 7000),
        ended("a reason from later"),
        json!({ "type": "from later", "time": "soon", "usage": 7, "error": "text", "event": [] }),
    ];
    place.write(format!("{FOLDER}/agents/main/wire.jsonl"), &lines(&all))?;
    place.write(format!("{FOLDER}/state.json"), "{\"version\": 2, \"cwd\": ")?;
    let session = place.session()?;
    let right = [("one", Outcome::Completed), ("two", Outcome::Withdrawn), ("three", Outcome::Unfinished)];
    assert_eq!(turns(&session), right);
    let own = session.tokens(Purpose::Conversation, false);
    assert_eq!((own.input, own.cached_input, own.cache_write, own.output), (17, 5, 2, 3));
    assert_eq!(session.tokens(Purpose::Hidden, false).input, 17, "the compaction's");
    assert_eq!((session.model.as_deref(), session.models.len()), (Some("real"), 1), "an alias is no model");
    assert_eq!((session.title, session.cwd), (None, None), "the state is half written");
    Ok(())
}

#[test]
fn the_folder_is_in_the_state_or_in_a_map() -> Result {
    let place = Place::new("kimi-code")?;
    place.write(format!("{FOLDER}/agents/main/wire.jsonl"), &lines(&[prompt("p", "one", "user", 1)]))?;
    let cwd = || -> Result<_> { Ok(place.session()?.cwd) };
    assert_eq!(cwd()?, None, "a folder's name says nothing");
    let before = place.open()?.sessions()[0].fingerprint.clone();
    let workspaces = json!({ "workspaces": { "wd_work_0123456789ab": { "root": "/by/workspace" } } });
    place.write("workspaces.json", &workspaces.to_string())?;
    assert_eq!(cwd()?.as_deref(), Some("/by/workspace"));
    assert_ne!(place.open()?.sessions()[0].fingerprint, before);
    place.write("session_index.jsonl", "{}\n{\"sessionId\":\"session_1\",\"workDir\":\"/by/index\"}\n")?;
    assert_eq!(cwd()?.as_deref(), Some("/by/index"));
    place.write(format!("{FOLDER}/state.json"), "{\"cwd\":\"/by/state\"}")?;
    assert_eq!(cwd()?.as_deref(), Some("/by/state"));
    Ok(())
}

#[test]
fn a_migrated_session_names_the_old_one() -> Result {
    let place = Place::new("kimi-code")?;
    let folder = "sessions/wd_work_0123456789ab/ses_1";
    let answer = json!({
        "role": "assistant", "content": [{ "type": "text", "text": "two" }],
        "toolCalls": [{ "type": "function", "id": "c", "name": "Shell", "arguments": "{\"command\":\"ls\"}" }],
    });
    let result =
        json!({ "role": "tool", "content": [{ "type": "text", "text": "a.txt" }], "toolCallId": "c" });
    let message =
        |message: Value| json!({ "type": "context.append_message", "message": message, "time": 1000 });
    let ended = json!({ "type": "turn.ended", "reason": "completed", "time": 1000 });
    let mut all = vec![prompt("p", "one", "user", 1000), message(answer), message(result), ended];
    place.write(format!("{folder}/agents/main/wire.jsonl"), &lines(&all))?;
    let state =
        json!({ "createdAt": "1970-01-01T00:00:01.000Z", "custom": { "kimi_cli_session_id": "old" } });
    place.write(format!("{folder}/state.json"), &state.to_string())?;
    let session = place.session()?;
    let parent = session.parent.as_ref().map(|parent| (parent.native_id.as_str(), parent.relation));
    assert_eq!(parent, Some(("old", Relation::Migration)));
    assert_eq!((session.own_turns().count(), session.first_prompt()), (0, Some("one")));
    assert_eq!(commands(&session), [("ls", None, Some("a.txt"))]);
    assert_eq!(session.created_at, None, "the time of a file's last write");
    all.extend([prompt("q", "new", "user", 9000), usage("turn", 9001)]);
    place.write(format!("{folder}/agents/main/wire.jsonl"), &lines(&all))?;
    let session = place.session()?;
    assert_eq!(session.own_turns().count(), 1, "it goes on in the new store");
    assert_eq!(session.created_at.map(jiff::Timestamp::as_millisecond), Some(9000));
    assert_eq!(session.tokens(Purpose::Conversation, false).input, 17);
    Ok(())
}

#[test]
fn subagents_belong_to_the_agent_that_called_them() -> Result {
    let place = Place::new("kimi-code")?;
    let task = |text: &str| {
        let mut prompt = prompt("t", text, "system_trigger", 3000);
        prompt["origin"]["name"] = json!("subagent");
        lines(&[prompt])
    };
    place.write(format!("{FOLDER}/agents/main/wire.jsonl"), &lines(&[prompt("p", "one", "user", 1)]))?;
    place.write(format!("{FOLDER}/agents/agent-0/wire.jsonl"), &task("look"))?;
    place.write(format!("{FOLDER}/agents/agent-1/wire.jsonl"), &task("look closer"))?;
    let state = json!({ "agents": { "agent-1": { "parentAgentId": "agent-0" } } });
    place.write(format!("{FOLDER}/state.json"), &state.to_string())?;
    let sessions = place.sessions()?;
    let parents: Vec<_> = sessions
        .iter()
        .map(|session| {
            (session.native_id.as_str(), session.parent.as_ref().map(|one| one.native_id.as_str()))
        })
        .collect();
    let right = [
        ("session_1", None),
        ("session_1/agent-0", Some("session_1")),
        ("session_1/agent-1", Some("session_1/agent-0")),
    ];
    assert_eq!(parents, right);
    assert_eq!(sessions[2].first_prompt(), Some("look closer"));
    let resume = |of: usize| place.store.resume(&sessions[of]).map(|command| command.arguments);
    assert_eq!((resume(0), resume(1)), (Some(vec!["--session".to_owned(), "session_1".to_owned()]), None));
    Ok(())
}

#[test]
fn what_is_no_session_says_why() -> Result {
    let place = Place::new("kimi-code")?;
    assert!(place.sessions()?.is_empty(), "an empty place");
    place.write("sessions/wd_a/session_empty/state.json", "{}")?;
    place.write("sessions/wd_a/session_silent/agents/main/wire.jsonl", &lines(&[]))?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(place.path().join("sessions"), place.path().join("sessions/wd_a/loop"))?;
    let open = place.open()?;
    let reasons: Vec<_> = open.skipped().iter().map(|skipped| skipped.reason.as_str()).collect();
    assert_eq!(reasons, ["there is no agents/main/wire.jsonl", "it has no prompt"]);
    assert!(open.sessions().is_empty());
    let environment = Environment::new("/home").with("KIMI_CODE_HOME", "/k");
    assert_eq!(store("kimi-code").ok_or("kimi-code")?.places(&environment), [std::path::Path::new("/k")]);
    Ok(())
}
