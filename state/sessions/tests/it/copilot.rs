//! GitHub Copilot CLI.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use threadkeep_rollout::TurnItemKind;
use threadkeep_sessions::{Outcome, Purpose, Session, StoreError, TitleSource, store};

use crate::facts::{Example, Result, same, same_status, same_title, second_form, tokens};

#[test]
fn every_fact_is_read() -> Result {
    Example::read("copilot", ".")?.each(|fact, session| {
        second_form(fact, session, true)?;
        same_status(fact, session)?;
        same_title(session, &fact["title"])?;
        // The store has no number of reasoning tokens of a compaction.
        let mut beside = fact["beside"].clone();
        beside["reasoning"] = Value::Null;
        same("beside", &tokens(session.tokens(Purpose::Hidden, false), &fact["beside"]), &beside)?;
        let sub = session.tokens(Purpose::Subagent, false);
        let right = fact["subagents"].get(0).map_or(json!({ "input": 0 }), |sub| sub["tokens"].clone());
        same("subagents", &tokens(sub, &right), &right)
    })
}

#[test]
fn a_title_by_the_user_is_known() -> Result {
    let example = Example::read("copilot", ".")?;
    let by = |id: &str| example.sessions[id].title.as_ref().map(|title| title.source);
    assert_eq!(by("fde8a0fc-20ca-424f-a2df-9c1c56d75f4b"), Some(TitleSource::User));
    assert_eq!(by("a3d1cce4-b058-44d6-8dbb-b1f999edb05e"), Some(TitleSource::Agent), "a fork");
    Ok(())
}

#[test]
fn commands_have_their_results() -> Result {
    let example = Example::read("copilot", ".")?;
    let session = &example.sessions["fde8a0fc-20ca-424f-a2df-9c1c56d75f4b"];
    let items: Vec<_> = session.turns.iter().flat_map(|turn| &turn.items).collect();
    let ran = items.iter().find_map(|item| match &item.kind {
        TurnItemKind::CommandExecution { command, status, output, exit_code, .. } => {
            Some((command.join(" "), status.as_deref(), output.as_deref(), *exit_code))
        }
        _ => None,
    });
    let output = "\n<shellId: 0 completed with exit code 0>";
    assert_eq!(ran, Some(("ls".to_owned(), Some("completed"), Some(output), Some(0))));
    let compactions = items.iter().filter(|item| matches!(item.kind, TurnItemKind::ContextCompaction));
    assert_eq!(compactions.count(), 2);
    Ok(())
}

#[test]
fn errors_have_their_message() -> Result {
    let example = Example::read("copilot", ".")?;
    let turn = &example.sessions["4e0a56c2-22d3-499e-b418-162e1f6735b4"].turns[0];
    assert_eq!((turn.outcome, turn.error.as_deref()), (Outcome::Failed, Some("400 mock error 400")));
    Ok(())
}

#[test]
fn a_session_is_resumed_with_its_id() -> Result {
    let example = Example::read("copilot", ".")?;
    let (id, session) = example.sessions.first_key_value().ok_or("a session")?;
    let command = store("copilot").and_then(|store| store.resume(session)).ok_or("a command")?;
    assert_eq!((command.program, command.arguments), ("copilot", vec![format!("--resume={id}")]));
    assert_eq!(command.cwd.as_deref(), Some("/home/user/work/widget"));
    Ok(())
}

const ID: &str = "11111111-2222-4333-8444-555555555555";

/// Writes lines as a session, and reads it.
fn read(place: &Path, lines: &[Value], rest: &str) -> Result<Session> {
    let folder = place.join("session-state").join(ID);
    fs::create_dir_all(&folder)?;
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(folder.join("events.jsonl"), lines + rest)?;
    let open = store("copilot").ok_or("copilot")?.open(place)?;
    let found = open.sessions().first().ok_or("a session")?;
    Ok(open.read(found)?)
}

fn start() -> Value {
    let context = json!({ "cwd": "/one", "branch": "main" });
    let data = json!({ "sessionId": ID, "startTime": "2026-01-01T00:00:00Z", "context": context });
    json!({ "type": "session.start", "data": data, "id": "e0", "timestamp": "2026-01-01T00:00:01Z" })
}

fn event(id: &str, kind: &str, data: &Value) -> Value {
    json!({ "type": kind, "data": data, "id": id, "timestamp": "2026-01-01T00:00:02Z" })
}

