//! Grok Build.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::json;
use threadkeep_rollout::{ThreadKind, TurnItemKind};
use threadkeep_sessions::{Mirror, Outcome, Purpose, Relation, Session, store};

use crate::facts::{Example, Result, same, stored_form};

#[test]
fn every_fact_is_read() -> Result {
    Example::read("grok", "home")?.each(|fact, session| {
        stored_form(fact, session)?;
        let ends: Vec<_> = session.turns.iter().filter_map(|turn| end(turn.outcome)).collect();
        same("stop_reasons", &json!(ends), &fact["stop_reasons"])?;
        let (own, copied) =
            (session.tokens(Purpose::Conversation, false), session.tokens(Purpose::Conversation, true));
        let usage = fact["usage_json_input"].as_i64().unwrap_or(0);
        same("own and inherited input", &json!(own.input + copied.input), &json!(usage))?;
        let is_subagent = session.kind == ThreadKind::Subagent;
        same("session_kind", &json!(is_subagent), &json!(fact["session_kind"] == "subagent"))
    })
}

fn end(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Completed => Some("end_turn"),
        Outcome::Interrupted => Some("cancelled"),
        Outcome::Failed => Some("error"),
        _ => None,
    }
}

#[test]
fn calls_have_their_results_and_errors_their_words() -> Result {
    let example = Example::read("grok", "home")?;
    let turns: Vec<_> = example.sessions.values().flat_map(|session| &session.turns).collect();
    let items: Vec<_> = turns.iter().flat_map(|turn| &turn.items).map(|item| &item.kind).collect();
    assert!(items.iter().any(
        |item| matches!(item, TurnItemKind::CommandExecution { command, status, output, exit_code, .. }
        if command.join(" ") == "echo mock-shell; ls" && *exit_code == Some(0)
            && status.as_deref() == Some("completed")
            && output.as_deref() == Some("mock-shell\na.txt\n"))
    ));
    assert!(
        items.iter().any(|item| matches!(item, TurnItemKind::ToolCall { name, output: Some(output), .. }
        if name == "spawn_subagent" && output.starts_with("Subagent started")))
    );
    let compactions = items.iter().filter(|item| matches!(item, TurnItemKind::ContextCompaction)).count();
    assert_eq!(compactions, 2);
    assert!(items.iter().any(|item| matches!(item, TurnItemKind::Reasoning { .. })));
    let failed: Vec<_> = turns.iter().filter_map(|turn| turn.error.as_deref()).collect();
    assert_eq!(failed, ["API error (status 400 Bad Request): invalid_request_error: mock error 400"]);
    Ok(())
}

#[test]
fn a_fork_has_its_parents_turns_and_none_of_its_times() -> Result {
    let example = Example::read("grok", "home")?;
    let fork = &example.sessions["01a22162-df49-75e1-b6fa-f81820ee6c22"];
    assert_eq!(fork.turns.iter().map(|turn| turn.inherited).collect::<Vec<_>>(), [true, true, false]);
    assert_eq!(fork.requests.iter().filter(|request| request.inherited).count(), 2);
    assert!(fork.created_at > example.sessions["01a22162-d231-7d71-b3e5-ff8118e9601a"].created_at);
    Ok(())
}

const ID: &str = "01a22162-0000-7d71-b3e5-ff8118e9601a";
const PARENT: &str = "01a22162-1111-7d71-b3e5-ff8118e9601a";

/// Writes one session into a place, in a folder of this name.
fn write(place: &Path, folder: &str, summary: &str, updates: &[String]) -> Result<PathBuf> {
    let session = place.join("sessions").join(folder).join(ID);
    fs::create_dir_all(&session)?;
    if !summary.is_empty() {
        fs::write(session.join("summary.json"), summary)?;
    }
    fs::write(session.join("updates.jsonl"), updates.concat())?;
    Ok(session)
}

fn line(writer: &str, ms: i64, update: &serde_json::Value) -> String {
    let meta = json!({"eventId": format!("{writer}-3"), "agentTimestampMs": ms, "streamStartMs": 5});
    format!("{}\n", json!({"timestamp": ms / 1000, "params": {"update": update, "_meta": meta}}))
}

fn chunk(kind: &str, text: &str) -> serde_json::Value {
    json!({"sessionUpdate": kind, "content": {"type": "text", "text": text}})
}

fn only(place: &Path) -> Result<Session> {
    let open = store("grok").ok_or("known")?.open(place)?;
    assert_eq!(open.sessions().len(), 1, "{:?}", open.skipped());
    Ok(open.read(&open.sessions()[0])?)
}

