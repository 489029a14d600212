//! Continue CLI.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};
use threadkeep_rollout::TurnItemKind;
use threadkeep_sessions::{Outcome, Purpose, Relation, Session, SessionStore, store};

use crate::facts::{Example, Result, same, stored_form};

#[test]
fn every_fact_is_read() -> Result {
    let example = Example::read("continue", "home")?;
    example.each(|fact, session| {
        // The facts know of the fork, but no file names its parent.
        let mut fact = fact.clone();
        if fact["parent_kind"] == "fork" {
            fact["parent"] = json!("eabfce0b-f5b5-4a33-ba90-efe85b31f5f8");
        }
        stored_form(&fact, session)?;
        same("turns", &json!(session.turns.len()), &fact["turns"])?;
        same("outcome", &json!(session.outcome().map(Outcome::as_str)), &json!("completed"))
    })?;
    let lost = example.facts["prompts_in_no_session"].as_array().ok_or("a list")?;
    let prompts: Vec<_> = example.sessions.values().filter_map(Session::first_prompt).collect();
    assert!(lost.iter().all(|lost| !prompts.contains(&lost.as_str().unwrap_or_default())));
    Ok(())
}

#[test]
fn calls_have_their_results() -> Result {
    let example = Example::read("continue", "home")?;
    let turns = example.sessions.values().flat_map(|session| &session.turns);
    let items: Vec<_> = turns.flat_map(|turn| &turn.items).map(|item| &item.kind).collect();
    assert!(items.iter().any(
        |item| matches!(item, TurnItemKind::CommandExecution { command, status, output, .. }
        if command.join(" ") == "echo mock-shell; ls" && status.as_deref() == Some("completed")
            && output.as_deref() == Some("mock-shell\na.txt\n"))
    ));
    assert!(
        items.iter().any(|item| matches!(item, TurnItemKind::ToolCall { name, output: Some(output), .. }
        if name == "Subagent" && output.starts_with("Unknown agent type")))
    );
    Ok(())
}

const OLD: &str = "11111111-1111-4111-8111-111111111111";
const NEW: &str = "22222222-2222-4222-8222-222222222222";

fn user(text: &str) -> Value {
    json!({"message": {"role": "user", "content": text}, "contextItems": []})
}

fn answer(text: &str, input: i64) -> Value {
    let usage = json!({"prompt_tokens": input, "completion_tokens": 2, "model": "m"});
    json!({"message": {"role": "assistant", "content": text, "usage": usage}})
}

fn write(place: &Path, id: &str, history: &[Value], input: i64) -> Result {
    let folder = place.join("sessions");
    fs::create_dir_all(&folder)?;
    let document = json!({"sessionId": id, "title": "t", "workspaceDirectory": "/x", "history": history,
        "usage": {"promptTokens": input}, "aNewField": {"deep": [1]}});
    Ok(fs::write(folder.join(format!("{id}.json")), serde_json::to_vec_pretty(&document)?)?)
}

fn list(place: &Path) -> Result {
    let rows = json!([{"sessionId": OLD, "dateCreated": "1000"}, {"sessionId": NEW, "dateCreated": "2000"}]);
    Ok(fs::write(place.join("sessions/sessions.json"), rows.to_string())?)
}

fn agent() -> Result<&'static dyn SessionStore> {
    Ok(store("continue").ok_or("known")?)
}

fn read(place: &Path, id: &str) -> Result<Session> {
    let open = agent()?.open(place)?;
    let found = open.sessions().iter().find(|found| found.native_id == id).ok_or("found")?;
    Ok(open.read(found)?)
}

#[test]
fn equal_words_alone_make_no_fork() -> Result {
    let place = tempfile::tempdir()?;
    let talk = [user("hi"), answer("Hello!", 10)];
    write(place.path(), OLD, &talk, 10)?;
    write(place.path(), NEW, &talk, 10)?;
    list(place.path())?;
    let (old, new) = (read(place.path(), OLD)?, read(place.path(), NEW)?);
    assert!(new.parent.is_none());
    assert!(!new.turns[0].inherited);
    assert_ne!(old.requests[0].id, new.requests[0].id, "two requests were answered with the same words");
    Ok(())
}

