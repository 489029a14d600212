//! Qwen Code.

use std::fs;

use serde_json::{Value, json};
use threadkeep_rollout::TurnItemKind;
use threadkeep_sessions::{Environment, Outcome, Purpose, Relation, StoreError, TitleSource};

use crate::facts::{Example, Result, first_form};
use crate::place::{Place, commands, kinds, turns};

const ID: &str = "0f0e0d0c-0b0a-4908-8706-050403020100";
const CHAT: &str = "projects/-proj/chats/0f0e0d0c-0b0a-4908-8706-050403020100.jsonl";

fn line(uuid: &str, second: u32, kind: &str, more: Value) -> Value {
    let mut line = json!({"uuid": uuid, "sessionId": ID, "type": kind, "cwd": "/proj", "version": "0.24.4",
        "timestamp": format!("2026-11-28T08:00:{second:02}.000Z")});
    for (name, value) in more.as_object().cloned().unwrap_or_default() {
        line[name] = value;
    }
    line
}

fn prompt(uuid: &str, second: u32, text: &str) -> Value {
    let more = json!({"provenance": "real_user", "message": {"parts": [{"text": text}]}});
    line(uuid, second, "user", more)
}

fn answer(uuid: &str, second: u32, text: &str) -> Value {
    let usage = json!({"promptTokenCount": 100, "candidatesTokenCount": 7, "thoughtsTokenCount": 2,
        "totalTokenCount": 107, "cachedContentTokenCount": 40});
    let more = json!({"model": "m", "message": {"parts": [{"text": text}]}, "usageMetadata": usage});
    line(uuid, second, "assistant", more)
}

fn telemetry(uuid: &str, second: u32, event: Value) -> Value {
    line(uuid, second, "system", json!({"subtype": "ui_telemetry", "systemPayload": {"uiEvent": event}}))
}

fn chat(lines: &[Value]) -> Result<Place> {
    let place = Place::new("qwen")?;
    place.write(CHAT, &text(lines))?;
    Ok(place)
}