#[test]
fn the_folder_is_decoded_only_without_a_summary() -> Result {
    let place = tempfile::tempdir()?;
    let folder = "%2Fhome%2Fme%2FGr%C3%B6%C3%9Fe%20x";
    let prompt = line(ID, 1000, &chunk("user_message_chunk", "hi"));
    let session = write(place.path(), folder, "", std::slice::from_ref(&prompt))?;
    assert_eq!(only(place.path())?.cwd.as_deref(), Some("/home/me/Größe x"));
    fs::write(place.path().join("sessions").join(folder).join(".cwd"), "/true\n")?;
    assert_eq!(only(place.path())?.cwd.as_deref(), Some("/true"));
    fs::write(session.join("summary.json"), r#"{"info": {"cwd": "/truer"}}"#)?;
    assert_eq!(only(place.path())?.cwd.as_deref(), Some("/truer"));
    for odd in ["%", "%2", "%zz", "%ff", "workspace-0123456789abcdef"] {
        let place = tempfile::tempdir()?;
        write(place.path(), odd, "", std::slice::from_ref(&prompt))?;
        assert_eq!(only(place.path())?.cwd, None, "{odd}");
    }
    Ok(())
}

#[test]
fn pieces_of_a_message_are_one() -> Result {
    let place = tempfile::tempdir()?;
    let turn = json!({"inputTokens": 10, "outputTokens": 4, "cachedReadTokens": 1, "reasoningTokens": null});
    let end = json!({"sessionUpdate": "turn_completed", "prompt_id": "p", "stop_reason": "end_turn",
        "usage": turn});
    let updates = [
        line(PARENT, 1000, &chunk("user_message_chunk", "old")),
        line(PARENT, 2000, &end),
        line(ID, 5000, &chunk("user_message_chunk", "one ")),
        line(ID, 5000, &chunk("user_message_chunk", "prompt")),
        line(ID, 6000, &chunk("agent_message_chunk", "an ")),
        line(ID, 6000, &chunk("agent_message_chunk", "answer")),
        line(ID, 6500, &json!({"sessionUpdate": "of_next_year", "content": 7, "usage": null})),
        line(
            ID,
            7000,
            &json!({"sessionUpdate": "turn_completed", "prompt_id": "q", "stop_reason": "end_turn",
            "usage": {"inputTokens": 3, "outputTokens": 2, "modelUsage": {
                "a": {"inputTokens": 1, "outputTokens": 1}, "b": {"inputTokens": 2, "outputTokens": 1}}}}),
        ),
        line(ID, 7100, &chunk("user_message_chunk", "<system-reminder>nobody typed this")),
        "{\"timestamp\": 8, \"params\"".to_owned(),
    ];
    write(place.path(), "%2Fx", "{ half a summ", &updates)?;
    let session = only(place.path())?;
    assert_eq!(session.turns.len(), 2);
    assert_eq!(session.first_prompt(), Some("old"));
    assert_eq!(session.turns[1].prompt(), Some("one prompt"));
    let answer = &session.turns[1].items[1].kind;
    assert!(matches!(answer, TurnItemKind::AgentMessage { text, .. } if text == "an answer"));
    assert_eq!(session.parent.as_ref().map(|parent| parent.relation), Some(Relation::Fork));
    assert_eq!(session.created_at.map(Timestamp::as_millisecond), Some(5000));
    assert_eq!(session.updated_at.map(Timestamp::as_millisecond), Some(7100));
    assert_eq!(session.models, ["a", "b"]);
    let own = session.tokens(Purpose::Conversation, false);
    assert_eq!((own.input, own.output, own.reasoning), (3, 2, None));
    assert_eq!(session.tokens(Purpose::Conversation, true).input, 10);
    assert_eq!(session.skipped_lines, 2, "the summary, and a line that is not yet whole");
    Ok(())
}

#[test]
fn a_prompt_of_which_a_part_was_mirrored_is_one_turn() -> Result {
    let (place, folder) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let mirror = Mirror::new(folder.path());
    let prompt = |text: &str| line(ID, 5000, &chunk("user_message_chunk", text));
    let answer = line(ID, 6000, &chunk("agent_message_chunk", "Done."));
    let prompts = |updates: &[String]| -> Result<_> {
        write(place.path(), "%2Fx", "", updates)?;
        mirror.sync(store("grok").ok_or("known")?, place.path())?;
        let rollout = folder.path().join("grok").join(mirror.sessions("grok")?.remove(0).file);
        let lines = fs::read_to_string(rollout)?;
        let prompts = lines.lines().filter(|line| line.contains("UserMessage"));
        let words = ["one prompt", "one", "two"];
        let words = |line: &str| words.into_iter().find(|words| line.contains(words));
        Ok(prompts.filter_map(words).collect::<Vec<_>>())
    };
    assert_eq!(prompts(&[prompt("one")])?, ["one"]);
    let whole = [prompt("one"), prompt(" prompt")];
    assert_eq!(prompts(&whole)?, ["one prompt"]);
    let answered = [&whole[..], std::slice::from_ref(&answer)].concat();
    assert_eq!(prompts(&answered)?, ["one prompt"]);
    // A prompt with an answer was whole: another one in its place is another turn.
    assert_eq!(prompts(&[prompt("one prompt more"), answer])?.len(), 2);
    Ok(())
}

#[test]
fn a_later_summary_is_no_activity() -> Result {
    let place = tempfile::tempdir()?;
    let summary = r#"{"created_at": "1970-01-01T00:00:04.9Z", "updated_at": "1970-01-03T00:00:00Z",
        "session_summary": "first words"}"#;
    write(place.path(), "%2Fx", summary, &[line(ID, 5000, &chunk("user_message_chunk", "hi"))])?;
    let session = only(place.path())?;
    assert_eq!(session.created_at.map(Timestamp::as_millisecond), Some(4900));
    assert_eq!(session.updated_at.map(Timestamp::as_millisecond), Some(5000));
    assert_eq!(session.title.map(|title| title.text).as_deref(), Some("first words"));
    Ok(())
}