#[test]
fn a_fork_of_a_compacted_session_has_copies_but_no_parent() -> Result {
    let place = tempfile::tempdir()?;
    let talk = [user("one"), answer("1", 10), user("two"), answer("2", 20), user("three"), answer("3", 40)];
    write(place.path(), OLD, &talk[..4], 30)?;
    write(place.path(), NEW, &talk, 40)?;
    list(place.path())?;
    let fork = read(place.path(), NEW)?;
    assert_eq!(fork.parent.as_ref().map(|parent| parent.relation), Some(Relation::Fork));
    let before = read(place.path(), OLD)?;
    assert_eq!(fork.requests[0].id, before.requests[0].id, "a copy");
    let summary = json!({"message": {"role": "assistant", "content": "sum"}, "conversationSummary": "sum"});
    write(place.path(), OLD, &[summary, user("four"), answer("1", 10)], 50)?;
    let compacted = read(place.path(), OLD)?;
    assert_eq!((compacted.turns.len(), compacted.first_prompt()), (1, Some("four")));
    assert!(before.requests.iter().all(|request| request.id != compacted.requests[0].id));
    let fork = read(place.path(), NEW)?;
    assert!(fork.parent.is_none());
    let own = fork.tokens(Purpose::Conversation, false);
    assert_eq!((own.input, fork.tokens(Purpose::Conversation, true).input), (40, 30));
    assert_eq!(fork.turns.iter().map(|turn| turn.inherited).collect::<Vec<_>>(), [true, true, false]);
    Ok(())
}

#[test]
fn a_sibling_is_no_parent() -> Result {
    let place = tempfile::tempdir()?;
    let talk = [user("one"), answer("1", 10), user("two"), answer("2", 20)];
    let later = [user("three"), answer("3", 40), user("four"), answer("4", 80)];
    write(place.path(), OLD, &[&talk[..], &later[..2]].concat(), 40)?;
    write(place.path(), NEW, &[&talk[..], &later[2..]].concat(), 80)?;
    list(place.path())?;
    let fork = read(place.path(), NEW)?;
    assert!(fork.parent.is_none(), "both have copied from a session that is gone");
    assert_eq!(fork.tokens(Purpose::Conversation, true).input, 30);
    write(place.path(), NEW, &[&talk[..], &later].concat(), 80)?;
    let parent = read(place.path(), NEW)?.parent.ok_or("a parent")?;
    assert_eq!(parent.native_id, OLD, "it has copied a turn of the other fork");
    Ok(())
}

#[test]
fn the_list_may_be_missing_or_half_written() -> Result {
    let place = tempfile::tempdir()?;
    write(place.path(), OLD, &[user("hi")], 0)?;
    let session = read(place.path(), OLD)?;
    assert_eq!((session.created_at, session.outcome()), (None, Some(Outcome::Unfinished)));
    fs::write(place.path().join("sessions/sessions.json"), "[{\"sessionId\": \"1")?;
    assert_eq!(read(place.path(), OLD)?.created_at, None);
    let before = agent()?.open(place.path())?.sessions().to_vec();
    list(place.path())?;
    assert_ne!(agent()?.open(place.path())?.sessions(), before, "its row is part of the fingerprint");
    assert_eq!(read(place.path(), OLD)?.created_at, Some(jiff::Timestamp::from_millisecond(1000)?));
    Ok(())
}

#[test]
fn a_half_written_session_is_an_error_of_its_own() -> Result {
    let place = tempfile::tempdir()?;
    write(place.path(), OLD, &[user("hi")], 0)?;
    fs::write(place.path().join("sessions").join(format!("{NEW}.json")), "{\"sessionId\": \"2222\", \"his")?;
    fs::write(place.path().join("sessions/empty.json"), "")?;
    let open = agent()?.open(place.path())?;
    assert_eq!((open.sessions().len(), open.skipped().len()), (2, 1));
    assert!(read(place.path(), NEW).is_err());
    assert_eq!(read(place.path(), OLD)?.turns.len(), 1);
    Ok(())
}

#[test]
fn parts_and_messages_of_the_extension_are_read() -> Result {
    let place = tempfile::tempdir()?;
    let call = json!({"id": "c", "function": {"name": "run", "arguments": "{\"command\": \"ls\"}"}});
    let history = [
        json!({"message": {"role": "system", "content": "rules"}}),
        json!({"message": {"role": "user", "content": [{"type": "text", "text": "look"},
            {"type": "imageUrl", "imageUrl": {"url": "data:"}}]}}),
        json!({"message": {"role": "thinking", "content": "hm"}}),
        json!({"message": {"role": "assistant", "content": 7, "toolCalls": [call]}, "toolCallStates": [
            {"toolCallId": "c", "status": "calling"}]}),
        json!({"message": {"role": "tool", "content": "a.txt", "toolCallId": "c"}}),
        json!({"message": "of another kind"}),
    ];
    write(place.path(), OLD, &history, 0)?;
    let session = read(place.path(), OLD)?;
    assert_eq!((session.turns.len(), session.outcome()), (1, Some(Outcome::Unfinished)));
    assert_eq!(session.skipped_lines, 1);
    let items: Vec<_> = session.turns[0].items.iter().map(|item| &item.kind).collect();
    assert!(matches!(items[0], TurnItemKind::UserMessage { text, images: 1 } if text == "look"));
    assert!(matches!(items[1], TurnItemKind::Reasoning { .. }));
    assert!(
        matches!(items[2], TurnItemKind::CommandExecution { output: Some(output), .. } if output == "a.txt")
    );
    Ok(())
}
