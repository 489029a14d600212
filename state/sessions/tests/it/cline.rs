//! Cline CLI.

use std::path::Path;

use serde_json::{Value, json};
use threadkeep_sessions::{Environment, Outcome, Purpose, Relation, Session, SessionStore, store};

use crate::facts::{Example, Result, same, same_time, tokens};
use crate::place::{Place, commands, kinds, turns};

fn cline() -> Result<&'static dyn SessionStore> {
    Ok(store("cline").ok_or("Cline is known")?)
}

fn check(fact: &Value, session: &Session) -> Result {
    same("title", &json!(session.title.as_ref().map(|title| &title.text)), &fact["title"])?;
    same("cwd", &json!(session.cwd), &fact["cwd"])?;
    same("git_branch", &json!(session.git_branch), &fact["git_branch"])?;
    same("model", &json!(session.model), &fact["model"])?;
    same("agent_version", &json!(session.agent_version), &json!("3.0.65"))?;
    if !fact["created"].is_null() {
        same_time("created", session.created_at, &fact["created"])?;
    }
    same("turns", &json!(session.turns.len()), &fact["turns"])?;
    let own = session.tokens(Purpose::Conversation, false);
    same("tokens", &tokens(own, &fact["tokens"]), &fact["tokens"])?;
    if let Some(stored) = fact["stored_usage"].as_object() {
        let whole = own.plus(session.tokens(Purpose::Conversation, true));
        same("stored_usage", &json!(whole.input), &stored["inputTokens"])?;
    }
    let parent = session.parent.as_ref();
    same("parent", &json!(parent.map(|parent| &parent.native_id)), &fact["parent"])?;
    let kind = parent.map(|parent| if parent.relation == Relation::Fork { "fork" } else { "subagent" });
    same("parent_kind", &json!(kind), &fact["parent_kind"])?;
    let right = match fact["status_stored"].as_str() {
        Some("failed") => Outcome::Failed,
        Some("cancelled") => Outcome::Interrupted,
        _ => Outcome::Completed,
    };
    same("status", &json!(session.outcome().map(Outcome::as_str)), &json!(right.as_str()))
}

#[test]
fn every_fact_is_read() -> Result {
    Example::read("cline", "home")?.each(check)
}

#[test]
fn commands_have_their_results_and_prompts_no_frame() -> Result {
    let example = Example::read("cline", "home")?;
    let full = &example.sessions["1795856757406_2lbbc"];
    assert_eq!(
        commands(full),
        [("echo aa", Some("completed"), Some("aa\n")), ("echo bb", Some("completed"), Some("bb\n"))]
    );
    let fork = &example.sessions["1795855686124_qxkkg"];
    let prompts: Vec<_> =
        fork.turns.iter().map(|turn| (turn.prompt().unwrap_or(""), turn.inherited)).collect();
    assert_eq!(
        prompts,
        [
            ("PROMPT: say hello one", true),
            ("PROMPT: second turn of one in the terminal", true),
            ("PROMPT: third turn in a fork", false),
            ("PROMPT: interrupt in the terminal [[slow:15]]", false),
        ]
    );
    let killed = &example.sessions["1795855460035_hasjh"];
    assert_eq!(turns(killed), [("PROMPT: kill me [[slow:20]]", Outcome::Failed)]);
    let unicode = &example.sessions["1795855449371_6g7e4"];
    assert_eq!(kinds(unicode), ["user", "reasoning", "agent"]);
    let error = &example.sessions["1795855437259_etq0a"].turns[0];
    assert_eq!(error.error.as_deref(), Some("Expected 'function.name' to be a string."));
    Ok(())
}