#[test]
fn copies_are_one_session_and_other_folders_none() -> Result {
    let place = tempfile::tempdir()?;
    let hi = line(ID, 5000, &chunk("user_message_chunk", "hi"));
    write(place.path(), "%2Fold", "", std::slice::from_ref(&hi))?;
    write(place.path(), "%2Fnew", "", &[hi.clone(), hi])?;
    fs::create_dir_all(place.path().join("sessions/%2Fold/empty"))?;
    let open = store("grok").ok_or("known")?.open(place.path())?;
    assert_eq!(open.sessions().len(), 1);
    assert!(open.sessions()[0].files[0].to_string_lossy().contains("new"));
    assert_eq!(open.skipped().len(), 1);
    Ok(())
}

#[test]
fn a_sub_agent_is_not_resumed_alone() -> Result {
    let example = Example::read("grok", "home")?;
    let store = store("grok").ok_or("known")?;
    let command = |id: &str| store.resume(&example.sessions[id]).map(|command| command.arguments);
    let own = "01a22163-23de-74b2-89ce-bd9159dd6916";
    assert_eq!(command(own), Some(vec!["--resume".to_owned(), own.to_owned()]));
    assert_eq!(command("01a22163-247c-7d60-8c24-fe5bb3fb9e8f"), None);
    Ok(())
}

/// Writes another session next to [`ID`], and the link that makes it a sub-agent of that.
fn write_child(place: &Path, id: &str, updates: &[String]) -> Result {
    let folder = place.join("sessions").join("%2Fx");
    let link = folder.join(ID).join("subagents").join(id);
    fs::create_dir_all(&link)?;
    let meta = json!({"parent_session_id": ID, "child_session_id": id});
    fs::write(link.join("meta.json"), meta.to_string())?;
    fs::create_dir_all(folder.join(id))?;
    Ok(fs::write(folder.join(id).join("updates.jsonl"), updates.concat())?)
}

fn end_of(prompt: &str, models: &serde_json::Value) -> serde_json::Value {
    json!({"sessionUpdate": "turn_completed", "prompt_id": prompt, "stop_reason": "end_turn",
        "usage": {"inputTokens": 99, "outputTokens": 99, "modelUsage": models}})
}

fn model_usage(input: i64, output: i64) -> serde_json::Value {
    json!({"inputTokens": input, "outputTokens": output, "cachedReadTokens": input / 10})
}

const WAITED: &str = "01a22162-2222-7d71-b3e5-ff8118e9601a";
const OTHER: &str = "01a22162-3333-7d71-b3e5-ff8118e9601a";
const GONE: &str = "01a22162-4444-7d71-b3e5-ff8118e9601a";