#[test]
fn words_that_nobody_typed_are_no_prompt() -> Result {
    let folder = tempfile::tempdir()?;
    let lines = [
        start(),
        event("e1", "user.message", &json!({ "content": "typed", "interactionId": "i1" })),
        event(
            "e2",
            "user.message",
            &json!({ "content": "a skill", "source": "skill-pdf", "interactionId": "i1" }),
        ),
        event("e3", "user.message", &json!({ "content": "and more", "interactionId": "i1" })),
        event("e4", "user.message", &json!({ "content": "next", "interactionId": "i2" })),
    ];
    let session = read(folder.path(), &lines, "")?;
    assert_eq!(session.turns.len(), 2, "words during a turn belong to it");
    let words: Vec<_> = session.turns.iter().map(|turn| turn.items.len()).collect();
    assert_eq!((session.first_prompt(), words), (Some("typed"), vec![2, 1]));
    Ok(())
}

#[test]
fn a_later_run_elsewhere_keeps_the_first_folder() -> Result {
    let folder = tempfile::tempdir()?;
    let elsewhere = json!({ "context": { "cwd": "/two", "branch": "other" } });
    let lines = [
        start(),
        event("e1", "user.message", &json!({ "content": "one" })),
        event("e2", "session.resume", &elsewhere),
    ];
    let session = read(folder.path(), &lines, "")?;
    assert_eq!(session.cwds, ["/one", "/two"]);
    assert_eq!((session.cwd.as_deref(), session.git_branch.as_deref()), (Some("/one"), Some("other")));
    Ok(())
}

#[test]
fn unfinished_huge_and_odd_lines_are_passed_over() -> Result {
    let folder = tempfile::tempdir()?;
    let huge = "x".repeat(17 << 20);
    let lines = [
        start(),
        event("e1", "user.message", &json!({ "content": "one", "attachments": 7, "source": null })),
        event("e2", "assistant.message", &json!({ "content": huge })),
        event("e3", "assistant.message", &json!({ "content": "two", "toolRequests": null, "model": 5 })),
        event("e4", "assistant.turn_end", &Value::Null),
        event("e5", "from.later", &json!([1])),
    ];
    let session = read(folder.path(), &lines, "{\"type\":\"abort\",\"data\":{}")?;
    assert_eq!(session.outcome(), Some(Outcome::Completed), "the last line is not yet written");
    assert_eq!(session.skipped_lines, 2, "the huge one, and the last");
    assert_eq!(session.turns[0].items.len(), 2);
    Ok(())
}

#[test]
fn folders_that_are_no_session_say_why() -> Result {
    let folder = tempfile::tempdir()?;
    let store = store("copilot").ok_or("copilot")?;
    assert!(store.open(&folder.path().join("missing"))?.sessions().is_empty());
    let state = folder.path().join("session-state");
    fs::create_dir_all(state.join("without-events"))?;
    fs::create_dir_all(state.join(".session-operation-locks"))?;
    fs::create_dir_all(state.join("without-prompt"))?;
    fs::write(state.join("without-prompt/events.jsonl"), format!("{}\n", start()))?;
    #[cfg(unix)]
    std::os::unix::fs::symlink(&state, state.join("loop"))?;
    let open = store.open(folder.path())?;
    let reasons: Vec<_> = open.skipped().iter().map(|skipped| skipped.reason.as_str()).collect();
    assert_eq!(reasons, ["there are no events", "it has no prompt"]);
    assert!(open.sessions().is_empty());
    Ok(())
}

#[test]
fn a_copied_folder_is_the_same_session() -> Result {
    let folder = tempfile::tempdir()?;
    let lines = [start(), event("e1", "user.message", &json!({ "content": "one" }))];
    read(folder.path(), &lines, "")?;
    let state = folder.path().join("session-state");
    fs::create_dir_all(state.join("copy"))?;
    let longer: String =
        lines.iter().chain(&[event("e2", "abort", &json!({}))]).map(|line| format!("{line}\n")).collect();
    fs::write(state.join("copy/events.jsonl"), longer)?;
    let open = store("copilot").ok_or("copilot")?.open(folder.path())?;
    let [found] = open.sessions() else { return Err("one session".into()) };
    assert_eq!(open.read(found)?.outcome(), Some(Outcome::Interrupted), "the longer copy is read");
    fs::remove_dir_all(state)?;
    assert!(matches!(open.read(found), Err(StoreError::Gone { .. })));
    Ok(())
}