#[test]
fn a_running_session_is_read_as_far_as_it_is_written() -> Result {
    let place = Place::new("cline")?;
    place
        .write("1_a/1_a.json", &json!({ "status": "running", "prompt": "hello", "cwd": "/a" }).to_string())?;
    assert_eq!(turns(&place.session()?), [("hello", Outcome::Unfinished)], "without messages");
    let call = json!({ "type": "tool_use", "id": "c", "name": "run_commands", "input": { "commands": [7] } });
    let edit = json!({ "type": "tool_use", "id": "d", "name": "editor",
        "input": { "path": "/a/b", "old_text": "x", "new_text": "y" } });
    let messages = json!([
        { "id": "u", "role": "user", "content": "<user_input mode=\"plan\">hello</user_input>" },
        { "id": "a", "role": "assistant", "content": [call, edit], "ts": "soon",
          "metrics": { "inputTokens": 5, "outputTokens": 2, "cacheReadTokens": 7 } },
        { "id": 7, "role": "assistant" },
        { "id": "z", "role": "oracle", "content": [{ "type": "hologram" }], "later": true },
    ]);
    place.write("1_a/1_a.messages.json", &json!({ "version": 9, "messages": messages }).to_string())?;
    let session = place.session()?;
    assert_eq!(turns(&session), [("hello", Outcome::Unfinished)]);
    assert_eq!(kinds(&session), ["user", "call", "change"]);
    assert_eq!(session.skipped_lines, 1);
    assert_eq!(
        session.tokens(Purpose::Conversation, false).input,
        12,
        "what was cached is part of the input"
    );
    Ok(())
}

#[test]
fn a_half_written_document_fails_its_session_alone() -> Result {
    let place = Place::new("cline")?;
    place.write("1_a/1_a.json", &json!({ "prompt": "hello" }).to_string())?;
    place.write("1_a/1_a.messages.json", "{\"version\":1,\"mess")?;
    place.write("2_b/2_b.json", &json!({ "prompt": "hello" }).to_string())?;
    place.write("3_c/notes.json", "{}")?;
    place.write("session.json", "{}")?;
    let open = place.open()?;
    let read: Vec<_> = open.sessions().iter().map(|found| open.read(found).is_ok()).collect();
    assert_eq!(read, [false, true]);
    assert_eq!(open.skipped().len(), 1, "{:?}", open.skipped());
    Ok(())
}

#[test]
fn errors_quote_no_words_of_a_document() -> Result {
    for name in ["1_a/1_a.json", "1_a/1_a.messages.json"] {
        let place = Place::new("cline")?;
        place.write("1_a/1_a.json", "{}")?;
        place.write(name, "\"my token is hunter22\"")?;
        let open = place.open()?;
        let error = open.read(&open.sessions()[0]).err().ok_or("another form")?.to_string();
        assert!(error.contains("at line 1 column 22") && !error.contains("hunter22"), "{error}");
    }
    Ok(())
}

#[test]
fn places_follow_the_variables_of_cline() -> Result {
    let home = || Environment::new("/home/user");
    let places = |environment: Environment| -> Result<_> { Ok(cline()?.places(&environment)) };
    assert_eq!(places(home())?, [Path::new("/home/user/.cline/data/sessions")]);
    assert_eq!(places(home().with("CLINE_DIR", "/c"))?, [Path::new("/c/data/sessions")]);
    assert_eq!(places(home().with("CLINE_DATA_DIR", "/d"))?, [Path::new("/d/sessions")]);
    assert_eq!(places(home().with("CLINE_SESSION_DATA_DIR", "/s"))?, [Path::new("/s")]);
    assert!(Place::new("cline")?.open()?.sessions().is_empty());
    Ok(())
}

#[test]
fn a_session_is_resumed_by_its_id() -> Result {
    let example = Example::read("cline", "home")?;
    let command = cline()?.resume(&example.sessions["1795855413499_2fk2s"]).ok_or("a command")?;
    assert_eq!(
        (command.program, command.arguments),
        ("cline", vec!["--id".into(), "1795855413499_2fk2s".into()])
    );
    let agent = "1795855543819_3rk92__agent_1795855545287_fjhlqs";
    assert_eq!(cline()?.resume(&example.sessions[agent]), None);
    Ok(())
}