#[test]
fn a_turn_leaves_out_the_sub_agents_that_it_waited_for() -> Result {
    let spawned = |child: &str, prompt: &str| {
        json!({"sessionUpdate": "subagent_spawned",
        "child_session_id": child, "parent_prompt_id": prompt})
    };
    let finished = |child: &str, will_wake: bool| {
        json!({"sessionUpdate": "subagent_finished",
        "child_session_id": child, "tokens_used": 1, "will_wake": will_wake})
    };
    let updates = [
        line(ID, 1000, &chunk("user_message_chunk", "one")),
        line(ID, 1100, &spawned(WAITED, "p")),
        line(ID, 1100, &spawned(OTHER, "p")),
        line(ID, 1100, &spawned(GONE, "p")),
        line(ID, 1300, &finished(WAITED, false)),
        line(ID, 1300, &finished(OTHER, true)),
        line(ID, 1300, &finished(GONE, false)),
        line(ID, 1400, &end_of("p", &json!({"a": model_usage(100, 10), "b": model_usage(30, 3)}))),
        line(ID, 2000, &chunk("user_message_chunk", "two")),
        line(ID, 2100, &spawned(WAITED, "q")),
        line(ID, 2300, &finished(WAITED, false)),
        line(ID, 2400, &end_of("q", &json!({"a": model_usage(50, 5)}))),
    ];
    let place = tempfile::tempdir()?;
    write(place.path(), "%2Fx", "", &updates)?;
    let child = [
        line(WAITED, 1050, &chunk("user_message_chunk", "task")),
        line(WAITED, 1200, &end_of("c", &json!({"a": model_usage(40, 4), "b": model_usage(30, 3)}))),
        line(WAITED, 2200, &end_of("d", &json!({"a": model_usage(60, 1)}))),
    ];
    write_child(place.path(), WAITED, &child)?;
    write_child(place.path(), OTHER, &[line(OTHER, 1200, &end_of("e", &json!({"a": model_usage(7, 7)})))])?;
    write_child(place.path(), GONE, &[])?;
    fs::remove_dir_all(place.path().join("sessions").join("%2Fx").join(GONE))?;
    let grok = store("grok").ok_or("known")?;
    let open = grok.open(place.path())?;
    let found = open.sessions().iter().find(|found| found.native_id == ID).ok_or("the parent")?;
    let session = open.read(found)?;
    let tokens = |request: &threadkeep_sessions::Request| {
        (request.id.clone(), request.tokens.input, request.tokens.cached_input, request.tokens.output)
    };
    let requests: Vec<_> = session.requests.iter().map(tokens).collect();
    assert_eq!(requests, [("p/a".to_owned(), 60, 6, 6), ("q/a".to_owned(), 0, 0, 4)]);
    assert_eq!(session.models, ["a"], "only a sub-agent used the other one");
    let before = found.fingerprint.clone();
    threadkeep_sessions::testing::keeps(grok, place.path(), tempfile::tempdir()?.path())?;
    write_child(place.path(), WAITED, &child[..2])?;
    let open = grok.open(place.path())?;
    let found = open.sessions().iter().find(|found| found.native_id == ID).ok_or("the parent")?;
    assert_ne!(found.fingerprint, before);
    assert_eq!(open.read(found)?.tokens(Purpose::Conversation, false).input, 110);
    Ok(())
}

#[test]
fn a_turn_that_a_later_start_ends_is_interrupted() -> Result {
    let late = |ms: i64, prompt: &str| {
        line(
            ID,
            ms,
            &json!({"sessionUpdate": "turn_completed", "prompt_id": prompt,
            "stop_reason": "interrupted", "agent_result": "Grok stopped before this turn finished"}),
        )
    };
    let place = tempfile::tempdir()?;
    let updates = [
        line(ID, 1000, &chunk("user_message_chunk", "one")),
        line(ID, 2000, &end_of("p", &json!({}))),
        late(50_000, "p"),
        line(ID, 60_000, &chunk("user_message_chunk", "two")),
        late(90_000, "q"),
    ];
    write(place.path(), "%2Fx", "", &updates)?;
    let session = only(place.path())?;
    let outcomes: Vec<_> = session.turns.iter().map(|turn| turn.outcome).collect();
    assert_eq!(
        outcomes,
        [Outcome::Completed, Outcome::Interrupted],
        "a sub-agent would have woken the first"
    );
    let ends = session.turns.iter().map(|turn| turn.ended_at.map(Timestamp::as_millisecond));
    assert_eq!(ends.collect::<Vec<_>>(), [Some(2000), Some(60_000)]);
    assert_eq!(session.updated_at.map(Timestamp::as_millisecond), Some(60_000));
    assert_eq!(session.turns[1].error, None);
    Ok(())
}
