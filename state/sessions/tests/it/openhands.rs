//! `OpenHands` CLI.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};
use serde_json::{Value, json};
use threadkeep_rollout::{ThreadKind, TurnItemKind};
use threadkeep_sessions::{Environment, Outcome, Purpose, Relation, Session, store};

use crate::facts::{Example, Result, same, stored_form};

/// Zone of the second run of [`every_fact_is_read`].
const ELSEWHERE: &str = "JST-9";

#[test]
fn every_fact_is_read() -> Result {
    // The facts have times without a zone, as the files do.
    let is_elsewhere = std::env::var_os("TZ").is_some_and(|zone| zone == ELSEWHERE);
    let zone = if is_elsewhere { TimeZone::fixed(Offset::constant(9)) } else { TimeZone::system() };
    let ms = |local: &Value| -> Result<Value> {
        let local: DateTime = local.as_str().ok_or("a time")?.parse()?;
        Ok(json!(local.to_zoned(zone.clone())?.timestamp().as_millisecond()))
    };
    let read = |at: Option<jiff::Timestamp>| json!(at.map(jiff::Timestamp::as_millisecond));
    Example::read("openhands", "home")?.each(|fact, session| {
        let mut dashed = fact.clone();
        if let Some(parent) = fact["parent"].as_str() {
            dashed["parent"] = json!(uuid(parent)?);
        }
        stored_form(&dashed, session)?;
        same("cwd", &json!(session.cwd), &fact["cwd_of_first_turn"])?;
        same("last cwd", &json!(session.cwds.last()), &fact["cwd_stored"])?;
        same("first event", &read(session.created_at), &ms(&fact["first_event"])?)?;
        same("last event", &read(session.updated_at), &ms(&fact["last_event"])?)?;
        same("turns", &json!(session.turns.len()), &fact["turns"])?;
        let status = match session.outcome() {
            Some(Outcome::Completed) => "finished",
            Some(Outcome::Failed) => "error",
            _ => "running",
        };
        same("status_stored", &json!(status), &fact["status_stored"])?;
        let other: i64 = fact["other_usage_ids"]["condenser"].as_i64().unwrap_or(0);
        same("condenser", &json!(session.tokens(Purpose::Hidden, false).input), &json!(other))?;
        same("tasks", &json!(session.tokens(Purpose::Subagent, false).input), &json!(0))
    })
}

fn uuid(hex: &str) -> Result<String> {
    let parts: Option<Vec<_>> =
        [0..8, 8..12, 12..16, 16..20, 20..32].into_iter().map(|range| hex.get(range)).collect();
    Ok(parts.ok_or("32 digits")?.join("-"))
}

#[test]
fn times_are_local_to_the_machine() -> Result {
    let mut elsewhere = Command::new(std::env::current_exe()?);
    elsewhere.args(["--exact", "openhands::every_fact_is_read"]).env("TZ", ELSEWHERE);
    let output = elsewhere.output()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    Ok(())
}

#[test]
fn calls_have_their_results_and_sub_agents_their_parent() -> Result {
    let example = Example::read("openhands", "home")?;
    let turns: Vec<_> = example.sessions.values().flat_map(|session| &session.turns).collect();
    let items: Vec<_> = turns.iter().flat_map(|turn| &turn.items).map(|item| &item.kind).collect();
    assert!(items.iter().any(
        |item| matches!(item, TurnItemKind::CommandExecution { command, status, output, exit_code, .. }
        if command.join(" ") == "echo mock-shell; ls" && *exit_code == Some(0)
            && status.as_deref() == Some("completed")
            && output.as_deref() == Some("mock-shell\na.txt"))
    ));
    assert!(
        items.iter().any(|item| matches!(item, TurnItemKind::ToolCall { name, output: Some(output), .. }
        if name == "task" && output == "Mock answer 10."))
    );
    let errors: Vec<_> = turns.iter().filter_map(|turn| turn.error.as_deref()).collect();
    assert_eq!(errors, ["litellm.BadRequestError: OpenAIException - mock error 400"]);
    let child = &example.sessions["bd0bf2eb-ee83-412a-8f88-26ed7c02cc86"];
    assert_eq!(child.kind, ThreadKind::Subagent);
    let store = store("openhands").ok_or("known")?;
    assert!(store.resume(child).is_none());
    let own = &example.sessions["4277ee6d-ce56-45de-a755-fbe74cf5b60f"];
    assert!(own.requests.iter().all(|request| request.at.is_some()), "the event of each answer has its time");
    let command = store.resume(own).ok_or("resumable")?;
    assert_eq!(command.arguments, ["--resume", own.native_id.as_str()]);
    Ok(())
}

const HEX: &str = "4277ee6dce5645dea755fbe74cf5b60f";

fn write(conversations: &Path, state: &str, events: &[Value]) -> Result<PathBuf> {
    let folder = conversations.join(HEX);
    fs::create_dir_all(folder.join("events"))?;
    fs::write(folder.join("base_state.json"), state)?;
    for (number, event) in events.iter().enumerate() {
        fs::write(folder.join(format!("events/event-{number:05}-{HEX}.json")), event.to_string())?;
    }
    Ok(folder)
}

fn only(place: &Path) -> Result<Session> {
    let open = store("openhands").ok_or("known")?.open(place)?;
    assert_eq!(open.sessions().len(), 1, "{:?}", open.skipped());
    Ok(open.read(&open.sessions()[0])?)
}