fn text(lines: &[Value]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn every_fact_is_read() -> Result {
    Example::read("qwen", "home")?.each(first_form)
}

#[test]
fn calls_have_their_results() -> Result {
    let example = Example::read("qwen", "home")?;
    let session = &example.sessions["88ac7f55-0cc3-4bd7-a217-987d59117bb7"];
    let done = Some("completed");
    assert_eq!(commands(session), [("ls", done, Some("a.txt")), ("echo two", done, Some("two"))]);
    let codes = session.turns[0].items.iter().filter_map(|item| match &item.kind {
        TurnItemKind::CommandExecution { exit_code, .. } => Some(*exit_code),
        _ => None,
    });
    assert_eq!(codes.collect::<Vec<_>>(), [Some(0), Some(0)]);
    let stopped = &example.sessions["3b42937a-4ba9-4a5a-9654-f77343081464"];
    assert_eq!(commands(stopped)[0].1, Some("failed"));
    Ok(())
}

/// Requests of the memory extractor, the dreamer and the compaction are in the telemetry alone.
#[test]
fn hidden_requests_are_those_that_were_served() -> Result {
    let example = Example::read("qwen", "home")?;
    let requests = example.sessions.values().flat_map(|session| &session.requests);
    let hidden = requests.filter(|request| request.purpose == Purpose::Hidden && !request.inherited);
    let mut read: Vec<_> = hidden.map(|request| (request.tokens.input, request.tokens.output)).collect();
    read.sort_unstable();
    let served = example.facts["requests_in_no_session"].as_array().ok_or("a list")?;
    let number = |request: &Value, name| request[name].as_i64();
    let mut served: Vec<_> =
        served.iter().filter_map(|one| Some((number(one, "input")?, number(one, "output")?))).collect();
    served.sort_unstable();
    assert!(read.len() > 20 && read.iter().all(|tokens| served.contains(tokens)), "{read:?}");
    let all = example.sessions.values().flat_map(|session| &session.requests);
    assert_eq!(all.filter(|request| request.purpose == Purpose::Subagent).count(), 0, "they have a file");
    let session = &example.sessions["7abe0df8-0fed-4cd9-a417-ac36c3cefece"];
    assert_eq!(session.tokens(Purpose::Hidden, false).input, 2120 + 2130 + 2150);
    assert_eq!(kinds(session).iter().filter(|&&kind| kind == "compaction").count(), 1);
    Ok(())
}

#[test]
fn a_sub_agent_without_a_file_counts_in_its_parent() -> Result {
    let event = json!({"event.name": "qwen-code.api_response", "response_id": "r", "subagent_id": "a-call",
        "prompt_id": "x#a-call#0", "input_token_count": 10, "output_token_count": 3, "model": "other"});
    let place = chat(&[prompt("p", 1, "one"), telemetry("t", 2, event), answer("a", 3, "done")])?;
    let session = place.session()?;
    assert_eq!(session.tokens(Purpose::Subagent, false).input, 10);
    assert_eq!(session.models, ["m"], "a sub-agent's model is not the session's");
    let path = format!("projects/-proj/subagents/{ID}/agent-a-call.jsonl");
    place.write(&path, &text(&[line("s", 2, "user", json!({"message": {"parts": [{"text": "task"}]}}))]))?;
    place.write(path.replace(".jsonl", ".meta.json"), r#"{"status": "failed", "parentAgentId": "b"}"#)?;
    let sessions = place.sessions()?;
    assert_eq!(sessions[0].tokens(Purpose::Subagent, false).input, 0);
    let parent = sessions[1].parent.as_ref().ok_or("a parent")?;
    assert_eq!((parent.native_id.as_str(), parent.relation), ("agent-b", Relation::Subagent));
    assert_eq!(turns(&sessions[1]), [("task", Outcome::Failed)]);
    assert_eq!(place.store.resume(&sessions[1]), None);
    Ok(())
}

#[test]
fn lines_that_nobody_typed_are_no_prompts() -> Result {
    let injected = |uuid: &str, more: Value| {
        let mut line = prompt(uuid, 2, "not typed");
        for (name, value) in more.as_object().cloned().unwrap_or_default() {
            line[name] = value;
        }
        line
    };
    let mut with_hooks = prompt("p", 1, "expanded by hooks");
    with_hooks["systemPayload"] = json!({"displayText": "typed", "hookContext": "x"});
    let session = chat(&[
        injected("n", json!({"subtype": "notification", "provenance": "system"})),
        injected("g", json!({"provenance": "goal_runtime"})),
        with_hooks,
        injected("c", json!({"subtype": "cron"})),
        injected("r", json!({"provenance": null, "message": {"parts": [{"text": "<system-reminder>x"}]}})),
        injected("m", json!({"subtype": "mid_turn_user_message"})),
        line("s", 3, "system", json!({"subtype": "slash_command", "systemPayload": {"rawCommand": "/x"}})),
        answer("a", 3, "done"),
    ])?
    .session()?;
    assert_eq!(turns(&session), [("typed", Outcome::Completed)]);
    assert_eq!(kinds(&session), ["user", "user", "agent"]);
    Ok(())
}

#[test]
fn a_person_can_type_what_the_agent_adds() -> Result {
    let typed = "<system-reminder>mine</system-reminder> do it";
    let mut with_reminder = prompt("q", 2, "next");
    with_reminder["message"]["parts"] = json!([{"text": "<system-reminder>\nx"}, {"text": "next"}]);
    let session = chat(&[prompt("p", 1, typed), with_reminder.clone()])?.session()?;
    assert_eq!(turns(&session), [(typed, Outcome::Unfinished), ("next", Outcome::Unfinished)]);
    with_reminder["message"]["parts"][1]["text"] = json!(typed);
    assert_eq!(chat(&[with_reminder])?.session()?.first_prompt(), Some(typed));
    Ok(())
}

#[test]
fn errors_of_hidden_requests_fail_no_turn() -> Result {
    let error = |prompt_id: &str, agent: Option<&str>| {
        json!({"event.name": "qwen-code.api_error", "prompt_id": prompt_id, "subagent_id": agent,
            "error_message": "500 no"})
    };
    let lines = [
        prompt("p", 1, "one"),
        telemetry("e1", 2, error("x########0", None)),
        answer("a", 3, "after a retry"),
        telemetry(
            "e2",
            4,
            error("x#managed-auto-memory-extractor#0", Some("managed-auto-memory-extractor-1")),
        ),
        telemetry("e3", 5, error("compress-1", None)),
    ];
    let session = chat(&lines)?.session()?;
    assert_eq!(session.outcome(), Some(Outcome::Completed));
    assert_eq!(session.updated_at, Some("2026-11-28T08:00:03Z".parse()?));
    let session = chat(&lines[..2])?.session()?;
    assert_eq!(session.turns[0].error.as_deref(), Some("500 no"));
    Ok(())
}

#[test]
fn a_users_title_stays() -> Result {
    let title = |uuid: &str, text: &str, source: Value| {
        let payload = json!({"customTitle": text, "titleSource": source});
        line(uuid, 9, "system", json!({"subtype": "custom_title", "systemPayload": payload}))
    };
    let auto = [title("t1", "made up", json!("auto")), prompt("p", 1, "one")];
    let session = chat(&auto)?.session()?;
    assert_eq!(session.title.as_ref().map(|title| title.source), Some(TitleSource::Agent));
    assert_eq!(session.updated_at, Some("2026-11-28T08:00:01Z".parse()?), "nobody said a title");
    let session =
        chat(&[&auto[..], &[title("t2", "mine", Value::Null), title("t3", "no", json!("auto"))]].concat())?
            .session()?;
    assert_eq!(session.title.map(|title| title.text).as_deref(), Some("mine"));
    Ok(())
}

#[test]
fn output_has_the_reasoning_whoever_answers() -> Result {
    let mut apart = answer("a", 2, "done");
    apart["usageMetadata"]["totalTokenCount"] = json!(109);
    let tokens = chat(&[prompt("p", 1, "one"), apart])?.session()?.requests[0].tokens;
    assert_eq!((tokens.input, tokens.output, tokens.reasoning), (100, 9, Some(2)));
    Ok(())
}

#[test]
fn odd_lines_lose_nothing_else() -> Result {
    let mut odd = answer("a", 2, "done");
    (odd["timestamp"], odd["gitBranch"], odd["toolCallResult"]) = (json!(7), json!([]), json!("none"));
    let lines = text(&[json!({"type": "from a later version"}), prompt("p", 1, "one"), odd.clone(), odd]);
    let half = &prompt("p2", 4, "half").to_string()[..60];
    let place = Place::new("qwen")?;
    assert!(place.sessions()?.is_empty(), "no folder is no error");
    place.write(CHAT, &format!("{lines}{{\"broken\n{half}"))?;
    place.write(format!("projects/-proj/chats/{ID}.runtime.json"), "{}")?;
    place.write("projects/-proj/chats/empty.jsonl", "")?;
    let copy = place.write(CHAT.replace("-proj", "-other"), &text(&[prompt("p", 1, "one")]))?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(place.path(), place.path().join("projects/loop"))?;
    let session = place.session()?;
    assert_eq!(turns(&session), [("one", Outcome::Completed)], "the longer of the copies");
    assert_eq!((session.requests.len(), session.skipped_lines), (1, 2));
    let open = place.open()?;
    assert_eq!(open.skipped().len(), 1);
    fs::remove_file(place.path().join(CHAT))?;
    assert!(matches!(open.read(&open.sessions()[0]), Err(StoreError::Gone { .. })));
    assert_eq!(place.open()?.sessions()[0].files, [copy]);
    Ok(())
}

#[test]
fn places_are_the_agents_own() -> Result {
    let place = chat(&[prompt("p", 1, "one")])?;
    let resume = place.store.resume(&place.session()?).ok_or("a command")?;
    assert_eq!((resume.program, resume.arguments), ("qwen", vec!["--resume".to_owned(), ID.to_owned()]));
    assert_eq!(resume.cwd.as_deref(), Some("/proj"));
    let environment = Environment::new("/home").with("QWEN_HOME", "/q").with("QWEN_RUNTIME_DIR", "/r");
    assert_eq!(place.store.places(&environment), [std::path::Path::new("/r")]);
    assert_eq!(place.store.retention(&place.path()), None);
    Ok(())
}