fn prompt(text: &str) -> Value {
    json!({"kind": "MessageEvent", "source": "user", "timestamp": "2026-01-02T03:04:05+01:00",
        "llm_message": {"role": "user", "content": [{"type": "text", "text": text},
            {"type": "image", "image_urls": ["data:"]}]}})
}

#[test]
fn events_of_other_kinds_end_turns() -> Result {
    let place = tempfile::tempdir()?;
    let call = json!({"kind": "ActionEvent", "source": "agent", "tool_name": "terminal", "tool_call_id": "c",
        "thought": [{"type": "text", "text": "I look."}], "reasoning_content": "hm",
        "tool_call": {"name": "terminal", "arguments": "{\"command\": \"rm x\"}"}});
    let no = json!({"kind": "UserRejectObservation", "tool_call_id": "c", "rejection_reason": "no"});
    let finish = json!({"kind": "ActionEvent", "source": "agent", "tool_name": "finish", "tool_call_id": "d",
        "action": {"kind": "FinishAction", "message": "Done."}});
    let events = [
        prompt("one"),
        call,
        no,
        finish,
        json!({"kind": "Condensation", "source": "environment"}),
        json!({"kind": "EventOfNextYear", "source": 7}),
        prompt("two"),
        json!({"kind": "PauseEvent", "source": "user"}),
    ];
    let state = r#"{"execution_status": "paused", "stats": {"usage_to_metrics": {
        "agent": {"model_name": "m", "accumulated_token_usage": {"prompt_tokens": 5, "completion_tokens": 2}},
        "condenser": {"token_usages": [{"prompt_tokens": 3, "completion_tokens": 1}]},
        "task:1": {"token_usages": [{"prompt_tokens": 7, "completion_tokens": 1}]}}}}"#;
    write(&place.path().join("conversations"), state, &events)?;
    let session = only(place.path())?;
    assert_eq!(
        session.turns.iter().map(|turn| turn.outcome).collect::<Vec<_>>(),
        [Outcome::Completed, Outcome::Interrupted]
    );
    let items: Vec<_> = session.turns[0].items.iter().map(|item| &item.kind).collect();
    assert!(matches!(items[0], TurnItemKind::UserMessage { text, images: 1 } if text == "one"));
    assert!(matches!(items[1], TurnItemKind::Reasoning { .. }));
    assert!(matches!(items[2], TurnItemKind::AgentMessage { text, .. } if text == "I look."));
    assert!(
        matches!(items[3], TurnItemKind::CommandExecution { status: Some(status), output: Some(output), .. }
        if status == "failed" && output == "no")
    );
    assert!(matches!(items[4], TurnItemKind::AgentMessage { text, .. } if text == "Done."));
    assert!(matches!(items[5], TurnItemKind::ContextCompaction));
    let input = |purpose| session.tokens(purpose, false).input;
    // The sub-agent has no folder, so that its parent alone has its tokens.
    assert_eq!([Purpose::Conversation, Purpose::Hidden, Purpose::Subagent].map(input), [5, 3, 7]);
    assert_eq!(session.created_at.map(|at| at.to_string()).as_deref(), Some("2026-01-02T02:04:05Z"));
    assert_eq!(session.skipped_lines, 1, "an event whose source is a number");
    Ok(())
}

#[test]
fn half_written_files_are_counted() -> Result {
    let place = tempfile::tempdir()?;
    let folder = write(place.path(), "{\"agent\": {\"ll", &[prompt("one"), prompt("two")])?;
    fs::write(folder.join("events/event-00002-x.json"), "{\"kind\": \"Mess")?;
    fs::write(folder.join("events/event-00003-x.json"), "")?;
    fs::create_dir_all(place.path().join("00000000000000000000000000000001/events"))?;
    let session = only(place.path())?;
    assert_eq!((session.turns.len(), session.skipped_lines), (2, 3));
    assert_eq!(session.outcome(), Some(Outcome::Unfinished));
    let before = store("openhands").ok_or("known")?.open(place.path())?.sessions().to_vec();
    fs::write(folder.join("events/event-00003-x.json"), prompt("three").to_string())?;
    assert_ne!(store("openhands").ok_or("known")?.open(place.path())?.sessions(), before);
    Ok(())
}

#[test]
fn the_agents_variables_move_its_place() -> Result {
    let store = store("openhands").ok_or("known")?;
    let home = Environment::new("/home/me");
    assert_eq!(store.places(&home), [Path::new("/home/me/.openhands")]);
    let moved = home.with("OPENHANDS_PERSISTENCE_DIR", "/p");
    assert_eq!(store.places(&moved), [Path::new("/p")]);
    assert_eq!(store.places(&moved.with("OPENHANDS_CONVERSATIONS_DIR", "/c")), [Path::new("/c")]);
    // The folder of conversations is a place, too.
    let place = tempfile::tempdir()?;
    let folder = write(place.path(), "{}", &[prompt("one")])?;
    let child = folder.join("subagents");
    write(&child, "{}", &[prompt("do it")])?;
    fs::rename(child.join(HEX), child.join("00000000000000000000000000000002"))?;
    let open = store.open(place.path())?;
    let sessions: Vec<_> =
        open.sessions().iter().map(|found| open.read(found)).collect::<std::result::Result<_, _>>()?;
    let parents: Vec<_> = sessions.iter().filter_map(|session| session.parent.as_ref()).collect();
    assert_eq!((sessions.len(), parents.len()), (2, 1));
    assert_eq!(
        (parents[0].relation, parents[0].native_id.as_str()),
        (Relation::Subagent, uuid(HEX)?.as_str())
    );
    Ok(())
}
